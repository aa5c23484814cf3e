"""The one door to ONNX Runtime: imported when first needed, so that ``import humanrt`` stays light."""

import importlib
from importlib import metadata
from types import ModuleType

from humanrt.errors import MissingDependencyError

DISTRIBUTIONS = ("onnxruntime", "onnxruntime-gpu")


def onnxruntime() -> ModuleType:
    """Return the module ``onnxruntime``.

    Raises MissingDependencyError: it is not installed, or cannot be imported.
    """
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
    versions = {}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
