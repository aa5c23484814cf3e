"""The one door to ONNX Runtime: imported when first needed, so that ``import humanrt`` stays light."""

import importlib
import os
from types import ModuleType

from humanrt.errors import MissingDependencyError

DISTRIBUTIONS = ("onnxruntime", "onnxruntime-gpu")


def onnxruntime() -> ModuleType:
    """Return the module ``onnxruntime``.

    Its telemetry, which tells Microsoft of every session, is off, unless ORT_DISABLE_TELEMETRY is set to something else
    or the module was imported before. Raises MissingDependencyError: it is not installed, or cannot be imported.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when the library is loaded
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        message = (
            f"ONNX Runtime cannot be imported ({error}). Install one of the two: "
            'pip install "humanrt[cpu]" for the processor, pip install "humanrt[gpu]" for an NVIDIA card.'
        )
        raise MissingDependencyError(message, name="onnxruntime") from error


def installed_distributions() -> dict[str, str]:
    """Return the versions of the packages that provide ``onnxruntime``, by name. Two of them together break CUDA."""
    from importlib import metadata

    versions = {}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
