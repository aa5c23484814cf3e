"""Many elements become one: the methods."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from humanrt.tensors.ops.kernels import reduction
from humanrt.tensors.ops.kernels.reduction import Axes
from humanrt.tensors.ops.promotion import INT32
from humanrt.tensors.ops.run import TensorLike, run, run_in_thread, run_many

if TYPE_CHECKING:
    from humanrt.tensors.buffer import Array
    from humanrt.tensors.registry import Registry
    from humanrt.tensors.tensor import Tensor


class TopK(NamedTuple):
    """The largest elements, and where they were: two tensors, each the caller's."""

    values: Tensor
    indices: Tensor


class ReductionOperations:
    """Ops along axes: one axis (negative: from the end), several, or all with None, the default.

    The axes that were reduced are gone from the result's shape; with ``keep_dims`` they stay, of size 1. An axis that
    is not there, or named twice, raises InputError. An empty sequence reduces nothing.
    """

    registry: Registry

    def sum(self, x: TensorLike, axis: Axes = None, keep_dims: bool = False) -> Tensor:
        """Return sums: floats and int64 keep their dtype, all else gives int32, which wraps. Of nothing it is 0.

        The result is the caller's.
        """
        return _reduce(self.registry, "sum", reduction.total, x, axis, keep_dims)

    def mean(self, x: TensorLike, axis: Axes = None, keep_dims: bool = False) -> Tensor:
        """Return averages: float16 for float16, else float32. Of nothing it is 0, as in TF.js.

        The result is the caller's.
        """
        return _reduce(self.registry, "mean", reduction.mean, x, axis, keep_dims)

    def max(self, x: TensorLike, axis: Axes = None, keep_dims: bool = False) -> Tensor:
        """Return the largest elements in ``x``'s dtype, NaN where there is one. The result is the caller's.

        Raises InputError for an axis of size 0: TF.js makes something up.
        """
        return _reduce(self.registry, "max", reduction.largest, x, axis, keep_dims)

    def min(self, x: TensorLike, axis: Axes = None, keep_dims: bool = False) -> Tensor:
        """Return the smallest elements in ``x``'s dtype, NaN where there is one. The result is the caller's.

        Raises InputError for an axis of size 0: TF.js makes something up.
        """
        return _reduce(self.registry, "min", reduction.smallest, x, axis, keep_dims)

    def arg_max(self, x: TensorLike, axis: int = 0) -> Tensor:
        """Return int32: where along one axis the largest element is, the first of equal ones.

        As in TF.js NaN is passed over, unless it comes first: then it is 0. Raises InputError for scalars and for an
        axis of size 0. The result is the caller's.
        """
        return run(self.registry, "arg_max", partial(reduction.arg_max, axis=axis), x)

    def arg_min(self, x: TensorLike, axis: int = 0) -> Tensor:
        """Return int32: where along one axis the smallest element is, the first of equal ones.

        NaN, errors and the result's owner are as with ``arg_max``.
        """
        return run(self.registry, "arg_min", partial(reduction.arg_min, axis=axis), x)

    def top_k(self, x: TensorLike, k: int = 1) -> TopK:
        """Return the ``k`` largest elements along the last axis, falling, in ``x``'s dtype, and int32 where they were.

        Both have ``x``'s shape, with ``k`` for the last size. Of equal elements the first comes first; NaN counts as
        the largest. Raises InputError for scalars and for a ``k`` that is not 0 to the size. Both results are the
        caller's. TF.js: ``topk``.
        """
        return TopK(*run_many(self.registry, "top_k", partial(reduction.top_k, k=k), x))

    def in_top_k_async(self, predictions: TensorLike, targets: TensorLike, k: int = 1) -> Coroutine[Any, Any, Tensor]:
        """Return bool: whether the targets are among the ``k`` best predictions, computed in a thread: ``await`` it.

        ``predictions`` is [.., n], rank 2 or more; ``targets``, integers [..], are indices of the last axis; the result
        is [..]. Of equal predictions the first are the best; one of NaN is none of them. The inputs are read when this
        is called. Raises InputError for other shapes, and for a ``k`` that is not 1 to n. The result is the caller's.
        TF.js: ``inTopKAsync``.
        """
        found = partial(reduction.in_top_k, k=k)
        return run_in_thread(self.registry, "in_top_k_async", found, predictions, targets, read_as=(None, INT32))

    def softmax(self, x: TensorLike, axis: int = -1) -> Tensor:
        """Return exponentials that add up to 1 along an axis: float16 for float16, else float32.

        TF.js knows the last axis only. The result is the caller's.
        """
        return run(self.registry, "softmax", partial(reduction.softmax, axis=axis), x)


def _reduce(
    registry: Registry, name: str, kernel: Callable[..., Array], x: TensorLike, axis: Axes, keep_dims: bool
) -> Tensor:
    return run(registry, name, partial(kernel, axis=axis, keep_dims=keep_dims), x)
