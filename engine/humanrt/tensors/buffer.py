"""The memory beneath tensors."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

HOST: Final = "cpu"


class DataBuffer:
    """One piece of memory, shared by every handle on it (``clone()``, ``reshape()`` and the like).

    The registry alone changes ``array``, ``handles`` and ``recyclable``.

    Attributes:
        array: the values, on the host; None once the memory went back to the pool.
        dtype: that of the values.
        nbytes: size in bytes, counted once however many handles there are.
        device: where the memory lies, "cpu" or for instance "cuda:0".
        recyclable: whether the pool may have the memory in the end. False for a caller's array, which is never
            written, and from the first export on: slices of a view can outlive it unseen, so there is no way back.
        handles: live tensors on this buffer.

    """

    __slots__ = ("array", "device", "dtype", "handles", "nbytes", "recyclable")

    def __init__(self, array: Array, recyclable: bool, device: str = HOST) -> None:
        self.array: Array | None = array
        self.dtype: np.dtype[Any] = array.dtype
        self.nbytes: int = array.nbytes
        self.device: str = device
        self.recyclable: bool = recyclable
        self.handles: int = 0
