"""The sessions of ONNX Runtime in this process: shared, counted by their users, and unloaded after the last one.

A session holds the weights of a model and the plan to run it. It is the expensive part of a model, and may run on many
threads at once. Engines that load the same bytes for the same device share one session; tensors and their counts belong
to the engines.
"""

import contextlib
import os
import threading
from pathlib import Path
from typing import NamedTuple

from humanrt.errors import (
    DeviceError,
    ModelDisposedError,
    ModelError,
    ModelFormatError,
    ModelRunError,
    UnsupportedOpError,
)
from humanrt.runtime.casting import with_casts
from humanrt.runtime.device import Device
from humanrt.runtime.heap import return_memory
from humanrt.runtime.library import CPU_PROVIDER, InferenceSession, cuda_options, onnxruntime, session_options


class SessionStatistics(NamedTuple):
    """The counters of the sessions of this process."""

    created: int
    """The number of sessions created so far."""
    live: int
    """The number of sessions that are loaded now."""


class _Entry:
    """One session and the number of its leases, with those that still wait for it to load."""

    __slots__ = ("file_bytes", "loading", "session", "users")

    def __init__(self) -> None:
        self.file_bytes: int = 0
        self.loading: threading.Lock = threading.Lock()
        self.session: InferenceSession | None = None
        self.users: int = 0


class SessionLease:
    """The right to use a session until ``release()``.

    Attributes:
        device: the device of the session.
        file_bytes: the size of the ``.onnx`` file that the session was loaded from.

    """

    def __init__(self, cache: "SessionCache", key: tuple[str, str], entry: _Entry, device: Device) -> None:
        self._cache = cache
        self._key = key
        self._entry: _Entry | None = entry
        self.device = device
        self.file_bytes: int = entry.file_bytes

    @property
    def session(self) -> InferenceSession:
        """The ``onnxruntime.InferenceSession``. Do not keep it: it is unloaded when nothing refers to it any more."""
        if self._entry is None or self._entry.session is None:
            raise ModelDisposedError("this lease of a session was released")
        return self._entry.session

    def release(self) -> None:
        """Release the session. Idempotent. Releasing the last lease unloads it, which takes some milliseconds."""
        with self._cache.lock:
            entry, self._entry = self._entry, None
            if entry is None:
                return
            unloaded = self._cache.leave(self._key, entry)
        del entry
        if unloaded:
            return_memory()


class SessionCache:
    """Sessions by the hash of the model's bytes and the name of the device.

    Every method may be called from any thread.
    """

    def __init__(self) -> None:
        self.lock: threading.Lock = threading.Lock()
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._created = 0

    def acquire(self, path: Path, content_hash: str, device: Device) -> SessionLease:
        """Return a lease of the session of an ONNX file; see ``acquire()``."""
        key = (content_hash, device.name)
        with self.lock:
            entry = self._entries.setdefault(key, _Entry())
            entry.users += 1
        try:
            with entry.loading:
                if entry.session is None:
                    entry.session = _create(path, device)
                    with contextlib.suppress(OSError):  # the file was deleted meanwhile
                        entry.file_bytes = path.stat().st_size
                    with self.lock:
                        self._created += 1
        except BaseException:
            with self.lock:
                self.leave(key, entry)
            raise
        return SessionLease(self, key, entry, device)

    def leave(self, key: tuple[str, str], entry: _Entry) -> bool:
        """Remove one user from an entry, with the lock held; return whether that was the last one."""
        entry.users -= 1
        if entry.users == 0:
            del self._entries[key]
        return entry.users == 0

    def statistics(self) -> SessionStatistics:
        """Return a consistent snapshot of the counters."""
        with self.lock:
            live = sum(entry.session is not None for entry in self._entries.values())
            return SessionStatistics(self._created, live)


def _create(path: Path, device: Device) -> InferenceSession:
    """Load a model by its path: loading from bytes holds the interpreter lock all the time."""
    library = onnxruntime()
    try:
        session: InferenceSession = library.InferenceSession(
            os.fspath(path), session_options(), providers=_providers(device), enable_fallback=0
        )
    except Exception as error:
        # The exceptions of ONNX Runtime have no base class, and its Python code adds ValueError and RuntimeError.
        raise _load_error(error)(f"ONNX Runtime cannot load {path}: {error}") from error
    used = session.get_providers()[0]
    if used != device.provider:
        raise DeviceError(f"{path} was loaded for {device.name}, but ONNX Runtime put it on {used}")
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


def _providers(device: Device) -> list[str | tuple[str, dict[str, int | str]]]:
    """Return the providers in order of preference; the CPU runs the nodes that have no kernel on the GPU."""
    if device.kind == "cpu":
        return [CPU_PROVIDER]
    return [(device.provider, cuda_options(device.index)), CPU_PROVIDER]


_cache = SessionCache()
_inherited: list[SessionCache] = []


def _renew_after_fork() -> None:
    # A forked child may inherit the lock in the state of a thread that it does not have. The sessions belong to the
    # parent: destroying one in the child may touch its threads and its GPU, so they are kept.
    global _cache
    _inherited.append(_cache)
    _cache = SessionCache()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_after_fork)


def acquire(path: Path, content_hash: str, device: Device) -> SessionLease:
    """Return a lease of the session of the ONNX file at ``path``, which is loaded unless the process has it. Blocks.

    ``content_hash`` identifies the content of the file: files with equal hashes share one session.

    Raises ``ModelFormatError`` if ONNX Runtime cannot read the file as an ONNX model, ``ModelRunError`` if it fails to
    load it for another reason, ``DeviceError`` if it puts the session on another device.
    """
    return _cache.acquire(path, content_hash, device)


def statistics() -> SessionStatistics:
    """Return the counters of the process's sessions."""
    return _cache.statistics()
