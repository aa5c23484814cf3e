"""The memory beneath tensors, and the views of it that other libraries hold."""

from __future__ import annotations

from typing import Any, Final, TypeAlias
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

HOST: Final = "cpu"


class DataBuffer:
    """One piece of memory, shared by every handle on it (``clone()``, ``reshape()`` and the like).

    Only the ledger changes ``array``, ``handles`` and ``recyclable``.

    Attributes:
        array: the values, on the host; None once the memory went back to the pool.
        dtype: the dtype of the values.
        nbytes: the size in bytes, counted once however many handles there are.
        device: where the memory is, "cpu" or for instance "cuda:0".
        recyclable: whether the pool may take the memory when it is freed. False for a caller's array, which is never
            written, and from the first export on: slices of a view can outlive it undetected, so this is never undone.
        handles: the number of live tensors on this buffer.

    """

    __slots__ = ("array", "device", "dtype", "handles", "nbytes", "recyclable")

    def __init__(self, array: Array, recyclable: bool, device: str = HOST) -> None:
        self.array: Array | None = array
        self.dtype: np.dtype[Any] = array.dtype
        self.nbytes: int = array.nbytes
        self.device: str = device
        self.recyclable: bool = recyclable
        self.handles: int = 0


class Exports:
    """The views that were handed out to NumPy, or over DLPack; counts those that are still alive in any form."""

    def __init__(self) -> None:
        self._keepers: WeakValueDictionary[int, Array] = WeakValueDictionary()

    def view(self, array: Array) -> Array:
        """Return a zero-copy view that cannot be made writable.

        A view made with ``flags.writeable = False`` can be switched back; one on a read-only memoryview cannot. Slices
        may outlive the array they were cut from, because NumPy shortens chains of bases. The chain ends at a
        memoryview, and every memoryview holds the array that it was first created from: here a keeper of its own,
        which nothing else holds.
        """
        keeper = array.view()
        self._keepers[id(keeper)] = keeper
        return np.asarray(keeper.data.toreadonly())

    def reasons(self) -> tuple[str, ...]:
        """Return one sentence for each kind of memory that may be in use without being counted; often none."""
        views = len(self._keepers)
        return (f"NumPy views still alive: {views}; each holds its tensor's memory, disposed or not",) if views else ()
