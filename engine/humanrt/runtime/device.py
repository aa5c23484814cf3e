"""From the name of a device to an execution provider that has been proved to work, or to the reason why not.

Being listed proves nothing: ``onnxruntime-gpu`` lists CUDA, and says that its device is the GPU, on a machine without a
GPU, and then runs everything on the processor without a word. So CUDA is believed only after the driver has counted the
card, memory has been allocated on it, and a model has run there that was forbidden to run anywhere else. That model is
a convolution: ONNX Runtime loads cuDNN when one is run, and not before.
"""

import contextlib
import ctypes
import io
import logging
import os
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from humanrt.errors import DeviceError, MissingDependencyError
from humanrt.runtime.cpu_budget import cpu_budget
from humanrt.runtime.library import installed_distributions, onnxruntime

CPU_PROVIDER = "CPUExecutionProvider"
CUDA_PROVIDER = "CUDAExecutionProvider"
PLAIN_MACHINE = "there is no NVIDIA driver"

# The ONNX model `y = Conv(x, x)` on one float, as the package onnx serialises it (IR version 8, opset 13): importing
# that package for one node would cost more than the proof itself.
ONE_NODE_MODEL = (
    b"\x08\x08:N\n\x0f\n\x01x\n\x01x\x12\x01y\x22\x04Conv\x12\x01p"
    b"Z\x1b\n\x01x\x12\x16\n\x14\x08\x01\x12\x10\n\x02\x08\x01\n\x02\x08\x01\n\x02\x08\x01\n\x02\x08\x01"
    b"b\x1b\n\x01y\x12\x16\n\x14\x08\x01\x12\x10\n\x02\x08\x01\n\x02\x08\x01\n\x02\x08\x01\n\x02\x08\x01B\x04\n\x00\x10\r"
)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Device:
    """A device that works.

    `name` is "cpu" or "cuda:N", `index` is N (0 for the processor), `provider` is ONNX Runtime's name for it, and
    `reason` says why CUDA is not used where "auto" came down to the processor.
    """

    name: str
    kind: Literal["cpu", "cuda"]
    index: int
    provider: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What ``humanrt doctor`` tells about devices.

    `device` is what "auto" means here, None without ONNX Runtime; `reason` says why it is not CUDA. `packages` are the
    installed distributions of ONNX Runtime with their versions: two of them together break CUDA.
    """

    onnxruntime: str | None
    packages: dict[str, str]
    providers: tuple[str, ...]
    device: str | None
    reason: str | None
    cpu_budget: int


class CudaProbe(Protocol):
    """The questions whose answers decide about CUDA."""

    def count_cards(self) -> int | None:
        """Return how many cards the NVIDIA driver counts, None without a driver.

        Raises DeviceError: there is a driver and it does not work.
        """

    def has_provider(self) -> bool:
        """Return whether the installed ONNX Runtime was built with CUDA."""

    def run_on(self, index: int) -> None:
        """Run something on card `index` with ONNX Runtime.

        Raises DeviceError: it failed; the message says how.
        """


class Devices:
    """Resolves names of devices. Asks `probe` once about each card, and warns at most once."""

    def __init__(self, probe: CudaProbe) -> None:
        self._probe = probe
        self._lock = threading.Lock()
        self._findings: dict[int, str | None] = {}
        self._warned = False

    def resolve(self, name: str) -> Device:
        """See `resolve_device`."""
        asked = re.fullmatch(r"auto|cpu|cuda(:(?P<index>\d+))?", name)
        if asked is None:
            raise DeviceError(f'no device is called {name!r}: use "auto", "cpu", "cuda", or "cuda:0", "cuda:1", ...')
        onnxruntime()
        if name == "cpu":
            return _cpu(None)
        if name == "auto":
            device = self.best()
            self._warn_once(device.reason)
            return device
        index = int(asked["index"] or 0)
        reason = self._why_not(index)
        if reason is not None:
            raise DeviceError(f'{name!r} cannot be used: {reason}. Use "cpu", or "auto" to take what there is.')
        return _cuda(index)

    def best(self) -> Device:
        """Return the first card, or the processor with the reason why not the card."""
        reason = self._why_not(0)
        return _cuda(0) if reason is None else _cpu(reason)

    def _why_not(self, index: int) -> str | None:
        """Return why card `index` cannot be used, None if it can."""
        with self._lock:
            if index not in self._findings:
                self._findings[index] = self._examine(index)
            return self._findings[index]

    def _examine(self, index: int) -> str | None:
        try:
            cards = self._probe.count_cards()
            if not self._probe.has_provider():
                return PLAIN_MACHINE if cards is None else _no_provider()
            if cards is None:
                return "onnxruntime-gpu is installed, but there is no NVIDIA driver"
            if index >= cards:
                return f"the NVIDIA driver counts {cards} card{'' if cards == 1 else 's'}, and the first is cuda:0"
            self._probe.run_on(index)
        except DeviceError as error:
            return str(error)
        return None

    def _warn_once(self, reason: str | None) -> None:
        """Tell why the processor is used, unless nobody could expect anything else."""
        if reason is None or reason == PLAIN_MACHINE:
            return
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned:
            _logger.warning("running on the processor and not on CUDA: %s", reason)


class NvidiaProbe:
    """The probe of this machine.

    ``load_library``: loads a shared library by name, as ``ctypes.CDLL`` does.
    """

    def __init__(self, load_library: Callable[[str], Any] = ctypes.CDLL) -> None:
        self._load_library = load_library

    def count_cards(self) -> int | None:
        """Start the driver and let it count, see `CudaProbe`."""
        try:
            driver = self._load_library("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        except OSError:
            return None
        status = driver.cuInit(0)
        count = ctypes.c_int()
        if status == 0:
            status = driver.cuDeviceGetCount(ctypes.byref(count))
        if status != 0:
            # 3: not initialised.
            meaning = {3: ", as in a process forked from one that uses CUDA", 100: ": there is no card"}.get(status, "")
            raise DeviceError(f"the NVIDIA driver does not work here (its error {status}{meaning})")
        return count.value

    def has_provider(self) -> bool:
        """See `CudaProbe`."""
        return CUDA_PROVIDER in onnxruntime().get_available_providers()

    def run_on(self, index: int) -> None:
        """Allocate on the card and run a model of one node there, see `CudaProbe`."""
        # What it cannot load it prints, and what fails afterwards no longer knows the cause.
        with contextlib.redirect_stdout(io.StringIO()) as complaints:
            onnxruntime().preload_dlls()
        try:
            self._run_one_node(index)
        except Exception as error:
            raise DeviceError(" ".join(f"{error} {complaints.getvalue()}".split())) from error

    def _run_one_node(self, index: int) -> None:
        library = onnxruntime()
        one = np.ones((1, 1, 1, 1), np.float32)
        library.OrtValue.ortvalue_from_numpy(one, "cuda", index)
        options = library.SessionOptions()
        options.log_severity_level = 4
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        providers = [(CUDA_PROVIDER, cuda_options(index))]
        session = library.InferenceSession(ONE_NODE_MODEL, options, providers=providers, enable_fallback=0)
        session.run(None, {"x": one})


def cuda_options(index: int) -> dict[str, int | str]:
    """Return the options of the CUDA provider for card `index`; each was measured."""
    options: dict[str, int | str] = {
        # TF32 rounds the factors of a convolution to ten bits: some of Human's models then find other things.
        "use_tf32": 0,
        # The default tries every algorithm on every new shape, such as another number of faces, to gain nothing here.
        "cudnn_conv_algo_search": "HEURISTIC",
    }
    if index > 0:
        # The first card is the default. ONNX Runtime 1.26 to 1.31 writes a warning where a card is named.
        options["device_id"] = index
    return options


def _cpu(reason: str | None) -> Device:
    return Device("cpu", "cpu", 0, CPU_PROVIDER, reason)


def _cuda(index: int) -> Device:
    return Device(f"cuda:{index}", "cuda", index, CUDA_PROVIDER)


def _no_provider() -> str:
    """Return why an ONNX Runtime knows no CUDA although there is a driver, with the cure."""
    if len(installed_distributions()) > 1:
        return (
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other: uninstall both, "
            'then pip install "humanrt[gpu]"'
        )
    return 'this ONNX Runtime was built without CUDA: pip uninstall onnxruntime, then pip install "humanrt[gpu]"'


_devices = Devices(NvidiaProbe())


def _renew_after_fork() -> None:
    # A forked child may inherit the lock held by a thread that it does not have, and CUDA does not work there.
    global _devices
    _devices = Devices(NvidiaProbe())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_after_fork)


def resolve_device(name: str) -> Device:
    """Return the device called `name`: "auto", "cpu", "cuda" (the first card) or "cuda:N".

    "auto" takes the first card if it works, else the processor; then it logs the reason once per process, unless the
    machine has neither an NVIDIA driver nor onnxruntime-gpu. Examining a card may take seconds, the first time:
    call this from a thread.

    Raises DeviceError: the name means nothing, or the card it names cannot be used; the message says why;
    MissingDependencyError: ONNX Runtime is not installed.
    """
    return _devices.resolve(name)


def device_report() -> DeviceReport:
    """Return what there is and what "auto" makes of it. Never raises, and logs nothing."""
    packages = installed_distributions()
    try:
        library = onnxruntime()
    except MissingDependencyError as error:
        return DeviceReport(None, packages, (), None, str(error), cpu_budget())
    best = _devices.best()
    providers = tuple(library.get_available_providers())
    return DeviceReport(library.__version__, packages, providers, best.name, best.reason, cpu_budget())
