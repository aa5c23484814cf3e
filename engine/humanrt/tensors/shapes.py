"""Tensors of the same values in another shape or dtype: the methods of ``Tensor``, for all that can be a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from numpy.typing import DTypeLike

from humanrt.tensors.kernels.run import TensorLike
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.registry import Registry
from humanrt.tensors.tensor import Tensor


class ShapeOperations:
    """Ops whose result shares the buffer of its input if it has the same values.

    Inputs, results and errors are otherwise as in ``Operations``.
    """

    registry: Registry
    _ledger: Ledger[Tensor]

    def clone(self, x: TensorLike) -> Tensor:
        """Return another handle on the buffer of ``x``, which is freed when both are disposed. TF.js: ``tf.clone``."""
        with self._as_tensor(x) as tensor:
            return tensor.clone()

    def reshape(self, x: TensorLike, shape: int | Sequence[int]) -> Tensor:
        """Return ``x`` in another shape, in which one size may be -1. TF.js: ``tf.reshape``.

        Raises ``InputError`` if the number of elements differs.
        """
        with self._as_tensor(x) as tensor:
            return tensor.reshape(shape)

    def expand_dims(self, x: TensorLike, axis: int = 0) -> Tensor:
        """Return ``x`` with an axis of size 1 inserted at ``axis``; negative ones count from the end.

        Raises ``InputError`` if it is out of range. TF.js: ``tf.expandDims``.
        """
        with self._as_tensor(x) as tensor:
            return tensor.expand_dims(axis)

    def squeeze(self, x: TensorLike, axis: int | Sequence[int] | None = None) -> Tensor:
        """Return ``x`` without its axes of size 1, all or those in ``axis``. TF.js: ``tf.squeeze``.

        Raises ``InputError`` if an axis is out of range or not of size 1.
        """
        with self._as_tensor(x) as tensor:
            return tensor.squeeze(axis)

    def cast(self, x: TensorLike, dtype: DTypeLike) -> Tensor:
        """Return ``x`` in another dtype, as ``Tensor.cast()`` does; in the same dtype, a clone. TF.js: ``tf.cast``."""
        with self._as_tensor(x) as tensor:
            return tensor.cast(dtype)

    def slice(self, x: TensorLike, begin: int | Sequence[int], size: int | Sequence[int] | None = None) -> Tensor:
        """Return the part of ``x`` that begins at ``begin`` and has ``size``, as ``Tensor.slice()`` does."""
        with self._as_tensor(x) as tensor:
            return tensor.slice(begin, size)

    def _as_tensor(self, x: TensorLike) -> AbstractContextManager[Tensor]:
        """Return a context of ``x`` as a tensor of this engine: itself, or one that is freed at the end."""
        if not isinstance(x, Tensor):
            return self.registry.tensor(x)
        self._ledger.values(x)  # raises for a tensor of another engine
        return nullcontext(x)
