"""What an engine's tensors are made, owned and seen with; ``accounts.py`` and ``budget.py`` count them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from types import MappingProxyType
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike

from humanrt.errors import InputError
from humanrt.tensors import watch
from humanrt.tensors.accounts import Accounts
from humanrt.tensors.buffer import HOST, Array, DataBuffer
from humanrt.tensors.containers import tensors_in
from humanrt.tensors.exports import Exports
from humanrt.tensors.leaks import LeakReport, Losses
from humanrt.tensors.limits import MemoryLimits, parse_pool_limit
from humanrt.tensors.memory import Memory
from humanrt.tensors.pool import POOL_LIMIT_BYTES
from humanrt.tensors.scope import Scope, run_tidy, tidy_arguments
from humanrt.tensors.tensor import Tensor
from humanrt.tensors.values import DTYPES, dtype_error, read_values, shape_of_values

T = TypeVar("T")


class Registry(Accounts):
    """Makes, counts and frees the tensors of one engine. Every method may be called from any thread.

    A new tensor belongs to the innermost open scope, which frees it; outside any scope to the caller, who disposes it.
    A handle that vanishes undisposed is reclaimed: silently inside a scope, which would have freed it, or when it was
    marked automatic; otherwise it counts as leaked, with a ResourceWarning. After ``close()`` nothing can be made
    (EngineClosedError), while ``memory()``, ``leaks()`` and every ``dispose()`` still work. In a process forked from
    the one that made it nothing can be done with it (ForkedEngineError), but disposing does no harm.
    """

    __slots__ = ("_exports",)

    def __init__(
        self,
        *,
        track_sites: bool = False,
        memory_limit: int | Mapping[str, int] | None = None,
        pool_limit_bytes: int = POOL_LIMIT_BYTES,
    ) -> None:
        """Open new accounts; ``track_sites`` records where tensors are made and freed, at some microseconds each.

        Raises ConfigError for a limit that is none.
        """
        super().__init__(
            MemoryLimits.parse(memory_limit),
            parse_pool_limit(pool_limit_bytes),
            track_sites=track_sites or bool(watch.watchers),
        )
        self._exports = Exports()
        watch.enrol(self)

    # -- making tensors

    def tensor(self, data: object, dtype: DTypeLike | None = None, shape: int | Sequence[int] | None = None) -> Tensor:
        """Make a tensor of a copy of ``data``; ``Creation.tensor`` documents it."""
        values, target = read_values(data, dtype)
        array = self.empty(shape_of_values(values.shape, shape), target)
        with np.errstate(over="ignore"):
            np.copyto(array, values.reshape(array.shape), casting="unsafe")
        return self.adopt(array)

    def from_numpy(self, array: Array) -> Tensor:
        """Make a tensor that shares the caller's array; ``Creation.from_numpy`` documents it."""
        if not isinstance(array, np.ndarray):
            raise InputError(f"from_numpy() shares a NumPy array, got {type(array).__name__}; tensor() copies values")
        if type(array) is not np.ndarray:
            array = np.asarray(array)  # a subclass may compute otherwise
        buffer = DataBuffer(array, False)
        if buffer.dtype not in DTYPES:
            raise dtype_error(buffer.dtype)
        return self.register(buffer, array.shape)

    def adopt(self, array: Array) -> Tensor:
        """Make a tensor of an array that the engine itself made, without a copy; nobody may write it any more.

        What came from ``empty()`` is recycled once the tensor is freed and nobody holds the array.
        """
        buffer = DataBuffer(array, True)  # recyclable; by keyword it would cost 0.1 us more
        if buffer.dtype not in DTYPES:
            raise dtype_error(buffer.dtype)
        return self.register(buffer, array.shape)

    # -- freeing them

    def dispose(self, container: object) -> None:
        """Dispose every tensor in ``container``, however nested; anything else in it is passed over."""
        for tensor in tensors_in(container):
            tensor.dispose()

    def close(self) -> None:
        """Free every live buffer and refuse new tensors. Old handles count as disposed. Twice changes nothing."""
        self._reclaim_vanished()
        watch.tell_emptying(self)
        with self._lock:
            self.closed = True
            freed = self._free_all()
        del freed  # not before the lock is released

    def reset(self) -> None:
        """Free every tensor and variable, and set every counter to zero; ``Engine.reset`` documents it."""
        if self.closed:
            raise self.closed_error()
        self._reclaim_vanished()
        watch.tell_emptying(self)
        with self._lock:
            freed = self._free_all()
            self.first_id: int = next(self._ids)
            self._losses = Losses()
            self._reset_counts()
        del freed  # not before the lock is released

    # -- who frees what

    def scope(self, name: str | None = None) -> Scope:
        """Return a scope to enter with ``with`` or ``async with``: what is made in it is freed at its end."""
        if self.closed:
            raise self.closed_error()
        return Scope(self, name)

    @overload
    def tidy(self) -> Scope: ...

    @overload
    def tidy(self, function: Callable[[], T], /) -> T: ...

    @overload
    def tidy(self, name: str, function: Callable[[], T], /) -> T: ...

    def tidy(self, *arguments: Any) -> Any:
        """Call ``function`` in a scope of its own and return its result; ``Workspace.tidy`` documents it."""
        if not arguments:
            return self.scope()
        name, function = tidy_arguments(arguments)
        return run_tidy(self.scope(name), function)

    def keep(self, tensor: Tensor) -> Tensor:
        """Take a tensor out of its scope: the caller disposes it. Returns the tensor."""
        with self._lock:
            self.values(tensor)
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

    def _move(self, tensor_id: int, heir: Scope | None) -> None:
        owner = self._scopes.pop(tensor_id, None)
        if owner is not None:
            owner.ids.discard(tensor_id)
        if heir is not None:
            self._scopes[tensor_id] = heir
            heir.ids.add(tensor_id)

    # -- looking

    def export(self, tensor: Tensor) -> Array:
        """Return a read-only NumPy view in the tensor's shape; its buffer is never recycled from now on."""
        with self._lock:
            values = self.values(tensor)
            self.live[tensor.id].recyclable = False
        return self._exports.view(values)

    def memory(self) -> Memory:
        """Return the counts at this moment. What vanished is reclaimed first; many live tensors make it no slower."""
        self._look()
        with self._lock:
            reasons = self._exports.reasons()
            return Memory(
                num_tensors=len(self.live),
                num_data_buffers=self._num_buffers,
                num_bytes=self._num_bytes,
                peak_bytes=self._peak_bytes,
                num_leaked=self._losses.count,
                pooled_bytes=self._pool.held_bytes,
                devices=MappingProxyType({HOST: self._bytes_on(HOST), **self._device_bytes}),
                unreliable=bool(reasons),
                reasons=reasons,
            )

    def leaks(self, only: Set[int] | None = None) -> LeakReport:
        """Return every lost tensor and every live one, or of these ``only`` some ids, by the place that made them."""
        self._look()
        with self._lock:
            rows = [*self._live_rows(only), *self._losses.rows()]
        return LeakReport(tuple(sorted(rows, key=lambda row: (row.nbytes, row.tensors), reverse=True)))

    def census(self) -> watch.Census:
        """Return who is alive, and what was lost."""
        self._look()
        with self._lock:
            return watch.Census(frozenset(self.live), frozenset(self._automatic), self._losses.by_site())

    def _look(self) -> None:
        if self.forked:
            raise self.closed_error()
        if self.vanished:
            self._reclaim_vanished()
