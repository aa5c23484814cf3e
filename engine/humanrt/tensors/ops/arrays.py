"""Moving elements about, and products of matrices: the methods."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from humanrt.errors import InputError
from humanrt.tensors.kernels import arrays
from humanrt.tensors.kernels.promotion import INT32
from humanrt.tensors.kernels.run import TensorLike, run, run_many
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.tensor import Tensor


class ArrayOperations:
    """Ops on the order of elements, and ``mat_mul``. Negative axes count from the end.

    Elements are copied: no result shares memory with an input. An axis that is not there raises InputError.
    """

    _ledger: Ledger[Tensor]

    def mat_mul(self, a: TensorLike, b: TensorLike, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
        """Return the products of matrices, [.., n, k] by [.., k, m] to [.., n, m], in the dtype both are upcast to.

        The axes before the last two are broadcast. ``transpose_a`` takes [.., k, n], ``transpose_b`` [.., m, k].
        Integers wrap; of bools the result is True where one pair is. Raises InputError for vectors and for inner sizes
        that differ. The result is the caller's.
        """
        product = partial(arrays.mat_mul, transpose_one=transpose_a, transpose_other=transpose_b)
        return run(self._ledger, "mat_mul", product, a, b)

    def transpose(self, x: TensorLike, perm: Sequence[int] | None = None) -> Tensor:
        """Return ``x`` with its axes in the order ``perm``, by default the reverse. The result is the caller's.

        Raises InputError unless ``perm`` names every axis once.
        """
        return run(self._ledger, "transpose", partial(arrays.transpose, order=perm), x)

    def concat(self, tensors: Sequence[TensorLike], axis: int = 0) -> Tensor:
        """Return tensors joined along an axis, in the dtype that all are upcast to. The result is the caller's.

        All other sizes must be the same, and the rank at least 1, else InputError. (TF.js takes the first's dtype.)
        """
        joined = partial(arrays.concat, axis=axis)
        return run(self._ledger, "concat", joined, *_several("concat", tensors))

    def stack(self, tensors: Sequence[TensorLike], axis: int = 0) -> Tensor:
        """Return tensors of one shape joined along a new axis, in the dtype that all are upcast to.

        Raises InputError for different shapes. The result is the caller's.
        """
        return run(self._ledger, "stack", partial(arrays.stack, axis=axis), *_several("stack", tensors))

    def unstack(self, x: TensorLike, axis: int = 0) -> list[Tensor]:
        """Return the slices along an axis, without it, in ``x``'s dtype. Each is the caller's."""
        return run_many(self._ledger, "unstack", partial(arrays.unstack, axis=axis), x)

    def split(self, x: TensorLike, num_or_size_splits: int | Sequence[int], axis: int = 0) -> list[Tensor]:
        """Return parts along an axis: so many equal ones, or of the sizes given, of which one may be -1, the rest.

        Raises InputError when they do not add up to the axis. Each part is the caller's.
        """
        return run_many(self._ledger, "split", partial(arrays.split, parts=num_or_size_splits, axis=axis), x)

    def pad(self, x: TensorLike, paddings: Sequence[Sequence[int]], constant_value: float = 0) -> Tensor:
        """Return ``x`` with elements of ``constant_value`` around: ``paddings`` has (before, after) for every axis.

        Raises InputError for scalars, for paddings that do not fit or are negative, and for a value that ``x``'s dtype
        cannot hold; for integers, fractions are cut off. The result is the caller's.
        """
        return run(self._ledger, "pad", partial(arrays.pad, paddings=paddings, value=constant_value), x)

    def gather(self, x: TensorLike, indices: TensorLike, axis: int = 0, batch_dims: int = 0) -> Tensor:
        """Return the slices of ``x`` along ``axis`` that integer ``indices`` name, in ``x``'s dtype.

        The shape is ``x``'s with ``indices``' shape in the place of the axis. The first ``batch_dims`` axes of the two
        belong together: each entry of one is gathered by that of the other. Raises InputError for indices that are
        negative or beyond the axis, or no integers. The result is the caller's.
        """
        chosen = partial(arrays.gather, axis=axis, batch_dims=batch_dims)
        return run(self._ledger, "gather", chosen, x, indices, read_as=(None, INT32))

    def tile(self, x: TensorLike, reps: Sequence[int]) -> Tensor:
        """Return ``x`` repeated, ``reps`` times along each axis; InputError unless there is a number for each.

        The result is the caller's.
        """
        return run(self._ledger, "tile", partial(arrays.tile, repetitions=reps), x)

    def reverse(self, x: TensorLike, axis: int | Sequence[int] | None = None) -> Tensor:
        """Return ``x`` turned around along one axis, several, or all. The result is the caller's."""
        return run(self._ledger, "reverse", partial(arrays.reverse, axis=axis), x)


def _several(name: str, tensors: Sequence[TensorLike]) -> Sequence[TensorLike]:
    if not isinstance(tensors, list | tuple):
        raise InputError(f"{name}() needs a list or tuple of tensors, got {type(tensors).__name__}")
    return tensors
