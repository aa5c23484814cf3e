"""Reductions along axes, and softmax: the methods."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels import reduction
from humanrt.tensors.kernels.reduction import Axes
from humanrt.tensors.kernels.run import TensorLike, run, run_many
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.tensor import Tensor


class TopK(NamedTuple):
    """The result of ``top_k()``; both tensors have the same owner.

    Attributes:
        values: the largest elements, in descending order.
        indices: int32, their indices on the last axis.

    """

    values: Tensor
    indices: Tensor


class ReductionOperations:
    """Ops along one axis, several, or all with None, the default; negative axes count from the end.

    The result's shape is without the reduced axes; with ``keep_dims`` they remain, with size 1. An empty sequence
    reduces nothing. An axis that does not exist, or is named twice, raises ``InputError``. Results belong to the
    innermost open scope, else to the caller.
    """

    _ledger: Ledger[Tensor]

    def sum(self, x: TensorLike, axis: Axes = None, keep_dims: bool = False) -> Tensor:
        """Return sums, 0 of no elements. TF.js: ``tf.sum``.

        Floats and int64 keep their dtype, the others give int32; integers wrap.
        """
        return self._reduce("sum", reduction.total, x, axis, keep_dims)

    def mean(self, x: TensorLike, axis: Axes = None, keep_dims: bool = False) -> Tensor:
        """Return averages: float16 for float16, else float32; 0 of no elements, as in TF.js. TF.js: ``tf.mean``."""
        return self._reduce("mean", reduction.mean, x, axis, keep_dims)

    def max(self, x: TensorLike, axis: Axes = None, keep_dims: bool = False) -> Tensor:
        """Return the largest elements, or NaN if there is one, in the dtype of ``x``. TF.js: ``tf.max``.

        Raises ``InputError`` for an axis of size 0, for which TF.js has no defined result.
        """
        return self._reduce("max", reduction.largest, x, axis, keep_dims)

    def min(self, x: TensorLike, axis: Axes = None, keep_dims: bool = False) -> Tensor:
        """Return the smallest elements, or NaN if there is one, in the dtype of ``x``. TF.js: ``tf.min``.

        Raises ``InputError`` for an axis of size 0, for which TF.js has no defined result.
        """
        return self._reduce("min", reduction.smallest, x, axis, keep_dims)

    def arg_max(self, x: TensorLike, axis: int = 0) -> Tensor:
        """Return the index of the largest element along one axis, the first of equal ones: int32. TF.js: ``tf.argMax``.

        As in TF.js, NaN is ignored, except that the index is 0 if the first element is NaN. Raises ``InputError`` for
        scalars and for an axis of size 0.
        """
        return run(self._ledger, "arg_max", partial(reduction.arg_max, axis=axis), x)

    def arg_min(self, x: TensorLike, axis: int = 0) -> Tensor:
        """Return the index of the smallest element along one axis, the first of equal ones: int32.

        NaN and errors are as for ``arg_max()``. TF.js: ``tf.argMin``.
        """
        return run(self._ledger, "arg_min", partial(reduction.arg_min, axis=axis), x)

    def top_k(self, x: TensorLike, k: int = 1) -> TopK:
        """Return the ``k`` largest elements along the last axis, in descending order, and their indices.

        Both have the shape of ``x``, with ``k`` for the last size; the values have its dtype, the indices int32. Equal
        elements stay in order, and NaN counts as the largest. TF.js: ``tf.topk``. Raises ``InputError`` for scalars,
        and unless ``k`` is 0 to the last size.
        """
        return TopK(*run_many(self._ledger, "top_k", partial(reduction.top_k, k=k), x))

    def softmax(self, x: TensorLike, axis: int = -1) -> Tensor:
        """Return exponentials normalised to a sum of 1 along an axis, in the shape of ``x``. TF.js: ``tf.softmax``.

        The dtype is float16 for float16, else float32. TF.js accepts the last axis only.
        """
        return run(self._ledger, "softmax", partial(reduction.softmax, axis=axis), x)

    def _reduce(self, name: str, kernel: Callable[..., Array], x: TensorLike, axis: Axes, keep_dims: bool) -> Tensor:
        return run(self._ledger, name, partial(kernel, axis=axis, keep_dims=keep_dims), x)
