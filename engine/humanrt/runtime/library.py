"""ONNX Runtime: its import, when it is first needed, and the options of its sessions, each of which was measured."""

import importlib
import os
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from humanrt.errors import MissingDependencyError
from humanrt.runtime import heap

if TYPE_CHECKING:
    from onnxruntime import SessionOptions

DISTRIBUTIONS = ("onnxruntime", "onnxruntime-gpu")
CPU_PROVIDER = "CPUExecutionProvider"
CUDA_PROVIDER = "CUDAExecutionProvider"

SILENT = 4
"""The severity "fatal" of ONNX Runtime's log: errors are raised, and are not written to the user's standard error."""


class NodeArg(Protocol):
    """An input or output of a session; ONNX Runtime has no types of its own."""

    name: str
    type: str
    shape: Sequence[int | str | None]


class ModelMetadata(Protocol):
    """The metadata in the file of a session."""

    producer_name: str
    graph_name: str
    description: str
    custom_metadata_map: Mapping[str, str]


class RunOptions(Protocol):
    """The part of ``onnxruntime.RunOptions`` that is used here."""

    terminate: bool
    """Whether the run is to end, in some milliseconds; it may be set from any thread."""


class InferenceSession(Protocol):
    """The part of ``onnxruntime.InferenceSession`` that is used here."""

    def get_inputs(self) -> Sequence[NodeArg]:
        """Return the inputs, in the model's order."""

    def get_outputs(self) -> Sequence[NodeArg]:
        """Return the outputs, in the model's order."""

    def get_modelmeta(self) -> ModelMetadata:
        """Return the metadata in the model's file."""

    def get_providers(self) -> Sequence[str]:
        """Return the names of the execution providers, in order of preference."""

    def run(
        self,
        output_names: Sequence[str] | None,
        input_feed: Mapping[str, NDArray[Any]],
        run_options: RunOptions | None = None,
    ) -> list[NDArray[Any]]:
        """Return the requested outputs, or all of them."""


FOLDED_BYTES = 2**27
"""The most bytes of one result that ONNX Runtime computes while it loads a model; old versions have no limit."""


def onnxruntime() -> ModuleType:
    """Return the module ``onnxruntime``.

    Its telemetry, which reports each session to Microsoft, is off, unless ORT_DISABLE_TELEMETRY is set to another value
    or the module was imported before.

    Raises ``MissingDependencyError`` if it is not installed or cannot be imported.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when the library is loaded
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        message = (
            f"ONNX Runtime cannot be imported ({error}). Install one of the two: "
            'pip install "humanrt[cpu]" for the CPU, pip install "humanrt[gpu]" for an NVIDIA GPU.'
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


def session_options() -> "SessionOptions":
    """Return the options of the session of a model."""
    library = onnxruntime()
    options = library.SessionOptions()
    # Whole runs are parallel, on the threads of the scheduler. The threads of a session would spin while they wait.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # A memory pattern is kept for each shape of input: memory would grow with each new size of picture.
    options.enable_mem_pattern = False
    # The arena of a session keeps what all its calls at once have needed, doubled at each extension. In a bounded heap,
    # a call takes 0 to 12 % more CPU time without one; in another heap that of facemesh takes 60 % more.
    options.enable_cpu_mem_arena = not heap.is_bounded()
    options.graph_optimization_level = library.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = SILENT
    # Otherwise a few bytes of graph could be folded into any amount of memory while the model is loaded.
    options.add_session_config_entry("optimization.constant_folding_max_output_size_in_bytes", str(FOLDED_BYTES))
    return options


def cuda_options(index: int) -> dict[str, int | str]:
    """Return the options of the CUDA provider for the GPU ``index``."""
    options: dict[str, int | str] = {
        # TF32 rounds the factors of a convolution to ten bits, which changes the detections of some of Human's models.
        "use_tf32": 0,
        # The default tries all algorithms for each new shape, another number of faces for instance, without a gain.
        "cudnn_conv_algo_search": "HEURISTIC",
    }
    if index > 0:
        # The first GPU is the default. ONNX Runtime 1.26 to 1.31 logs a warning if the option is set.
        options["device_id"] = index
    return options
