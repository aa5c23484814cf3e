"""Moving elements, and products of matrices: the methods."""

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
    """Ops on the order of elements, and ``mat_mul``.

    Negative axes count from the end; an axis that does not exist raises ``InputError``. Elements are copied: no result
    shares memory with an input. Results belong to the innermost open scope, else to the caller.
    """

    _ledger: Ledger[Tensor]

    def mat_mul(self, a: TensorLike, b: TensorLike, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
        """Return the products of matrices, [.., n, k] by [.., k, m] to [.., n, m]. TF.js: ``tf.matMul``.

        The axes before the last two broadcast. The dtype is the one that both are upcast to; integers wrap, and for
        bools the result is True where one pair is. ``transpose_a`` takes [.., k, n], ``transpose_b`` [.., m, k]. Raises
        ``InputError`` for vectors, for inner sizes that differ, and for shapes that do not broadcast.
        """
        product = partial(arrays.mat_mul, transpose_one=transpose_a, transpose_other=transpose_b)
        return run(self._ledger, "mat_mul", product, a, b)

    def transpose(self, x: TensorLike, perm: Sequence[int] | None = None) -> Tensor:
        """Return ``x`` with its axes in the order ``perm``, by default reversed, in its dtype. TF.js: ``tf.transpose``.

        Raises ``InputError`` unless ``perm`` has every axis once.
        """
        return run(self._ledger, "transpose", partial(arrays.transpose, order=perm), x)

    def concat(self, tensors: Sequence[TensorLike], axis: int = 0) -> Tensor:
        """Return tensors joined along an axis, in the dtype that all are upcast to. TF.js: ``tf.concat``.

        (TF.js takes the dtype of the first.) Raises ``InputError`` for scalars, if another size than that of the axis
        differs, and for anything but a list or tuple of one tensor or more.
        """
        joined = partial(arrays.concat, axis=axis)
        return run(self._ledger, "concat", joined, *_several("concat", tensors))

    def stack(self, tensors: Sequence[TensorLike], axis: int = 0) -> Tensor:
        """Return tensors of one shape joined along a new axis, in the dtype that all are upcast to.

        TF.js: ``tf.stack``. Raises ``InputError`` if the shapes differ, and for anything but a list or tuple of one
        tensor or more.
        """
        return run(self._ledger, "stack", partial(arrays.stack, axis=axis), *_several("stack", tensors))

    def unstack(self, x: TensorLike, axis: int = 0) -> list[Tensor]:
        """Return the slices of ``x`` along an axis, in its shape without that axis, and dtype. TF.js: ``tf.unstack``.

        Raises ``InputError`` for scalars.
        """
        return run_many(self._ledger, "unstack", partial(arrays.unstack, axis=axis), x)

    def split(self, x: TensorLike, num_or_size_splits: int | Sequence[int], axis: int = 0) -> list[Tensor]:
        """Return the parts of ``x`` along an axis, in its dtype. TF.js: ``tf.split``.

        ``num_or_size_splits`` is the number of equal parts, or the size of each, of which one may be -1: the rest.
        Raises ``InputError`` if they do not add up to the axis, and for scalars.
        """
        return run_many(self._ledger, "split", partial(arrays.split, parts=num_or_size_splits, axis=axis), x)

    def pad(self, x: TensorLike, paddings: Sequence[Sequence[int]], constant_value: float = 0) -> Tensor:
        """Return ``x`` with elements of ``constant_value`` around it, in its dtype. TF.js: ``tf.pad``.

        ``paddings`` has (before, after) for every axis. For integers the value is truncated. Raises ``InputError`` for
        scalars, for paddings that do not fit or are negative, and for a value that the dtype cannot hold.
        """
        return run(self._ledger, "pad", partial(arrays.pad, paddings=paddings, value=constant_value), x)

    def gather(self, x: TensorLike, indices: TensorLike, axis: int = 0, batch_dims: int = 0) -> Tensor:
        """Return the slices of ``x`` along ``axis`` at integer ``indices``, in its dtype. TF.js: ``tf.gather``.

        The shape is that of ``x`` with the shape of ``indices`` in the place of the axis. The first ``batch_dims`` axes
        of the two are matched: each entry of ``x`` is gathered by that of ``indices``. Raises ``InputError`` for
        indices that are not integers, negative or not below the size, and for ``batch_dims`` that do not fit.
        """
        chosen = partial(arrays.gather, axis=axis, batch_dims=batch_dims)
        return run(self._ledger, "gather", chosen, x, indices, read_as=(None, INT32))

    def tile(self, x: TensorLike, reps: Sequence[int]) -> Tensor:
        """Return ``x`` repeated ``reps`` times along each axis, in its dtype. TF.js: ``tf.tile``.

        Raises ``InputError`` unless ``reps`` has one number for every axis, none of them negative.
        """
        return run(self._ledger, "tile", partial(arrays.tile, repetitions=reps), x)

    def reverse(self, x: TensorLike, axis: int | Sequence[int] | None = None) -> Tensor:
        """Return ``x`` with the order reversed along one axis, several or all, in its dtype. TF.js: ``tf.reverse``."""
        return run(self._ledger, "reverse", partial(arrays.reverse, axis=axis), x)


def _several(name: str, tensors: Sequence[TensorLike]) -> Sequence[TensorLike]:
    if not isinstance(tensors, list | tuple):
        raise InputError(f"{name}() needs a list or tuple of tensors, got {type(tensors).__name__}")
    return tensors
