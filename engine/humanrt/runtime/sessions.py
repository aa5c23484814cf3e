"""The sessions of ONNX Runtime that this process has: shared, counted by their users, and unloaded with the last one.

A session is the weights of a model and the plan to run it: the expensive thing, and safe to run from many threads at
once. Two engines that load the same bytes for the same device use one session. What belongs to one engine alone, its
tensors and their counts, is not in here.
"""

import contextlib
import ctypes
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from humanrt.errors import (
    DeviceError,
    ModelDisposedError,
    ModelError,
    ModelFormatError,
    ModelRunError,
    UnsupportedOpError,
)
from humanrt.runtime.casting import with_casts
from humanrt.runtime.device import CPU_PROVIDER, Device, cuda_options
from humanrt.runtime.library import onnxruntime

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions

SILENT = 4
"""ONNX Runtime's severity "fatal": what goes wrong is raised, and stays off the user's standard error."""


FOLDED_BYTES = 2**27
"""The most bytes of one result that ONNX Runtime computes while it loads a model; old versions have no limit."""


class SessionStatistics(NamedTuple):
    """How many sessions this process has created, and how many of them are loaded now."""

    created: int
    live: int


class _Entry:
    """One session and the number of leases on it, counting those that still wait for it."""

    __slots__ = ("loading", "session", "users")

    def __init__(self) -> None:
        self.loading = threading.Lock()
        self.session: InferenceSession | None = None
        self.users = 0


class SessionLease:
    """The right to use a session until `release()`."""

    def __init__(self, cache: "SessionCache", key: tuple[str, str], entry: _Entry, device: Device) -> None:
        self._cache = cache
        self._key = key
        self._entry: _Entry | None = entry
        self.device = device

    @property
    def session(self) -> "InferenceSession":
        """The ``onnxruntime.InferenceSession``. Do not keep it: it is unloaded when nobody holds it any more."""
        if self._entry is None:
            raise ModelDisposedError("this lease on a session was released")
        return self._entry.session

    def release(self) -> None:
        """Give the session up; twice does no harm. The last user's release unloads it, in some milliseconds."""
        with self._cache.lock:
            entry, self._entry = self._entry, None
            if entry is None:
                return
            unloaded = self._cache.leave(self._key, entry)
        del entry
        if unloaded:
            _return_memory()


class SessionCache:
    """Sessions by the hash of the model's bytes and the device's name. Every method may be called from any thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._created = 0

    def acquire(self, path: Path, content_hash: str, device: Device) -> SessionLease:
        """See `acquire`."""
        key = (content_hash, device.name)
        with self.lock:
            entry = self._entries.setdefault(key, _Entry())
            entry.users += 1
        try:
            with entry.loading:
                if entry.session is None:
                    entry.session = _create(path, device)
                    with self.lock:
                        self._created += 1
        except BaseException:
            with self.lock:
                self.leave(key, entry)
            raise
        return SessionLease(self, key, entry, device)

    def leave(self, key: tuple[str, str], entry: _Entry) -> bool:
        """Take one user off an entry, with the lock held; return True when that was the last one."""
        entry.users -= 1
        if entry.users == 0:
            del self._entries[key]
        return entry.users == 0

    def statistics(self) -> SessionStatistics:
        """Return a consistent snapshot of the counters."""
        with self.lock:
            live = sum(entry.session is not None for entry in self._entries.values())
            return SessionStatistics(self._created, live)


def _create(path: Path, device: Device) -> "InferenceSession":
    """Load a model by its path: loading from bytes would hold the interpreter's lock all the while."""
    library = onnxruntime()
    try:
        session = library.InferenceSession(os.fspath(path), _options(), providers=_providers(device), enable_fallback=0)
    except Exception as error:
        # ONNX Runtime's exceptions have no base of their own, and its Python side adds ValueError and RuntimeError.
        raise _load_error(error)(f"ONNX Runtime cannot load {path}: {error}") from error
    used = session.get_providers()[0]
    if used != device.provider:
        raise DeviceError(f"{path} was to run on {device.name}, but ONNX Runtime put it on {used}")
    return with_casts(session)


def _load_error(error: Exception) -> type[ModelError]:
    """Return the error for an exception of ONNX Runtime during the load of a model.

    Most exceptions, also of the unspecific type Fail, are caused by the file: an unknown version or opset, or missing
    external data. Those of memory, of a device, and of a file that was deleted are not.
    """
    text = str(error)
    if type(error).__name__ == "NotImplemented":
        return UnsupportedOpError
    is_of_machine = any(sign in text for sign in ("bad_alloc", "allocate memory", "CUDA", "CUDNN", "cudnn", "cublas"))
    return (
        ModelRunError
        if is_of_machine or type(error).__name__ in ("EngineError", "EPFail", "NoSuchFile")
        else ModelFormatError
    )


def _options() -> "SessionOptions":
    """Return the options of every session; each was measured."""
    library = onnxruntime()
    options = library.SessionOptions()
    # Parallel are whole runs, on the scheduler's threads. A session's own threads spin while they wait.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # A pattern is kept for every shape of input ever seen: memory would grow with every new size of picture.
    options.enable_mem_pattern = False
    options.graph_optimization_level = library.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = SILENT
    # Otherwise a few bytes of graph could be folded into any amount of memory while the model is loaded.
    options.add_session_config_entry("optimization.constant_folding_max_output_size_in_bytes", str(FOLDED_BYTES))
    return options


def _providers(device: Device) -> list[str | tuple[str, dict[str, int | str]]]:
    """Return the providers in order of preference; the processor takes what has no kernel on the card."""
    if device.kind == "cpu":
        return [CPU_PROVIDER]
    return [(device.provider, cuda_options(device.index)), CPU_PROVIDER]


def _return_memory() -> None:
    """Give freed memory back to the system: the C library keeps it otherwise, and a small machine notices."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # only GNU's C library can
        ctypes.CDLL(None).malloc_trim(0)


_cache = SessionCache()


def _renew_after_fork() -> None:
    # A forked child may inherit the lock held by a thread that it does not have.
    global _cache
    _cache = SessionCache()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_after_fork)


def acquire(path: Path, content_hash: str, device: Device) -> SessionLease:
    """Return a lease on the session of the ONNX file at `path`, loading it unless the process has it. Blocks.

    ``content_hash``: names the file's content: equal hashes share one session, wherever the files lie. Raises
    ModelFormatError: the file is not an ONNX model that ONNX Runtime can read; ModelRunError: ONNX Runtime failed to
    load it for another reason; DeviceError: the session came up on another device than the one asked for.
    """
    return _cache.acquire(path, content_hash, device)


def statistics() -> SessionStatistics:
    """Return the counters of the process's sessions."""
    return _cache.statistics()
