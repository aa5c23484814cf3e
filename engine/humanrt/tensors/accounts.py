"""The accounts of one engine: which handles live, on which buffers, and what vanished.

Every counter changes in this file and nowhere else. What is known of a tensor stands in tables under its id. They
never hold a Tensor, or none could ever vanish; variables alone are held, until they are disposed. Four rules keep the
accounts exact:

- One short lock. It is re-entrant, because the garbage collector may run inside it, and a finaliser of the caller's
  may then dispose a tensor on this very thread. Between any two statements the tables are fit for that.
- A handle that vanishes takes no lock: ``Tensor.__del__`` leaves its id in ``vanished``, and the next call reclaims it.
- Memory dies outside the lock, because the finaliser of an array that was shared with us may be anybody's code.
- Memory is lent without the lock: who holds an array has pinned it, see ``pool.py``.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Set
from typing import Final, TypeVar, overload

from humanrt.errors import EngineClosedError, EngineError, ForkedEngineError, InputError, ScopeClosedError
from humanrt.tensors.budget import Budget
from humanrt.tensors.buffer import HOST, Array, DataBuffer
from humanrt.tensors.leaks import LeakRow, Losses, live_rows, warn_of_leaks
from humanrt.tensors.limits import MemoryLimits
from humanrt.tensors.pool import POOLED_FROM
from humanrt.tensors.scope import Scope, current_scope, innermost_scope
from humanrt.tensors.sites import Sites, call_site
from humanrt.tensors.tensor import Tensor
from humanrt.tensors.variable import Variables

Handle = TypeVar("Handle", bound=Tensor)

_inherited: Final[list[dict[int, DataBuffer]]] = []
"""In a forked child, the buffers of its parent. They are kept, so that no finaliser of a caller's array runs there."""


