"""Moving elements about, and products of matrices: the methods."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.ops.kernels import arrays, linear
from humanrt.tensors.ops.kernels.strided import Masks, strided_slice
from humanrt.tensors.ops.promotion import INT32
from humanrt.tensors.ops.run import TensorLike, run, run_in_thread, run_many

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry
    from humanrt.tensors.tensor import Tensor


class ArrayOperations:
    """Ops on the order of elements, and ``mat_mul``. Negative axes count from the end.

    Elements are copied: no result shares memory with an input. An axis that is not there raises InputError.
    """

    registry: Registry

    def mat_mul(self, a: TensorLike, b: TensorLike, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
        """Return the products of matrices, [.., n, k] by [.., k, m] to [.., n, m], in the dtype both are upcast to.

        The axes before the last two are broadcast. ``transpose_a`` takes [.., k, n], ``transpose_b`` [.., m, k].
        Integers wrap; of bools the result is True where one pair is. Raises InputError for vectors and for inner sizes
        that differ. The result is the caller's.
        """
        product = partial(linear.mat_mul, transpose_one=transpose_a, transpose_other=transpose_b)
        return run(self.registry, "mat_mul", product, a, b)

    def transpose(self, x: TensorLike, perm: Sequence[int] | None = None) -> Tensor:
        """Return ``x`` with its axes in the order ``perm``, by default the reverse. The result is the caller's.

        Raises InputError unless ``perm`` names every axis once.
        """
        return run(self.registry, "transpose", partial(arrays.transpose, order=perm), x)

    def concat(self, tensors: Sequence[TensorLike], axis: int = 0) -> Tensor:
        """Return tensors joined along an axis, in the dtype that all are upcast to. The result is the caller's.

        All other sizes must be the same, and the rank at least 1, else InputError. (TF.js takes the first's dtype.)
        """
        joined = partial(arrays.concat, axis=axis)
        return run(self.registry, "concat", joined, *_several("concat", tensors))

    def stack(self, tensors: Sequence[TensorLike], axis: int = 0) -> Tensor:
        """Return tensors of one shape joined along a new axis, in the dtype that all are upcast to.

        Raises InputError for different shapes. The result is the caller's.
        """
        return run(self.registry, "stack", partial(arrays.stack, axis=axis), *_several("stack", tensors))

    def unstack(self, x: TensorLike, axis: int = 0) -> list[Tensor]:
        """Return the slices along an axis, without it, in ``x``'s dtype. Each is the caller's."""
        return run_many(self.registry, "unstack", partial(arrays.unstack, axis=axis), x)

    def split(self, x: TensorLike, num_or_size_splits: int | Sequence[int], axis: int = 0) -> list[Tensor]:
        """Return parts along an axis: so many equal ones, or of the sizes given, of which one may be -1, the rest.

        Raises InputError when they do not add up to the axis. Each part is the caller's.
        """
        return run_many(self.registry, "split", partial(arrays.split, parts=num_or_size_splits, axis=axis), x)

    def pad(self, x: TensorLike, paddings: Sequence[Sequence[int]], constant_value: float = 0) -> Tensor:
        """Return ``x`` with elements of ``constant_value`` around: ``paddings`` has (before, after) for every axis.

        Raises InputError for scalars, for paddings that do not fit or are negative, and for a value that ``x``'s dtype
        cannot hold; for integers, fractions are cut off. The result is the caller's.
        """
        return run(self.registry, "pad", partial(arrays.pad, paddings=paddings, value=constant_value), x)

    def mirror_pad(
        self, x: TensorLike, paddings: Sequence[Sequence[int]], mode: Literal["reflect", "symmetric"]
    ) -> Tensor:
        """Return ``x`` with its mirror image around: ``paddings`` has (before, after) for every axis.

        "reflect" leaves out the outermost elements, so that a padding is less than the size of its axis; "symmetric"
        repeats them, and a padding is at most the size. Raises InputError for scalars, other modes, and for paddings
        that do not fit. The result is the caller's.
        """
        return run(self.registry, "mirror_pad", partial(arrays.mirror_pad, paddings=paddings, mode=mode), x)

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
    ) -> Tensor:
        """Return the part of ``x`` from ``begin`` to ``end``, which is not in it, by ``strides``, 1 by default.

        The three have an entry for each axis, from the first on. Negative numbers count from the end; what is beyond an
        axis is clamped; negative strides go backwards. Bit i of a mask is about entry i: with ``begin_mask`` and
        ``end_mask`` the part reaches as far as the axis does; with ``ellipsis_mask`` the entry stands for all axes that
        no other entry names, with ``new_axis_mask`` for a new axis of size 1; with ``shrink_axis_mask`` the element at
        ``begin`` is chosen, and the axis is gone. ``x[...]`` does the same as Python writes it.

        Raises InputError for entries that do not fit, strides of 0, and an element that is not there. The result is the
        caller's.
        """
        masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        part = partial(strided_slice, begin=begin, end=end, strides=strides, masks=masks)
        return run(self.registry, "strided_slice", part, x)

    def boolean_mask_async(self, x: TensorLike, mask: TensorLike, axis: int = 0) -> Coroutine[Any, Any, Tensor]:
        """Return the slices of ``x`` where ``mask`` is true, computed in a thread: ``await`` it.

        ``mask`` is bool, in the shape of the axes of ``x`` from ``axis`` on, which become one. The inputs are read when
        this is called. Raises InputError for other masks. The result is the caller's. TF.js: ``booleanMaskAsync``.
        """
        chosen = partial(arrays.boolean_mask, axis=axis)
        return run_in_thread(self.registry, "boolean_mask_async", chosen, x, mask, read_as=(None, np.bool_))

    def gather(self, x: TensorLike, indices: TensorLike, axis: int = 0, batch_dims: int = 0) -> Tensor:
        """Return the slices of ``x`` along ``axis`` that integer ``indices`` name, in ``x``'s dtype.

        The shape is ``x``'s with ``indices``' shape in the place of the axis. The first ``batch_dims`` axes of the two
        belong together: each entry of one is gathered by that of the other. Raises InputError for indices that are
        negative or beyond the axis, or no integers. The result is the caller's.
        """
        chosen = partial(arrays.gather, axis=axis, batch_dims=batch_dims)
        return run(self.registry, "gather", chosen, x, indices, read_as=(None, INT32))

    def tile(self, x: TensorLike, reps: Sequence[int]) -> Tensor:
        """Return ``x`` repeated, ``reps`` times along each axis; InputError unless there is a number for each.

        The result is the caller's.
        """
        return run(self.registry, "tile", partial(arrays.tile, repetitions=reps), x)

    def reverse(self, x: TensorLike, axis: int | Sequence[int] | None = None) -> Tensor:
        """Return ``x`` turned around along one axis, several, or all. The result is the caller's."""
        return run(self.registry, "reverse", partial(arrays.reverse, axis=axis), x)


def _several(name: str, tensors: Sequence[TensorLike]) -> Sequence[TensorLike]:
    if not isinstance(tensors, list | tuple):
        raise InputError(f"{name}() needs a list or tuple of tensors, got {type(tensors).__name__}")
    return tensors
