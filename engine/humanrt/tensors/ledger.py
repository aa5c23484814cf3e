"""The ledger of one engine: its live handles, the buffers beneath them, and what vanished.

A counter changes in the ledger and nowhere else; only the pool counts its own bytes. What is known of a tensor is kept
in tables by its id. They never hold a handle, or none could ever vanish. Four rules keep the counts exact:

- One short lock. It is re-entrant, because the garbage collector may run while it is held, and a finaliser of the
  user's may then dispose a tensor on the same thread. The tables are consistent between any two statements.
- A handle that vanishes takes no lock: ``Handle.__del__`` appends its id to ``vanished``, which the next call drains.
- Memory is freed outside the lock, because the finaliser of an array that was shared with the engine may run any code.
- Memory is lent without the lock: whatever holds an array has pinned it, see ``pool.py``.

To count a buffer takes one comparison, with a mark: the lowest number of bytes at which something must be done, because
it is a new peak or because a limit is near. Everything expensive is beyond that mark.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from humanrt.errors import ScopeClosedError
from humanrt.tensors.budget import Budget
from humanrt.tensors.buffer import HOST, Array, DataBuffer, Exports
from humanrt.tensors.handle import Handle, Maker, closed_error, sites_of, unusable_error
from humanrt.tensors.history import Losses, Sites, call_site, live_rows, warn_of_leaks
from humanrt.tensors.pool import POOLED_FROM, array_on, new_block
from humanrt.tensors.reports import LeakRow
from humanrt.tensors.scope import Owned, current_scope, innermost_scope, move
from humanrt.tensors.values import DTYPES, dtype_error

H = TypeVar("H", bound=Handle[Any])
K = TypeVar("K", bound=Handle[Any])

_inherited: list[dict[int, DataBuffer]] = []
"""In a forked child, the buffers of its parent. They are kept, so that no finaliser of a caller's array runs there."""

# Ids are unique in the process, so that the id of a tensor is in the tables of its own engine only.
_ids = itertools.count(1)


class Peak:
    """The highest number of live bytes since the ledger began to raise it."""

    __slots__ = ("nbytes",)

    def __init__(self) -> None:
        self.nbytes: int = 0


