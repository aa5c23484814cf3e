"""Creating tensors whose rank is named: ``tensor1d()`` to ``tensor6d()``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from numpy.typing import DTypeLike

from humanrt.errors import InputError
from humanrt.tensors.registry import Registry
from humanrt.tensors.tensor import Tensor
from humanrt.tensors.values import read_values

Shape: TypeAlias = Sequence[int] | None


class RankedCreation:
    """Methods that create tensors as ``tensor()`` does, and raise ``InputError`` for values or a shape of another rank.

    ``values`` are nested as deep as the rank, or flat with a ``shape``. Results belong to the innermost open scope,
    else to the caller.
    """

    registry: Registry

    def tensor1d(self, values: object, dtype: DTypeLike | None = None) -> Tensor:
        """Create a tensor of rank 1 from a copy of flat values."""
        return self._ranked(1, values, None, dtype)

    def tensor2d(self, values: object, shape: Shape = None, dtype: DTypeLike | None = None) -> Tensor:
        """Create a tensor of rank 2 from a copy of nested values, or of flat ones and a shape."""
        return self._ranked(2, values, shape, dtype)

    def tensor3d(self, values: object, shape: Shape = None, dtype: DTypeLike | None = None) -> Tensor:
        """Create a tensor of rank 3 from a copy of nested values, or of flat ones and a shape."""
        return self._ranked(3, values, shape, dtype)

    def tensor4d(self, values: object, shape: Shape = None, dtype: DTypeLike | None = None) -> Tensor:
        """Create a tensor of rank 4 from a copy of nested values, or of flat ones and a shape."""
        return self._ranked(4, values, shape, dtype)

    def tensor5d(self, values: object, shape: Shape = None, dtype: DTypeLike | None = None) -> Tensor:
        """Create a tensor of rank 5 from a copy of nested values, or of flat ones and a shape."""
        return self._ranked(5, values, shape, dtype)

    def tensor6d(self, values: object, shape: Shape = None, dtype: DTypeLike | None = None) -> Tensor:
        """Create a tensor of rank 6 from a copy of nested values, or of flat ones and a shape."""
        return self._ranked(6, values, shape, dtype)

    def _ranked(self, rank: int, values: object, shape: Shape, dtype: DTypeLike | None) -> Tensor:
        if shape is not None and len(shape) != rank:
            raise InputError(f"tensor{rank}d(): the shape is {shape!r}; accepted: {rank} sizes")
        array, target = read_values(values, dtype)
        if array.ndim != rank and (shape is None or array.ndim != 1):
            flat = ", or 1 and a shape" if rank > 1 else ""
            raise InputError(f"tensor{rank}d(): the values have {array.ndim} axes; accepted: {rank}{flat}")
        return self.registry.tensor(array, target, shape)
