"""The memory beneath tensors."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

HOST: Final = "cpu"


class DataBuffer:
    """One piece of memory, shared by every handle on it (``clone()``, ``reshape()`` and the like).

    The registry alone changes ``handles``, ``pins`` and ``exported``, under its lock.

    Attributes:
        array: the values, on the host.
        nbytes: size in bytes, counted once however many handles there are.
        device: where the memory lies, "cpu" or for instance "cuda:0".
        owned: the engine made the memory; False when a caller's array is shared, which is never written.
        handles: live tensors on this buffer.
        pins: runs and reads that hold the memory at this moment, whether or not a handle is left.
        exported: a NumPy view was handed out once. Slices of a view can outlive it unseen, so there is no way back.

    """

    __slots__ = ("array", "device", "exported", "handles", "nbytes", "owned", "pins")

    def __init__(self, array: Array, owned: bool, device: str = HOST) -> None:
        self.array = array
        self.nbytes = array.nbytes
        self.device = device
        self.owned = owned
        self.handles = 0
        self.pins = 0
        self.exported = False

    @property
    def recyclable(self) -> bool:
        """Whether nobody can see this memory any more, so that other values may be written into it."""
        return self.owned and not self.exported and not self.handles and not self.pins


def read_only_view(array: Array) -> tuple[Array, Array]:
    """Return a zero-copy view that nobody can make writable, and what lives as long as anything derived from it.

    A view made with ``flags.writeable = False`` can be switched back; one on a read-only memoryview cannot. Slices may
    outlive the array they were cut from, because NumPy shortens chains of bases. But it stops at a memoryview, and
    every memoryview holds the array that it was first made from: an own one here, which nobody else holds.
    """
    keeper = array.view()
    return np.asarray(keeper.data.toreadonly()), keeper
