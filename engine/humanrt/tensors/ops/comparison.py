"""Comparisons and logic: the methods."""

from __future__ import annotations

import numpy as np

from humanrt.tensors.kernels import comparison
from humanrt.tensors.kernels.run import TensorLike, run
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.tensor import Tensor


class ComparisonOperations:
    """Ops that compare elements; except for ``where``, their results are bool.

    Inputs broadcast as in NumPy; shapes that do not broadcast raise ``InputError``. Results belong to the innermost
    open scope, else to the caller.
    """

    _ledger: Ledger[Tensor]

    def equal(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return where ``a`` equals ``b``, as bool of the broadcast shape; NaN equals nothing. TF.js: ``tf.equal``.

        ``tensor == other`` is different: it compares the two handles.
        """
        return run(self._ledger, "equal", comparison.equal, a, b)

    def greater(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return where ``a > b``, as bool of the broadcast shape. TF.js: ``tf.greater``."""
        return run(self._ledger, "greater", comparison.greater, a, b)

    def greater_equal(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return where ``a >= b``, as bool of the broadcast shape. TF.js: ``tf.greaterEqual``."""
        return run(self._ledger, "greater_equal", comparison.greater_equal, a, b)

    def less(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return where ``a < b``, as bool of the broadcast shape. TF.js: ``tf.less``."""
        return run(self._ledger, "less", comparison.less, a, b)

    def less_equal(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return where ``a <= b``, as bool of the broadcast shape. TF.js: ``tf.lessEqual``."""
        return run(self._ledger, "less_equal", comparison.less_equal, a, b)

    def logical_and(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return where both are true, as bool of the broadcast shape. TF.js: ``tf.logicalAnd``.

        Lists and numbers are read as bool; a tensor of another dtype raises ``InputError``.
        """
        return run(self._ledger, "logical_and", comparison.logical_and, a, b, read_as=(np.bool_, np.bool_))

    def logical_or(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return where at least one is true, as bool of the broadcast shape. TF.js: ``tf.logicalOr``.

        Lists and numbers are read as bool; a tensor of another dtype raises ``InputError``.
        """
        return run(self._ledger, "logical_or", comparison.logical_or, a, b, read_as=(np.bool_, np.bool_))

    def logical_not(self, x: TensorLike) -> Tensor:
        """Return where ``x`` is false, as bool of its shape. TF.js: ``tf.logicalNot``.

        Lists and numbers are read as bool; a tensor of another dtype raises ``InputError``.
        """
        return run(self._ledger, "logical_not", comparison.logical_not, x, read_as=(np.bool_,))

    def where(self, condition: TensorLike, a: TensorLike, b: TensorLike) -> Tensor:
        """Return elements of ``a`` where ``condition`` is true, else of ``b``. TF.js: ``tf.where``.

        All three broadcast. The dtype is the one that ``a`` and ``b`` are upcast to. A ``condition`` that is not a
        tensor is read as bool; a tensor of another dtype raises ``InputError``.
        """
        return run(self._ledger, "where", comparison.where, condition, a, b, read_as=(np.bool_, None, None))
