"""Tensors of the same values in another shape or dtype: the methods of ``Tensor``, for all that can be a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from numpy.typing import DTypeLike

from humanrt.tensors.ops.run import TensorLike, as_tensor

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry
    from humanrt.tensors.tensor import Tensor


class ShapeOperations:
    """Ops whose result shares the buffer of its input where it has the same values; each is the caller's."""

    registry: Registry

    def clone(self, x: TensorLike) -> Tensor:
        """Return another handle on the buffer of ``x``, which lives until both are disposed."""
        with as_tensor(self.registry, x) as tensor:
            return tensor.clone()

    def reshape(self, x: TensorLike, shape: int | Sequence[int]) -> Tensor:
        """Return ``x`` in another shape, in which one size may be -1; InputError for another number of elements."""
        with as_tensor(self.registry, x) as tensor:
            return tensor.reshape(shape)

    def expand_dims(self, x: TensorLike, axis: int = 0) -> Tensor:
        """Return ``x`` with an axis of size 1 put in at ``axis``; negative ones count from the end."""
        with as_tensor(self.registry, x) as tensor:
            return tensor.expand_dims(axis)

    def squeeze(self, x: TensorLike, axis: int | Sequence[int] | None = None) -> Tensor:
        """Return ``x`` without its axes of size 1, all or those named; InputError where one has another size."""
        with as_tensor(self.registry, x) as tensor:
            return tensor.squeeze(axis)

    def cast(self, x: TensorLike, dtype: DTypeLike) -> Tensor:
        """Return ``x`` in another dtype, as ``Tensor.cast()`` does; in the same dtype, a clone."""
        with as_tensor(self.registry, x) as tensor:
            return tensor.cast(dtype)

    def slice(self, x: TensorLike, begin: int | Sequence[int], size: int | Sequence[int] | None = None) -> Tensor:
        """Return the part of ``x`` that begins at ``begin`` and has ``size``, as ``Tensor.slice()`` does."""
        with as_tensor(self.registry, x) as tensor:
            return tensor.slice(begin, size)
