"""The handle: what the ledger and the ops have to know of a tensor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np

from humanrt.errors import (
    EngineClosedError,
    EngineError,
    ForkedEngineError,
    HumanRTError,
    InputError,
    StaleHandleError,
    TensorDisposedError,
)
from humanrt.tensors.buffer import DataBuffer
from humanrt.tensors.history import Sites


class LedgerState(Protocol):
    """What a handle, and the errors of its use, need of its ledger, which documents the attributes."""

    live: dict[int, DataBuffer]
    vanished: deque[int]
    first_id: int
    closed: bool
    forked: bool
    track_sites: bool


L = TypeVar("L", bound=LedgerState)
L_contra = TypeVar("L_contra", bound=LedgerState, contravariant=True)
K_co = TypeVar("K_co", covariant=True)


class Handle(Generic[L]):
    """A name for a tensor: what it stands for (memory, owner, liveness) is in the ledger's tables under its id."""

    __slots__ = ("__weakref__", "_ledger", "_sites", "device", "dtype", "id", "shape")

    def __init__(self, ledger: L, number: int, shape: tuple[int, ...], buffer: DataBuffer) -> None:
        self._ledger: Final[L] = ledger
        self._sites: Final[Sites | None] = Sites(shape) if ledger.track_sites else None
        self.id: Final[int] = number
        self.shape: Final[tuple[int, ...]] = shape
        self.dtype: Final[np.dtype[Any]] = buffer.dtype
        self.device: Final[str] = buffer.device

    def __del__(self) -> None:
        # The collector may run this inside the ledger's critical section, on the same thread or with another lock
        # held: so it takes no lock and only leaves a note, which the next call on the ledger reads.
        ledger = self._ledger
        if self.id in ledger.live:
            ledger.vanished.append(self.id)


class Maker(Protocol[L_contra, K_co]):
    """What creates a handle: ``Tensor``, or a subclass with some arguments bound."""

    def __call__(self, ledger: L_contra, number: int, shape: tuple[int, ...], buffer: DataBuffer, /) -> K_co:
        """Create a handle."""


# By name, because other code may not use the private attributes of a handle.
ledger_of: Callable[[Handle[L]], L] = attrgetter("_ledger")
"""Return the ledger that a tensor is in."""

_sites: Callable[[Handle[Any]], Sites | None] = attrgetter("_sites")


def sites_of(handle: Handle[Any]) -> Sites | None:
    """Return where a tensor was made and disposed; None if its ledger does not track sites."""
    return _sites(handle)


def closed_error(ledger: LedgerState) -> EngineError:
    """Return the error for a use of an engine that is closed, or not of this process."""
    if ledger.forked:
        return ForkedEngineError(
            "this engine was made before the process was forked, and only the parent can use it: make a new Engine in "
            "the child, or start the child with the method 'spawn' of multiprocessing"
        )
    return EngineClosedError("the engine was closed, and no tensors can be made with it: make another one")


def unusable_error(handle: Handle[Any], ledger: LedgerState) -> HumanRTError:
    """Return the error for a use of a tensor that is not live in ``ledger``, with its history if it was recorded."""
    owner: object = ledger_of(handle)
    if owner is not ledger:
        return InputError(f"tensor {handle.id} belongs to another engine: pass it to that one")
    if ledger.forked:
        return closed_error(ledger)
    stale = handle.id < ledger.first_id
    cause = "its engine was reset" if stale else "its engine was closed" if ledger.closed else "it was disposed"
    sites = sites_of(handle)
    history = f"; made at {sites.created}, freed at {sites.disposed}" if sites else ""
    return (StaleHandleError if stale else TensorDisposedError)(
        f"tensor {handle.id} (shape {handle.shape}, {handle.dtype}) cannot be used: {cause}{history}"
    )
