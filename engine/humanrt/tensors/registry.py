"""What one engine has of its tensors: a ledger that counts them, a budget, and the variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from types import MappingProxyType
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike

from humanrt.errors import EngineError, InputError
from humanrt.tensors import watch
from humanrt.tensors.budget import Budget
from humanrt.tensors.buffer import Array, DataBuffer
from humanrt.tensors.handle import closed_error
from humanrt.tensors.history import live_rows
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.pool import POOL_LIMIT_BYTES
from humanrt.tensors.reports import LeakReport, LeakRow, Memory
from humanrt.tensors.scope import Scope, run_tidy, tidy_arguments
from humanrt.tensors.tensor import Tensor, tensors_in
from humanrt.tensors.values import DTYPES, dtype_error, read_values, resolve_shape
from humanrt.tensors.variable import Variable, Variables

T = TypeVar("T")


class Registry:
    """Creates, counts and frees the tensors of one engine. Every method may be called from any thread.

    A new tensor belongs to the innermost open scope, which frees it; outside any scope to the caller, who disposes it.
    A handle that vanishes undisposed is reclaimed: silently inside a scope, which would have freed it, or if it was
    marked automatic; otherwise it counts as leaked, with a ResourceWarning. After ``close()`` nothing can be created
    (``EngineClosedError``), while ``memory()``, ``leaks()`` and every ``dispose()`` still work. In a process forked
    from the one that created it every call raises ``ForkedEngineError``, except that disposing does nothing.

    Attributes:
        ledger: counts the tensors.
        variables: the live variables.

    """

    __slots__ = ("__weakref__", "ledger", "variables")

    def __init__(
        self,
        *,
        track_sites: bool = False,
        memory_limit: int | Mapping[str, int] | None = None,
        pool_limit_bytes: int = POOL_LIMIT_BYTES,
    ) -> None:
        """Create an empty registry; ``track_sites`` records where tensors are made and freed, at some us each.

        ``Budget`` documents the limits, and raises ``ConfigError``.
        """
        budget = Budget(memory_limit, pool_limit_bytes)
        self.ledger: Ledger[Tensor] = Ledger(Tensor, budget, track_sites=track_sites or bool(watch.watchers))
        self.variables: Variables = Variables(self.ledger)
        watch.enrol(self)

    @property
    def closed(self) -> bool:
        """Whether ``close()`` was called, or the process is a fork."""
        return self.ledger.closed

    @property
    def forked(self) -> bool:
        """Whether this process was forked from the one that created the registry."""
        return self.ledger.forked

    # -- creating tensors

    def tensor(self, data: object, dtype: DTypeLike | None = None, shape: int | Sequence[int] | None = None) -> Tensor:
        """Create a tensor of a copy of ``data``; ``Creation.tensor`` documents it."""
        values, target = read_values(data, dtype)
        array = self.ledger.empty(values.shape if shape is None else resolve_shape(shape, values.size), target)
        with np.errstate(over="ignore"):
            np.copyto(array, values.reshape(array.shape), casting="unsafe")
        return self.ledger.adopt(array)

    def from_numpy(self, array: Array) -> Tensor:
        """Create a tensor that shares the caller's array; ``Creation.from_numpy`` documents it."""
        if not isinstance(array, np.ndarray):
            raise InputError(f"from_numpy() shares a NumPy array, got {type(array).__name__}; tensor() copies values")
        if type(array) is not np.ndarray:
            array = np.asarray(array)  # a subclass may compute otherwise
        buffer = DataBuffer(array, False)
        if buffer.dtype not in DTYPES:
            raise dtype_error(buffer.dtype)
        return self.ledger.register(buffer, array.shape, Tensor)

    def empty(self, shape: Sequence[int], dtype: np.dtype[np.generic]) -> Array:
        """Return uninitialised memory for ``adopt()``; ``Ledger.empty`` documents it."""
        return self.ledger.empty(shape, dtype)

    def adopt(self, array: Array) -> Tensor:
        """Create a tensor of an array that the engine itself allocated; ``Ledger.adopt`` documents it."""
        return self.ledger.adopt(array)

    # -- freeing them

    def dispose(self, container: object) -> None:
        """Dispose every tensor in ``container``, however nested; anything else in it is ignored."""
        for tensor in tensors_in(container):
            tensor.dispose()

    def close(self) -> None:
        """Free every live buffer and refuse new tensors. Old handles count as disposed. Idempotent."""
        held = self._begin_emptying()
        self.ledger.close()
        del held

    def reset(self) -> None:
        """Free every tensor and variable, and set every counter to zero; ``Engine.reset`` documents it."""
        if self.ledger.closed:
            raise closed_error(self.ledger)
        held = self._begin_emptying()
        self.ledger.reset()
        del held

    def _begin_emptying(self) -> list[Variable]:
        """Return the variables, which must be referenced until they are freed, or they would count as lost."""
        self.ledger.reclaim()
        watch.notify_emptying(self)
        return self.variables.take_all()

    def leave_to_parent(self) -> None:
        """Refuse everything from now on: this process is a forked child."""
        self.ledger.leave_to_parent()

    def closed_error(self) -> EngineError:
        """Return the error for a use of an engine that is closed, or not of this process."""
        return closed_error(self.ledger)

    # -- what frees a tensor

    def scope(self, name: str | None = None) -> Scope:
        """Return a scope to enter with ``with`` or ``async with``: what is created in it is freed at its end."""
        if self.ledger.closed:
            raise closed_error(self.ledger)
        return Scope(self.ledger, name)

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
        return self.ledger.keep(tensor)

    def mark_automatic(self, container: object) -> None:
        """Let the tensors in ``container`` be reclaimed silently when nothing holds them any more.

        They stay in their scope, and can be disposed, as before.
        """
        self.ledger.mark_automatic(tensors_in(container))

    def claim(self, tensors: Iterable[Tensor]) -> None:
        """Move live tensors to the innermost open scope of this context, else to the caller."""
        self.ledger.claim(tensors)

    # -- reporting

    def memory(self) -> Memory:
        """Return the counts at this moment, after reclaiming what vanished; the cost does not depend on the counts."""
        ledger = self.ledger
        ledger.settle()
        with ledger.lock:
            reasons = ledger.exports.reasons()
            return Memory(
                num_tensors=len(ledger.live),
                num_data_buffers=ledger.num_buffers,
                num_bytes=ledger.num_bytes,
                peak_bytes=ledger.peak.nbytes,
                num_leaked=ledger.num_lost,
                pooled_bytes=ledger.budget.pool.held_bytes,
                devices=MappingProxyType(ledger.bytes_by_device()),
                unreliable=bool(reasons),
                reasons=reasons,
            )

    def leaks(self, only: Set[int] | None = None) -> LeakReport:
        """Return every lost tensor and every live one, or of these those with the ids ``only``, by place and owner."""
        self.ledger.settle()
        with self.ledger.lock:
            rows = [*self._live_rows(only), *self.ledger.losses.rows()]
        return LeakReport(tuple(sorted(rows, key=lambda row: (row.nbytes, row.tensors), reverse=True)))

    def census(self) -> watch.Census:
        """Return the ids of the live tensors, and what was lost."""
        ledger = self.ledger
        ledger.settle()
        with ledger.lock:
            return watch.Census(frozenset(ledger.live), frozenset(ledger.automatic), ledger.losses.by_site())

    def _live_rows(self, only: Set[int] | None) -> list[LeakRow]:
        ledger, names = self.ledger, self.variables.names()

        def owner_of(tensor_id: int) -> str:
            if tensor_id in names:
                return f"variable {names[tensor_id]}"
            scope = ledger.scopes.get(tensor_id)
            if scope is not None:
                return scope.title()
            return "nobody" if tensor_id in ledger.automatic else "caller"

        live = list(ledger.live.items())
        return live_rows([item for item in live if only is None or item[0] in only], ledger.sites, owner_of)
