"""The accounts of one engine: which tensors live, how many bytes they take, and who frees them.

Every counter changes in this file and nowhere else. What is known of a tensor stands in tables under its id; the
registry never holds a Tensor, or none could ever vanish. Three rules keep the accounts exact:

- One short lock. It is re-entrant, because the garbage collector may run inside it, and a finaliser of the caller's
  may then dispose a tensor on this very thread. Between any two statements the tables are fit for that.
- A handle that vanishes takes no lock: ``Tensor.__del__`` leaves its id in ``vanished``, and the next call reclaims it.
- Memory dies outside the lock, because the finaliser of an array that was shared with us may be anybody's code.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TypeVar, overload
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import DTypeLike

from humanrt.errors import EngineClosedError, InputError, ScopeClosedError
from humanrt.tensors.buffer import HOST, Array, DataBuffer, read_only_view
from humanrt.tensors.containers import tensors_in
from humanrt.tensors.leaks import UNRECORDED, warn_of_leak
from humanrt.tensors.memory import Memory
from humanrt.tensors.scope import Scope, innermost_scope, run_tidy
from humanrt.tensors.sites import Sites, call_site
from humanrt.tensors.tensor import Tensor
from humanrt.tensors.values import DTYPES, copy_values, dtype_error, resolve_shape

T = TypeVar("T")


class Registry:
    """Makes, counts and frees the tensors of one engine. Every method may be called from any thread.

    A new tensor belongs to the innermost open scope, which frees it; outside any scope to the caller, who disposes it.
    A handle that vanishes undisposed is reclaimed: silently inside a scope, which would have freed it, or when it was
    marked automatic; otherwise it counts as leaked, with a ResourceWarning. After ``close()`` nothing can be made
    (EngineClosedError), while ``memory()``, ``leaked_by_site()`` and every ``dispose()`` still work.

    Attributes:
        live: the buffer of each live tensor, by tensor id. Elsewhere it is only read.
        vanished: ids of handles that disappeared undisposed and are not yet reclaimed.
        closed: whether ``close()`` was called.

    """

    __slots__ = (
        "__weakref__",
        "_automatic",
        "_device_bytes",
        "_ids",
        "_leaked_by_site",
        "_lock",
        "_num_buffers",
        "_num_bytes",
        "_num_leaked",
        "_peak_bytes",
        "_scopes",
        "_sites",
        "_track_sites",
        "_views",
        "closed",
        "live",
        "vanished",
    )

    def __init__(self, *, track_sites: bool = False) -> None:
        """Open new accounts; ``track_sites`` records where tensors are made and freed, at some microseconds each."""
        self.live: dict[int, DataBuffer] = {}
        self.vanished: deque[int] = deque()
        self.closed = False
        self._lock = threading.RLock()
        self._ids = itertools.count(1)
        self._scopes: dict[int, Scope] = {}
        self._automatic: set[int] = set()
        self._track_sites = track_sites
        self._sites: dict[int, Sites] = {}
        self._num_buffers = 0
        self._num_bytes = 0
        self._peak_bytes = 0
        self._device_bytes: defaultdict[str, int] = defaultdict(int)  # the rest of _num_bytes lies on the host
        self._num_leaked = 0
        self._leaked_by_site: defaultdict[str, int] = defaultdict(int)
        self._views: WeakValueDictionary[int, Array] = WeakValueDictionary()

    # -- making tensors

    def tensor(self, data: object, dtype: DTypeLike | None = None, shape: int | Sequence[int] | None = None) -> Tensor:
        """Make a tensor of a copy of ``data``: a number, a bool, nested lists of them, or an array.

        Without ``dtype``, Python floats become float32, ints int32 and bools bool; arrays keep their dtype, but float64
        narrows to float32. ``shape`` may have one -1. Raises InputError for ragged lists, for other dtypes, for numbers
        that an integer dtype cannot hold, and for a shape that does not fit; then nothing was counted.
        """
        array = copy_values(data, dtype)
        return self.adopt(array if shape is None else array.reshape(resolve_shape(shape, array.size)))

    def from_numpy(self, array: Array) -> Tensor:
        """Make a tensor that shares the caller's array, which is never written nor reused; it may be strided.

        What the caller writes into the array shows in the tensor. Raises InputError for what is no array, and for
        dtypes that tensors do not have: ``tensor()`` copies, and narrows float64.
        """
        if not isinstance(array, np.ndarray):
            raise InputError(f"from_numpy() shares a NumPy array, got {type(array).__name__}; tensor() copies values")
        if array.dtype not in DTYPES:
            raise dtype_error(array.dtype)
        return self.register(DataBuffer(np.asarray(array), owned=False), array.shape)

    def adopt(self, array: Array) -> Tensor:
        """Make a tensor of an array that the engine itself made, without a copy; nobody else may hold it."""
        if array.dtype not in DTYPES:
            raise dtype_error(array.dtype)
        return self.register(DataBuffer(array, True), array.shape)  # owned; by keyword it would cost 0.1 us more

    def register(self, buffer: DataBuffer, shape: tuple[int, ...]) -> Tensor:
        """Make a handle of ``shape`` on ``buffer`` in the innermost scope: every tensor there is starts here.

        Raises EngineClosedError and ScopeClosedError; then nothing was counted.
        """
        if self.vanished:
            self._reclaim_vanished()
        scope = innermost_scope(self)
        sites = Sites(call_site()) if self._track_sites else None
        tensor_id = next(self._ids)
        tensor = Tensor(self, tensor_id, shape, buffer.array.dtype, buffer.device, sites)
        self._lock.acquire()  # here and in release(): `with` would cost 0.1 us more, and these two are the hot path
        try:
            if self.closed:
                raise self._closed_error()
            if scope is not None:
                if scope.closed:
                    raise ScopeClosedError(f"{scope!r} has ended: what outlives a scope must not make tensors in it")
                self._scopes[tensor_id] = scope
                scope.ids.add(tensor_id)
            if sites is not None:
                self._sites[tensor_id] = sites
            self.live[tensor_id] = buffer
            buffer.handles += 1
            if buffer.handles == 1:
                self._num_buffers += 1
                self._num_bytes += buffer.nbytes
                if self._num_bytes > self._peak_bytes:
                    self._peak_bytes = self._num_bytes
                if buffer.device != HOST:
                    self._device_bytes[buffer.device] += buffer.nbytes
        finally:
            self._lock.release()
        return tensor

    # -- freeing them

    def dispose(self, container: object) -> None:
        """Dispose every tensor in ``container``, however nested; anything else in it is passed over."""
        for tensor in tensors_in(container):
            tensor.dispose()

    def release(self, tensor_id: int) -> None:
        """Free one handle; of an id that is not live, nothing."""
        if self.vanished:
            self._reclaim_vanished()
        self._lock.acquire()
        try:
            buffer = self._free(tensor_id)
        finally:
            self._lock.release()
        del buffer  # not before the lock is released

    def close(self) -> None:
        """Free every live buffer and refuse new tensors. Old handles count as disposed. Twice changes nothing."""
        self._reclaim_vanished()
        with self._lock:
            self.closed = True
            freed = [self._free(tensor_id) for tensor_id in list(self.live)]
        del freed  # not before the lock is released

    def _free(self, tensor_id: int) -> DataBuffer | None:
        """Strike a handle from all tables; the lock is held. The caller drops the buffer after releasing the lock."""
        buffer = self.live.pop(tensor_id, None)
        if buffer is None:
            return None
        scope = self._scopes.pop(tensor_id, None)
        if scope is not None:
            scope.ids.discard(tensor_id)
        if self._automatic:
            self._automatic.discard(tensor_id)
        if self._track_sites:
            self._sites.pop(tensor_id).disposed = call_site()
        buffer.handles -= 1
        if not buffer.handles:
            self._num_buffers -= 1
            self._num_bytes -= buffer.nbytes
            if buffer.device != HOST:
                self._device_bytes[buffer.device] -= buffer.nbytes
        return buffer

    def _reclaim_vanished(self) -> None:
        """Free what vanished since the last call, and count and report what nobody else would have freed."""
        leaked: list[str] = []
        freed = []
        with self._lock:
            for tensor_id in iter(self._next_vanished, None):
                owned = tensor_id in self._scopes or tensor_id in self._automatic
                if tensor_id in self.live and not owned:
                    site = self._sites[tensor_id].created if self._track_sites else UNRECORDED
                    leaked.append(site)
                    self._leaked_by_site[site] += 1
                    self._num_leaked += 1
                freed.append(self._free(tensor_id))
        for site, count in Counter(leaked).items():
            warn_of_leak(site, count)

    def _next_vanished(self) -> int | None:
        try:
            return self.vanished.popleft()
        except IndexError:
            return None

    # -- who frees what

    def scope(self, name: str | None = None) -> Scope:
        """Return a scope to enter with ``with`` or ``async with``: what is made in it is freed at its end."""
        if self.closed:
            raise self._closed_error()
        return Scope(self, name)

    @overload
    def tidy(self) -> Scope: ...

    @overload
    def tidy(self, function: Callable[[], T], /) -> T: ...

    def tidy(self, *functions: Callable[[], T]) -> T | Scope:
        """Call ``function`` in a scope of its own and return its result, whose tensors go to the scope around.

        Without a function, return the scope itself: ``with registry.tidy() as scope:``. Raises ScopeError for what is
        not callable, and AsyncTidyError for a function that is asynchronous. TF.js: ``tf.tidy``.
        """
        scope = self.scope()
        return run_tidy(scope, *functions) if functions else scope

    def keep(self, tensor: Tensor) -> Tensor:
        """Take a tensor out of its scope: the caller disposes it. Returns the tensor."""
        with self._lock:
            self._require_live(tensor)
            self._move(tensor.id, None)
        return tensor

    def mark_automatic(self, container: object) -> None:
        """Let the tensors in ``container`` be reclaimed silently when nobody holds them any more.

        They stay with their scope, and can be disposed, as before.
        """
        tensors = [tensor for tensor in tensors_in(container) if tensor.registry is self]
        with self._lock:
            self._automatic.update(tensor.id for tensor in tensors if tensor.id in self.live)

    def hand_over(self, scope: Scope, tensors: Iterable[Tensor]) -> None:
        """Move those tensors that ``scope`` owns to the nearest open scope around it, or else to the caller."""
        with self._lock:
            heir = scope.parent
            while heir is not None and (heir.closed or heir.registry is not self):
                heir = heir.parent
            for tensor in tensors:
                if tensor.registry is self and self._scopes.get(tensor.id) is scope:
                    self._move(tensor.id, heir)

    def close_scope(self, scope: Scope) -> None:
        """Free what ``scope`` owns, and let nothing more be made in it."""
        if self.vanished:
            self._reclaim_vanished()
        with self._lock:
            scope.closed = True
            ids, scope.ids = scope.ids, set()
            freed = [self._free(tensor_id) for tensor_id in ids]
        del freed  # not before the lock is released

    def _move(self, tensor_id: int, heir: Scope | None) -> None:
        owner = self._scopes.pop(tensor_id, None)
        if owner is not None:
            owner.ids.discard(tensor_id)
        if heir is not None:
            self._scopes[tensor_id] = heir
            heir.ids.add(tensor_id)

    # -- lending memory

    @contextmanager
    def pinned(self, tensor: Tensor) -> Iterator[DataBuffer]:
        """Hold a tensor's buffer: until the end of the ``with`` it is neither freed nor recycled, disposed or not."""
        with self._lock:
            buffer = self._require_live(tensor)
            buffer.pins += 1
        try:
            yield buffer
        finally:
            with self._lock:
                buffer.pins -= 1

    def export(self, tensor: Tensor) -> Array:
        """Return a read-only NumPy view in the tensor's shape; its buffer is never recycled from now on."""
        with self._lock:
            buffer = self._require_live(tensor)
            buffer.exported = True
        view, keeper = read_only_view(buffer.array)
        self._views[id(keeper)] = keeper
        return view.reshape(tensor.shape)

    # -- looking

    def memory(self) -> Memory:
        """Return the counts at this moment. What vanished is reclaimed first; many live tensors make it no slower."""
        if self.vanished:
            self._reclaim_vanished()
        with self._lock:
            host_bytes = self._num_bytes - sum(self._device_bytes.values())
            reasons = self._reasons()
            return Memory(
                num_tensors=len(self.live),
                num_data_buffers=self._num_buffers,
                num_bytes=self._num_bytes,
                peak_bytes=self._peak_bytes,
                num_leaked=self._num_leaked,
                pooled_bytes=0,
                devices=MappingProxyType({HOST: host_bytes, **self._device_bytes}),
                unreliable=bool(reasons),
                reasons=reasons,
            )

    def leaked_by_site(self) -> dict[str, int]:
        """Return how many handles leaked, by the place where they were made."""
        if self.vanished:
            self._reclaim_vanished()
        with self._lock:
            return dict(self._leaked_by_site)

    def _reasons(self) -> tuple[str, ...]:
        views = len(self._views)
        return (f"NumPy views still alive: {views}; each holds its tensor's memory, disposed or not",) if views else ()

    def _require_live(self, tensor: Tensor) -> DataBuffer:
        if tensor.registry is not self:
            raise InputError(f"tensor {tensor.id} belongs to another engine; hand it to that one")
        buffer = self.live.get(tensor.id)
        if buffer is None:
            raise tensor.disposed_error()
        return buffer

    def _closed_error(self) -> EngineClosedError:
        return EngineClosedError("the engine was closed, no tensors can be made with it; open another one")
