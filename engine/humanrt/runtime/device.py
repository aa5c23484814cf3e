"""The execution provider for the name of a device, proved to work, or the reason why it does not.

That a provider is listed proves nothing. On a machine without a GPU, ``onnxruntime-gpu`` lists CUDA, returns "GPU" from
``get_device()``, and silently runs everything on the CPU. So CUDA counts as working only after the driver has counted
the GPU, memory was allocated on it, and a model has run there with the fallback to the CPU disabled. That model is a
convolution, because ONNX Runtime loads cuDNN only when it runs one.
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
from humanrt.runtime.library import (
    CPU_PROVIDER,
    CUDA_PROVIDER,
    SILENT,
    cuda_options,
    installed_distributions,
    onnxruntime,
)

PLAIN_MACHINE = "there is no NVIDIA driver"

# The ONNX model y = Conv(x, x) of one float, as the package onnx serialises it (IR version 8, opset 13): importing that
# package would take longer than the proof itself.
ONE_NODE_MODEL = (
    b"\x08\x08:N\n\x0f\n\x01x\n\x01x\x12\x01y\x22\x04Conv\x12\x01p"
    b"Z\x1b\n\x01x\x12\x16\n\x14\x08\x01\x12\x10\n\x02\x08\x01\n\x02\x08\x01\n\x02\x08\x01\n\x02\x08\x01"
    b"b\x1b\n\x01y\x12\x16\n\x14\x08\x01\x12\x10\n\x02\x08\x01\n\x02\x08\x01\n\x02\x08\x01\n\x02\x08\x01B\x04\n\x00\x10\r"
)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Device:
    """A device that works."""

    name: str
    """The name, "cpu" or "cuda:N"."""
    kind: Literal["cpu", "cuda"]
    """The part of ``name`` before the colon."""
    index: int
    """The N of ``name``; 0 for the CPU."""
    provider: str
    """The name of its execution provider in ONNX Runtime."""
    reason: str | None = None
    """The reason why CUDA is not used, if "auto" fell back to the CPU."""


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """The devices of this machine, for ``humanrt doctor``."""

    onnxruntime: str | None
    """The version of ONNX Runtime; None if it cannot be imported."""
    packages: dict[str, str]
    """The versions of the installed distributions of ONNX Runtime, by name; two of them together break CUDA."""
    providers: tuple[str, ...]
    """The execution providers that ONNX Runtime lists."""
    device: str | None
    """The name of the device that "auto" means here; None without ONNX Runtime."""
    reason: str | None
    """The reason why that device is not CUDA."""
    cpu_budget: int
    """The number of CPU cores that this process may keep busy."""


class CudaProbe(Protocol):
    """The checks of CUDA on a machine."""

    def count_gpus(self) -> int | None:
        """Return the number of GPUs that the NVIDIA driver counts; None without a driver.

        Raises ``DeviceError`` if there is a driver that does not work.
        """

    def has_provider(self) -> bool:
        """Return whether the installed ONNX Runtime was built with CUDA."""

    def run_on(self, index: int) -> None:
        """Run a model on the GPU ``index`` with ONNX Runtime.

        Raises ``DeviceError`` with the reason if that fails.
        """


def gpu_index(name: object) -> int:
    """Return the N of a device's name, which is 0 where it has none.

    Raises ``DeviceError`` if no device can have that name.
    """
    match = re.fullmatch(r"auto|cpu|cuda(:(?P<index>[0-9]+))?", name) if isinstance(name, str) else None
    if match is None:
        raise DeviceError(f'there is no device {name!r}: use "auto", "cpu", "cuda", or "cuda:0", "cuda:1", ...')
    return int(match["index"] or 0)


class Devices:
    """Resolves the names of devices; it probes each GPU once, and warns at most once."""

    def __init__(self, probe: CudaProbe) -> None:
        self._probe = probe
        self._lock = threading.Lock()
        self._findings: dict[int, str | None] = {}
        self._warned = False

    def resolve(self, name: str) -> Device:
        """Return the device called ``name``; see ``resolve_device()``."""
        index = gpu_index(name)
        onnxruntime()
        if name == "cpu":
            return _cpu(None)
        if name == "auto":
            device = self.best()
            self._warn_once(device.reason)
            return device
        reason = self._why_not(index)
        if reason is not None:
            raise DeviceError(f'{name!r} cannot be used: {reason}. Use "cpu", or "auto" to fall back to the CPU.')
        return _cuda(index)

    def best(self) -> Device:
        """Return the first GPU, or the CPU with the reason why the GPU cannot be used."""
        reason = self._why_not(0)
        return _cuda(0) if reason is None else _cpu(reason)

    def _why_not(self, index: int) -> str | None:
        """Return the reason why the GPU ``index`` cannot be used; None if it can."""
        with self._lock:
            if index not in self._findings:
                self._findings[index] = self._examine(index)
            return self._findings[index]

    def _examine(self, index: int) -> str | None:
        try:
            gpus = self._probe.count_gpus()
            if not self._probe.has_provider():
                return PLAIN_MACHINE if gpus is None else _no_provider()
            if gpus is None:
                return "onnxruntime-gpu is installed, but there is no NVIDIA driver"
            if index >= gpus:
                return f"the NVIDIA driver counts {gpus} GPU{'' if gpus == 1 else 's'}, and the first is cuda:0"
            self._probe.run_on(index)
        except DeviceError as error:
            return str(error)
        return None

    def _warn_once(self, reason: str | None) -> None:
        """Log why the CPU is used, except on a machine where a GPU cannot be expected."""
        if reason is None or reason == PLAIN_MACHINE:
            return
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned:
            _logger.warning("running on the CPU and not on CUDA: %s", reason)


class NvidiaProbe:
    """The checks of this machine.

    ``load_library`` loads a shared library by name, as ``ctypes.CDLL`` does.
    """

    def __init__(self, load_library: Callable[[str], Any] = ctypes.CDLL) -> None:
        self._load_library = load_library

    def count_gpus(self) -> int | None:
        """Initialise the driver and return its count; see ``CudaProbe``."""
        try:
            driver = self._load_library("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        except OSError:
            return None
        status = driver.cuInit(0)
        count = ctypes.c_int()
        if status == 0:
            status = driver.cuDeviceGetCount(ctypes.byref(count))
        if status != 0:
            # 3 is CUDA_ERROR_NOT_INITIALIZED, 100 is CUDA_ERROR_NO_DEVICE.
            meaning = {3: ", as in a process forked from one that uses CUDA", 100: ": there is no GPU"}.get(status, "")
            raise DeviceError(f"the NVIDIA driver does not work here (its error {status}{meaning})")
        return count.value

    def has_provider(self) -> bool:
        """Return whether CUDA is listed; see ``CudaProbe``."""
        return CUDA_PROVIDER in onnxruntime().get_available_providers()

    def run_on(self, index: int) -> None:
        """Allocate memory on the GPU and run a model of one node there; see ``CudaProbe``."""
        # It prints the names of the libraries that it cannot load, and later errors do not contain them.
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            onnxruntime().preload_dlls()
        try:
            self._run_one_node(index)
        except Exception as error:
            raise DeviceError(" ".join(f"{error} {printed.getvalue()}".split())) from error

    def _run_one_node(self, index: int) -> None:
        library = onnxruntime()
        one = np.ones((1, 1, 1, 1), np.float32)
        library.OrtValue.ortvalue_from_numpy(one, "cuda", index)
        options = library.SessionOptions()
        options.log_severity_level = SILENT
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        providers = [(CUDA_PROVIDER, cuda_options(index))]
        session = library.InferenceSession(ONE_NODE_MODEL, options, providers=providers, enable_fallback=0)
        session.run(None, {"x": one})


def _cpu(reason: str | None) -> Device:
    return Device("cpu", "cpu", 0, CPU_PROVIDER, reason)


def _cuda(index: int) -> Device:
    return Device(f"cuda:{index}", "cuda", index, CUDA_PROVIDER)


def _no_provider() -> str:
    """Return the reason why ONNX Runtime lacks CUDA although there is a driver, with the cure."""
    if len(installed_distributions()) > 1:
        return (
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other: uninstall both, "
            'then pip install "humanrt[gpu]"'
        )
    return 'this ONNX Runtime was built without CUDA: pip uninstall onnxruntime, then pip install "humanrt[gpu]"'


_devices = Devices(NvidiaProbe())


def _renew_after_fork() -> None:
    # A forked child may inherit the lock in the state of a thread that it does not have; CUDA does not work in it.
    global _devices
    _devices = Devices(NvidiaProbe())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_after_fork)


def resolve_device(name: str) -> Device:
    """Return the device called ``name``: "auto", "cpu", "cuda" (the first GPU) or "cuda:N".

    "auto" is the first GPU if it works, else the CPU; the reason is then logged once per process, unless the machine
    has neither an NVIDIA driver nor onnxruntime-gpu. The first check of a GPU may take seconds: call this on a thread.

    Raises ``DeviceError`` if there is no device of that name, or with the reason if its GPU cannot be used,
    ``MissingDependencyError`` if ONNX Runtime is not installed.
    """
    return _devices.resolve(name)


def device_report() -> DeviceReport:
    """Return the devices of this machine, and the one that "auto" means. Never raises, and logs nothing."""
    packages = installed_distributions()
    try:
        library = onnxruntime()
    except MissingDependencyError as error:
        return DeviceReport(None, packages, (), None, str(error), cpu_budget())
    best = _devices.best()
    providers = tuple(library.get_available_providers())
    return DeviceReport(library.__version__, packages, providers, best.name, best.reason, cpu_budget())
