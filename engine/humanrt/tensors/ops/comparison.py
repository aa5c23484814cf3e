"""Comparisons and logic: the methods."""

from __future__ import annotations

import numpy as np

from humanrt.tensors.kernels import comparison
from humanrt.tensors.kernels.run import TensorLike, run
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.tensor import Tensor


class ComparisonOperations:
    """Ops that tell where something holds: their results are bool, but that of ``where``. All inputs are broadcast."""

    _ledger: Ledger[Tensor]

    def equal(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return bool: where ``a`` equals ``b``; NaN equals nothing.

        Shapes broadcast, else InputError. The result is the caller's. ``tensor == other`` asks something
        else: whether the two are one and the same handle.
        """
        return run(self._ledger, "equal", comparison.equal, a, b)

    def greater(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return bool: where ``a > b``. Shapes broadcast, else InputError. The result is the caller's."""
        return run(self._ledger, "greater", comparison.greater, a, b)

    def greater_equal(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return bool: where ``a >= b``. Shapes broadcast, else InputError. The result is the caller's."""
        return run(self._ledger, "greater_equal", comparison.greater_equal, a, b)

    def less(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return bool: where ``a < b``. Shapes broadcast, else InputError. The result is the caller's."""
        return run(self._ledger, "less", comparison.less, a, b)

    def less_equal(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return bool: where ``a <= b``. Shapes broadcast, else InputError. The result is the caller's."""
        return run(self._ledger, "less_equal", comparison.less_equal, a, b)

    def logical_and(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return bool: where both are true. Tensors must be bool, lists are read so.

        Shapes broadcast; else, and for other dtypes, InputError. The result is the caller's.
        """
        return run(self._ledger, "logical_and", comparison.logical_and, a, b, read_as=(np.bool_, np.bool_))

    def logical_or(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return bool: where one is true. Tensors must be bool, lists are read so.

        Shapes broadcast; else, and for other dtypes, InputError. The result is the caller's.
        """
        return run(self._ledger, "logical_or", comparison.logical_or, a, b, read_as=(np.bool_, np.bool_))

    def logical_not(self, x: TensorLike) -> Tensor:
        """Return bool, in ``x``'s shape: where it is false. A tensor must be bool, lists are read so.

        Raises InputError for other dtypes. The result is the caller's.
        """
        return run(self._ledger, "logical_not", comparison.logical_not, x, read_as=(np.bool_,))

    def where(self, condition: TensorLike, a: TensorLike, b: TensorLike) -> Tensor:
        """Return elements of ``a`` where ``condition`` is true, else of ``b``. The result is the caller's.

        All three are broadcast. ``condition`` must be bool if it is a tensor; the dtype is that ``a`` and ``b`` are
        upcast to. Raises InputError for other conditions, and for shapes that do not broadcast.
        """
        return run(self._ledger, "where", comparison.where, condition, a, b, read_as=(np.bool_, None, None))