class Ledger(Generic[H]):
    """Registers, counts and frees the tensors of one engine. Every method may be called from any thread.

    Only the ledger changes the attributes; what reads several of them together holds the lock.

    Attributes:
        make: what creates the handles: ``Tensor``.
        budget: the memory limits and the pool.
        exports: the NumPy views of tensors.
        lock: guards everything else.
        live: the buffer of each live tensor, by tensor id.
        vanished: ids of handles that disappeared undisposed and are not yet reclaimed.
        scopes: the scope that owns a tensor, by tensor id.
        automatic: ids of the tensors that may vanish silently.
        track_sites: whether it is recorded where tensors are made and freed.
        sites: where a tensor was made, by tensor id.
        losses: the handles that vanished undisposed outside any scope.
        num_lost: how many they are.
        num_buffers: the number of live buffers.
        num_bytes: their bytes, on all devices.
        peak: the highest ``num_bytes`` so far.
        first_id: tensors with a lower id were created before the last ``reset()``.
        closed: whether ``close()`` was called, or the process is a fork.
        forked: whether this process was forked from the one that created the ledger.

    """

    __slots__ = (
        "_device_bytes",
        "_mark",
        "_peaks",
        "automatic",
        "budget",
        "closed",
        "exports",
        "first_id",
        "forked",
        "live",
        "lock",
        "losses",
        "make",
        "num_buffers",
        "num_bytes",
        "num_lost",
        "peak",
        "scopes",
        "sites",
        "track_sites",
        "vanished",
    )

    def __init__(self, make: Maker[Ledger[H], H], budget: Budget, *, track_sites: bool) -> None:
        self.make: Maker[Ledger[H], H] = make
        self.budget: Budget = budget
        self.exports: Exports = Exports()
        self.lock: threading.RLock = threading.RLock()
        self.live: dict[int, DataBuffer] = {}
        self.vanished: deque[int] = deque()
        self.scopes: dict[int, Owned] = {}
        self.automatic: set[int] = set()
        self.sites: dict[int, Sites] = {}
        self.peak: Peak = Peak()
        self.first_id: int = 0
        self.closed: bool = False
        self.forked: bool = False
        self.track_sites: bool = track_sites
        self._peaks = [self.peak]
        self._set_counts_to_zero()

    def _set_counts_to_zero(self) -> None:
        self.losses: Losses = Losses()
        self.num_lost: int = 0
        self.num_buffers: int = 0
        self.num_bytes: int = 0
        self.peak.nbytes = 0
        self._device_bytes: defaultdict[str, int] = defaultdict(int)  # the rest of num_bytes is on the host
        self._set_mark()

    # -- creating

    def register(self, buffer: DataBuffer, shape: tuple[int, ...], make: Maker[Ledger[H], K]) -> K:
        """Create a handle of ``shape`` on ``buffer`` in the innermost scope. Every tensor is created here.

        The array of a buffer that has handles already must be referenced during the call. Raises ``EngineClosedError``,
        ``ScopeClosedError`` or ``MemoryLimitError``; then nothing was counted.
        """
        if self.vanished:
            self.reclaim()
        scope = current_scope()
        if scope is not None and scope.owner is not self:
            scope = innermost_scope(scope, self)
        tensor_id = next(_ids)
        handle = make(self, tensor_id, shape, buffer)
        self.lock.acquire()  # here and in release(): `with` would cost 0.1 us more, and these two are the hot path
        try:
            if self.closed:
                raise closed_error(self)
            if scope is not None and scope.closed:
                raise ScopeClosedError(f"{scope!r} has ended: what outlives a scope must not make tensors in it")
            if not buffer.handles:
                nbytes = buffer.nbytes
                if self.num_bytes + nbytes > self._mark:
                    self._pass_mark(buffer.device, nbytes)
                self.num_buffers += 1
                self.num_bytes += nbytes
                if buffer.device != HOST:
                    self._device_bytes[buffer.device] += nbytes
            buffer.handles += 1
            if scope is not None:
                self.scopes[tensor_id] = scope
                scope.add(tensor_id)
            if self.track_sites and (sites := sites_of(handle)) is not None:
                self.sites[tensor_id] = sites
            self.live[tensor_id] = buffer
        finally:
            self.lock.release()
        return handle

    def adopt(self, array: Array) -> H:
        """Create a tensor of an array that the engine itself allocated, without a copy; it must not be written again.

        An array from ``empty()`` is recycled once the tensor is freed and nothing holds the array.
        """
        buffer = DataBuffer(array, True)  # recyclable; by keyword it would cost 0.1 us more
        if buffer.dtype not in DTYPES:
            raise dtype_error(buffer.dtype)
        return self.register(buffer, array.shape, self.make)

    def share(self, handle: Handle[Any], shape: tuple[int, ...], make: Maker[Ledger[H], K]) -> K:
        """Create a handle of another shape, or of another kind, on the buffer of ``handle``.

        A strided array cannot be shared in another shape: it is copied. Raises what ``values()`` and ``register()`` do.
        """
        buffer = self.live.get(handle.id)
        if buffer is None or (array := buffer.array) is None:  # held until the buffer has one handle more
            raise unusable_error(handle, self)
        if shape != handle.shape and not array.flags.c_contiguous:
            buffer = DataBuffer(array.copy(order="C").reshape(shape), True)
        return self.register(buffer, shape, make)

    def rebind(self, handle: H, source: H) -> None:
        """Move a handle to the buffer of ``source``. Raises what ``values()`` does."""
        with self.lock:
            self.values(handle)  # these raise for what is not alive; while the lock is held, it stays alive
            self.values(source)
            replaced = next(_ids)
            self.live[replaced] = self.live[handle.id]
            self.live[handle.id] = self.live[source.id]
            self.live[source.id].handles += 1
            freed = self._free(replaced)  # the old buffer is freed as that of any other handle
        del freed  # not before the lock is released

    def empty(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Array:
        """Return uninitialised memory for ``adopt()``; large blocks may be recycled ones.

        Raises ``MemoryLimitError`` if the result would exceed the limit, before anything is allocated.
        """
        nbytes = math.prod(shape) * dtype.itemsize
        if nbytes < POOLED_FROM:
            return np.empty(shape, dtype)
        with self.lock:
            block = self.budget.pool.take(nbytes)
            if block is None:
                self.budget.make_room(HOST, nbytes, self.bytes_by_device()[HOST], self._holders)
        return array_on(block if block is not None else new_block(nbytes), tuple(shape), dtype)

    # -- reading

    def values(self, handle: Handle[Any]) -> Array:
        """Return a tensor's values in its shape. They must not be written; while they are held, they are not recycled.

        Raises ``TensorDisposedError``, or ``InputError`` for a tensor of another engine.
        """
        buffer = self.live.get(handle.id)
        array = None if buffer is None else buffer.array
        if array is None:
            raise unusable_error(handle, self)
        return array if array.shape == handle.shape else array.reshape(handle.shape)

    def export(self, handle: H) -> Array:
        """Return a read-only NumPy view in the tensor's shape; its buffer is never recycled from now on."""
        with self.lock:
            values = self.values(handle)
            self.live[handle.id].recyclable = False
        return self.exports.view(values)

    # -- freeing

    def release(self, tensor_id: int) -> None:
        """Free one handle; an id that is not live is ignored."""
        if self.vanished:
            self.reclaim()
        self.lock.acquire()
        try:
            buffer = self._free(tensor_id)
        finally:
            self.lock.release()
        del buffer  # not before the lock is released

    def close(self) -> None:
        """Free everything and refuse new tensors. Idempotent."""
        with self.lock:
            self.closed = True
            freed = self._free_all()
        del freed  # not before the lock is released

    def reset(self) -> None:
        """Free everything and set every counter to zero; the handles of before are stale."""
        with self.lock:
            freed = self._free_all()
            self.first_id = next(_ids)
            self._set_counts_to_zero()
        del freed  # not before the lock is released

    def _free_all(self) -> list[DataBuffer | None]:
        """Free everything, with the lock held. The caller drops what is returned after releasing it."""
        freed = [self._free(tensor_id) for tensor_id in list(self.live)]
        self.budget.pool.clear()
        return freed

    def _free(self, tensor_id: int) -> DataBuffer | None:
        """Remove a handle from all tables, with the lock held. The caller drops the buffer after releasing the lock."""
        buffer = self.live.pop(tensor_id, None)
        if buffer is None:
            return None
        if self.scopes:
            scope = self.scopes.pop(tensor_id, None)
            if scope is not None:
                scope.discard(tensor_id)
        if self.automatic:
            self.automatic.discard(tensor_id)
        if self.track_sites:
            sites = self.sites.pop(tensor_id, None)
            if sites is not None:
                sites.disposed = call_site()
        buffer.handles -= 1
        if not buffer.handles:
            self.num_buffers -= 1
            self.num_bytes -= buffer.nbytes
            if buffer.device != HOST:
                self._device_bytes[buffer.device] -= buffer.nbytes
            if buffer.nbytes >= POOLED_FROM:
                self.budget.pool.take_back(buffer)
        return buffer

    def reclaim(self) -> None:
        """Free what vanished since the last call; count and report the handles that nothing else would have freed."""
        leaked: list[str] = []
        freed = []
        vanished = self.vanished
        self.lock.acquire()
        try:
            while vanished:
                tensor_id = vanished.popleft()
                if tensor_id not in self.scopes and tensor_id not in self.automatic and tensor_id in self.live:
                    leaked.append(self.losses.note(self.live[tensor_id], self.sites.get(tensor_id)))
                    self.num_lost += 1
                freed.append(self._free(tensor_id))
        except IndexError:
            pass  # between the test and popleft(), the collector ran and a nested call took the last id
        finally:
            self.lock.release()
        if leaked:
            warn_of_leaks(leaked)

    # -- owners

    def keep(self, handle: K) -> K:
        """Take a tensor out of its scope: the caller disposes it. Returns the tensor. Raises what ``values()`` does."""
        with self.lock:
            self.values(handle)
            move(self.scopes, handle.id, None)
        return handle

    def claim(self, handles: Iterable[H]) -> None:
        """Move live tensors to the innermost open scope of this context, else to the caller."""
        with self.lock:
            heir = innermost_scope(current_scope(), self)
            while heir is not None and heir.closed:
                heir = innermost_scope(heir.parent, self)
            for handle in handles:
                if handle.id in self.live:
                    move(self.scopes, handle.id, heir)

    def mark_automatic(self, handles: Iterable[H]) -> None:
        """Let tensors be reclaimed silently when nothing holds them any more; they stay in their scope."""
        with self.lock:
            self.automatic.update(handle.id for handle in handles if handle.id in self.live)

    def close_scope(self, scope: Owned) -> None:
        """Free the tensors of ``scope`` and refuse new ones."""
        if self.vanished:
            self.reclaim()
        with self.lock:
            scope.closed = True
            freed = [self._free(tensor_id) for tensor_id in tuple(scope)] if scope else None
        del freed  # not before the lock is released

    # -- limits and peaks

    def watch(self, peak: Peak) -> None:
        """Raise ``peak`` from now on."""
        with self.lock:
            peak.nbytes = max(peak.nbytes, self.num_bytes)
            self._peaks.append(peak)
            self._set_mark()

    def unwatch(self, peak: Peak) -> None:
        """End what ``watch()`` began."""
        with self.lock:
            self._peaks.remove(peak)
            self._set_mark()

    def bytes_by_device(self) -> dict[str, int]:
        """Return the number of live bytes on the host, and on every other device that was used."""
        elsewhere = self._device_bytes
        return {HOST: self.num_bytes - sum(elsewhere.values()), **elsewhere}

    def _pass_mark(self, device: str, nbytes: int) -> None:
        """Do what must be done before so many bytes more are counted. Raises ``MemoryLimitError``."""
        self.budget.make_room(device, nbytes, self.bytes_by_device().get(device, 0), self._holders)
        for peak in self._peaks:
            peak.nbytes = max(peak.nbytes, self.num_bytes + nbytes)
        self._set_mark()

    def _set_mark(self) -> None:
        self._mark = min(self.budget.unchecked, *(peak.nbytes for peak in self._peaks))

    # -- reporting

    def settle(self) -> None:
        """Reclaim what vanished, so that the counts can be read. Raises ``ForkedEngineError`` in a forked process."""
        if self.forked:
            raise closed_error(self)
        if self.vanished:
            self.reclaim()

    def _holders(self) -> list[LeakRow]:
        """Return the live tensors in groups, whatever owns them."""
        return live_rows(list(self.live.items()), self.sites, lambda _: "")

    def leave_to_parent(self) -> None:
        """Refuse everything: this process is a forked child, and a thread of the parent may have held the lock."""
        self.lock = threading.RLock()
        self.closed = self.forked = True
        _inherited.append(self.live)
        self.live = {}
        self.vanished.clear()
