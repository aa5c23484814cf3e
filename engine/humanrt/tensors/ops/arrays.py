"""Moving elements, and products of matrices: the methods."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any, Generic, Literal, TypeVar

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.handle import Handle
from humanrt.tensors.kernels import arrays
from humanrt.tensors.kernels.promotion import INT32
from humanrt.tensors.kernels.run import TensorLike, run, run_in_thread, run_many
from humanrt.tensors.kernels.strided import Masks, strided_slice
from humanrt.tensors.ledger import Ledger

H = TypeVar("H", bound=Handle[Any])


class ArrayOperations(Generic[H]):
    """Ops on the order of elements, and ``mat_mul``.

    Negative axes count from the end; an axis that does not exist raises ``InputError``. Elements are copied: no result
    shares memory with an input. Results belong to the innermost open scope, else to the caller.
    """

    _ledger: Ledger[H]

    def mat_mul(self, a: TensorLike, b: TensorLike, transpose_a: bool = False, transpose_b: bool = False) -> H:
        """Return the products of matrices, [.., n, k] by [.., k, m] to [.., n, m]. TF.js: ``tf.matMul``.

        The axes before the last two broadcast. The dtype is the one that both are upcast to; integers wrap, and for
        bools the result is True where one pair is. ``transpose_a`` takes [.., k, n], ``transpose_b`` [.., m, k]. Raises
        ``InputError`` for vectors, for inner sizes that differ, and for shapes that do not broadcast.
        """
        product = partial(arrays.mat_mul, transpose_one=transpose_a, transpose_other=transpose_b)
        return run(self._ledger, "mat_mul", product, a, b)

    def transpose(self, x: TensorLike, perm: Sequence[int] | None = None) -> H:
        """Return ``x`` with its axes in the order ``perm``, by default reversed, in its dtype. TF.js: ``tf.transpose``.

        Raises ``InputError`` unless ``perm`` has every axis once.
        """
        return run(self._ledger, "transpose", partial(arrays.transpose, order=perm), x)

    def concat(self, tensors: Sequence[TensorLike], axis: int = 0) -> H:
        """Return tensors joined along an axis, in the dtype that all are upcast to. TF.js: ``tf.concat``.

        (TF.js takes the dtype of the first.) Raises ``InputError`` for scalars, if another size than that of the axis
        differs, and for anything but a list or tuple of one tensor or more.
        """
        joined = partial(arrays.concat, axis=axis)
        return run(self._ledger, "concat", joined, *_several("concat", tensors))

    def stack(self, tensors: Sequence[TensorLike], axis: int = 0) -> H:
        """Return tensors of one shape joined along a new axis, in the dtype that all are upcast to.

        TF.js: ``tf.stack``. Raises ``InputError`` if the shapes differ, and for anything but a list or tuple of one
        tensor or more.
        """
        return run(self._ledger, "stack", partial(arrays.stack, axis=axis), *_several("stack", tensors))

    def unstack(self, x: TensorLike, axis: int = 0) -> list[H]:
        """Return the slices of ``x`` along an axis, in its shape without that axis, and dtype. TF.js: ``tf.unstack``.

        Raises ``InputError`` for scalars.
        """
        return run_many(self._ledger, "unstack", partial(arrays.unstack, axis=axis), x)

    def split(self, x: TensorLike, num_or_size_splits: int | Sequence[int], axis: int = 0) -> list[H]:
        """Return the parts of ``x`` along an axis, in its dtype. TF.js: ``tf.split``.

        ``num_or_size_splits`` is the number of equal parts, or the size of each, of which one may be -1: the rest.
        Raises ``InputError`` if they do not add up to the axis, and for scalars.
        """
        return run_many(self._ledger, "split", partial(arrays.split, parts=num_or_size_splits, axis=axis), x)

    def pad(self, x: TensorLike, paddings: Sequence[Sequence[int]], constant_value: float = 0) -> H:
        """Return ``x`` with elements of ``constant_value`` around it, in its dtype. TF.js: ``tf.pad``.

        ``paddings`` has (before, after) for every axis. For integers the value is truncated. Raises ``InputError`` for
        scalars, for paddings that do not fit or are negative, and for a value that the dtype cannot hold.
        """
        return run(self._ledger, "pad", partial(arrays.pad, paddings=paddings, value=constant_value), x)

    def mirror_pad(self, x: TensorLike, paddings: Sequence[Sequence[int]], mode: Literal["reflect", "symmetric"]) -> H:
        """Return ``x`` with its mirror image around it, in its dtype. TF.js: ``tf.mirrorPad``.

        ``paddings`` has (before, after) for every axis. "reflect" leaves out the outermost elements, so that a padding
        must be less than the size of its axis; "symmetric" repeats them, and a padding may be the size. Raises
        ``InputError`` for scalars, other modes, and for paddings that do not fit.
        """
        return run(self._ledger, "mirror_pad", partial(arrays.mirror_pad, paddings=paddings, mode=mode), x)

    def strided_slice(
        self,
        x: TensorLike,
        begin: Sequence[int],
        end: Sequence[int],
        strides: Sequence[int] | None = None,
        begin_mask: int = 0,
        end_mask: int = 0,
        ellipsis_mask: int = 0,
        new_axis_mask: int = 0,
        shrink_axis_mask: int = 0,
    ) -> H:
        """Return the part of ``x`` from ``begin`` up to ``end``, excluded, by ``strides``, 1 by default, in its dtype.

        The three have an entry for each axis, from the first on. Negative numbers count from the end; what is beyond an
        axis is clamped; negative strides go backwards. Bit i of a mask is about entry i: with ``begin_mask`` and
        ``end_mask`` the part reaches as far as the axis does; with ``ellipsis_mask`` the entry stands for all axes that
        have no other entry, with ``new_axis_mask`` for a new axis of size 1; with ``shrink_axis_mask`` the element at
        ``begin`` is selected, and the axis is removed. ``x[...]`` does the same in Python's notation.

        Raises ``InputError`` for entries that do not fit, strides of 0, and an element that does not exist. TF.js:
        ``tf.stridedSlice``.
        """
        masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        part = partial(strided_slice, begin=begin, end=end, strides=strides, masks=masks)
        return run(self._ledger, "strided_slice", part, x)

    def boolean_mask_async(self, x: TensorLike, mask: TensorLike, axis: int = 0) -> Coroutine[Any, Any, H]:
        """Return the slices of ``x`` where ``mask`` is True, in its dtype, computed in a thread: ``await`` it.

        ``mask`` is bool, in the shape of the axes of ``x`` from ``axis`` on, which become one. The inputs are read when
        this is called. Raises ``InputError`` for other masks. TF.js: ``tf.booleanMaskAsync``.
        """
        chosen = partial(arrays.boolean_mask, axis=axis)
        return run_in_thread(self._ledger, "boolean_mask_async", chosen, x, mask, read_as=(None, np.bool_))

    def gather(self, x: TensorLike, indices: TensorLike, axis: int = 0, batch_dims: int = 0) -> H:
        """Return the slices of ``x`` along ``axis`` at integer ``indices``, in its dtype. TF.js: ``tf.gather``.

        The shape is that of ``x`` with the shape of ``indices`` in the place of the axis. The first ``batch_dims`` axes
        of the two are matched: each entry of ``x`` is gathered by that of ``indices``. Raises ``InputError`` for
        indices that are not integers, negative or not below the size, and for ``batch_dims`` that do not fit.
        """
        chosen = partial(arrays.gather, axis=axis, batch_dims=batch_dims)
        return run(self._ledger, "gather", chosen, x, indices, read_as=(None, INT32))

    def tile(self, x: TensorLike, reps: Sequence[int]) -> H:
        """Return ``x`` repeated ``reps`` times along each axis, in its dtype. TF.js: ``tf.tile``.

        Raises ``InputError`` unless ``reps`` has one number for every axis, none of them negative.
        """
        return run(self._ledger, "tile", partial(arrays.tile, repetitions=reps), x)

    def reverse(self, x: TensorLike, axis: int | Sequence[int] | None = None) -> H:
        """Return ``x`` with the order reversed along one axis, several or all, in its dtype. TF.js: ``tf.reverse``."""
        return run(self._ledger, "reverse", partial(arrays.reverse, axis=axis), x)


def _several(name: str, tensors: Sequence[TensorLike]) -> Sequence[TensorLike]:
    if not isinstance(tensors, list | tuple):
        raise InputError(f"{name}() needs a list or tuple of tensors, got {type(tensors).__name__}")
    return tensors