class Accounts(Budget):
    """Makes and frees handles; a Registry is one.

    Attributes:
        live: the buffer of each live tensor, by tensor id. Elsewhere it is only read.
        vanished: ids of handles that disappeared undisposed and are not yet reclaimed.
        variables: those that live.
        first_id: tensors with a lower id were made before the last ``reset()``.
        closed: whether ``close()`` was called, or the process is a fork.
        forked: whether this process was forked from the one that made the accounts.

    """

    __slots__ = (
        "__weakref__",
        "_automatic",
        "_ids",
        "_losses",
        "_scopes",
        "_sites",
        "_track_sites",
        "closed",
        "first_id",
        "forked",
        "live",
        "vanished",
        "variables",
    )

    def __init__(self, limits: MemoryLimits, pool_limit_bytes: int, *, track_sites: bool) -> None:
        super().__init__(limits, pool_limit_bytes)
        self.live: dict[int, DataBuffer] = {}
        self.vanished: deque[int] = deque()
        self.variables: Variables = Variables()
        self.first_id: int = 0
        self.closed: bool = False
        self.forked: bool = False
        self._ids = itertools.count(1)
        self._scopes: dict[int, Scope] = {}
        self._automatic: set[int] = set()
        self._track_sites = track_sites
        self._sites: dict[int, Sites] = {}
        self._losses = Losses()

    # -- making

    @overload
    def register(self, buffer: DataBuffer, shape: tuple[int, ...]) -> Tensor: ...
    @overload
    def register(self, buffer: DataBuffer, shape: tuple[int, ...], kind: type[Handle]) -> Handle: ...

    def register(self, buffer: DataBuffer, shape: tuple[int, ...], kind: type[Tensor] = Tensor) -> Tensor:
        """Make a handle of ``shape`` on ``buffer`` in the innermost scope: every tensor there is starts here.

        Who passes a buffer that has handles already holds its array meanwhile. Raises EngineClosedError,
        ScopeClosedError and MemoryLimitError; then nothing was counted.
        """
        if self.vanished:
            self._reclaim_vanished()
        scope = current_scope()
        if scope is not None and scope.registry is not self:
            scope = innermost_scope(scope, self)
        tensor = kind(self, next(self._ids), shape, buffer)  # type: ignore[arg-type]  # Accounts are always a Registry
        sites = None
        if self._track_sites:
            sites = tensor.sites = Sites(shape)
        self._lock.acquire()  # here and in release(): `with` would cost 0.1 us more, and these two are the hot path
        try:
            if self.closed:
                raise self.closed_error()
            if scope is not None and scope.closed:
                raise ScopeClosedError(f"{scope!r} has ended: what outlives a scope must not make tensors in it")
            if not buffer.handles:
                if self._num_bytes + buffer.nbytes > self._mark:
                    self._pass_mark(buffer.device, buffer.nbytes)
                self._num_buffers += 1
                self._num_bytes += buffer.nbytes
                if buffer.device != HOST:
                    self._device_bytes[buffer.device] += buffer.nbytes
            buffer.handles += 1
            tensor_id = tensor.id
            if scope is not None:
                self._scopes[tensor_id] = scope
                scope.ids.add(tensor_id)
            if sites is not None:
                self._sites[tensor_id] = sites
            self.live[tensor_id] = buffer
        finally:
            self._lock.release()
        return tensor

    def rebind(self, handle: Tensor, source: Tensor) -> None:
        """Let a handle stand for the buffer of ``source``, and no longer for its own."""
        with self._lock:
            self.values(handle)  # they raise for what is not alive; while the lock is held, it stays so
            self.values(source)
            nobody = next(self._ids)
            self.live[nobody] = self.live[handle.id]
            self.live[handle.id] = self.live[source.id]
            self.live[source.id].handles += 1
            freed = self._free(nobody)  # the old buffer goes as that of any other handle
        del freed  # not before the lock is released

    def values(self, tensor: Tensor) -> Array:
        """Return a tensor's values in its shape, not to be written; while somebody holds them they are not recycled.

        Raises TensorDisposedError, and InputError for a tensor of another engine.
        """
        if tensor.registry is not self:
            raise InputError(f"tensor {tensor.id} belongs to another engine; hand it to that one")
        buffer = self.live.get(tensor.id)
        array = None if buffer is None else buffer.array
        if array is None:
            raise tensor.disposed_error()
        return array if array.shape == tensor.shape else array.reshape(tensor.shape)

    # -- freeing

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

    def close_scope(self, scope: Scope) -> None:
        """Free what ``scope`` owns, and let nothing more be made in it."""
        if self.vanished:
            self._reclaim_vanished()
        with self._lock:
            scope.closed = True
            ids, scope.ids = scope.ids, set()
            freed = [self._free(tensor_id) for tensor_id in ids]
        del freed  # not before the lock is released

    def _free_all(self) -> list[DataBuffer | None]:
        """Free everything, with the lock held. The caller drops what is returned after releasing it."""
        self.variables = Variables()
        freed = [self._free(tensor_id) for tensor_id in list(self.live)]
        self._empty_pool()
        return freed

    def _free(self, tensor_id: int) -> DataBuffer | None:
        """Strike a handle from all tables; the lock is held. The caller drops the buffer after releasing the lock."""
        buffer = self.live.pop(tensor_id, None)
        if buffer is None:
            return None
        if self._scopes:
            scope = self._scopes.pop(tensor_id, None)
            if scope is not None:
                scope.ids.discard(tensor_id)
        if self._automatic:
            self._automatic.discard(tensor_id)
        if self._track_sites:
            sites = self._sites.pop(tensor_id, None)
            if sites is not None:
                sites.disposed = call_site()
        buffer.handles -= 1
        if not buffer.handles:
            self._num_buffers -= 1
            self._num_bytes -= buffer.nbytes
            if buffer.device != HOST:
                self._device_bytes[buffer.device] -= buffer.nbytes
            if buffer.nbytes >= POOLED_FROM:
                self._recycle(buffer)
        return buffer

    def _reclaim_vanished(self) -> None:
        """Free what vanished since the last call, and count and report what nobody else would have freed."""
        leaked: list[str] = []
        freed = []
        vanished = self.vanished
        self._lock.acquire()
        try:
            while vanished:
                tensor_id = vanished.popleft()
                if tensor_id not in self._scopes and tensor_id not in self._automatic and tensor_id in self.live:
                    leaked.append(self._losses.note(self.live[tensor_id], self._sites.get(tensor_id)))
                freed.append(self._free(tensor_id))
        except IndexError:
            pass  # the collector came between looking and taking, and took the last
        finally:
            self._lock.release()
        if leaked:
            warn_of_leaks(leaked)

    # -- telling

    def closed_error(self) -> EngineError:
        """Return the error for a use of an engine that is closed, or not of this process."""
        if self.forked:
            return ForkedEngineError(
                "this engine was made before the process was forked, and only its parent can use it: "
                "make a new Engine in the child, or start the child by multiprocessing's method 'spawn'"
            )
        return EngineClosedError("the engine was closed, no tensors can be made with it; open another one")

    def leave_to_parent(self) -> None:
        """Refuse everything from now on: this is a forked child, and a thread that is not here may hold the lock."""
        self._lock = threading.RLock()
        self.closed = self.forked = True
        _inherited.append(self.live)
        self.live = {}
        self.vanished.clear()

    def _live_rows(self, only: Set[int] | None = None) -> list[LeakRow]:
        live = list(self.live.items())
        wanted = live if only is None else [item for item in live if item[0] in only]
        names = self.variables.names()

        def owner_of(tensor_id: int) -> str:
            if tensor_id in names:
                return f"variable {names[tensor_id]}"
            scope = self._scopes.get(tensor_id)
            if scope is not None:
                return scope.title()
            return "nobody" if tensor_id in self._automatic else "caller"

        return live_rows(wanted, self._sites, owner_of)
