"""Moving elements (joining, splitting, reversing, gathering), and products of matrices."""

import math
from collections.abc import Sequence
from types import EllipsisType
from typing import Any, TypeAlias

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.elementwise import constant
from humanrt.tensors.kernels.promotion import FLOAT32, common_dtype, matched, require_integers

BasicIndex: TypeAlias = int | np.integer[Any] | slice | EllipsisType | None
"""One item of NumPy's basic indexing, which needs no copy of the elements."""


def transpose(x: Array, order: Sequence[int] | None) -> Array:
    """Return ``x`` with its axes in another order."""
    return _fresh(np.transpose(x, order))


def concat(*arrays: Array, axis: int) -> Array:
    """Join arrays along an existing axis."""
    return np.concatenate(arrays, axis, dtype=common_dtype(arrays), casting="unsafe")


def stack(*arrays: Array, axis: int) -> Array:
    """Join arrays along a new axis."""
    return np.stack(arrays, axis, dtype=common_dtype(arrays), casting="unsafe")


def unstack(x: Array, axis: int) -> list[Array]:
    """Return the slices along an axis, without it."""
    return [_fresh(part) for part in np.moveaxis(x, axis, 0)]


def split(x: Array, parts: int | Sequence[int], axis: int) -> list[Array]:
    """Split into equal parts, or into parts of the given sizes, of which one may be -1: the rest."""
    length = np.moveaxis(x, axis, 0).shape[0]
    sizes = _part_sizes(parts, length)
    return [_fresh(part) for part in np.split(x, np.cumsum(sizes)[:-1], axis)]


def pad(x: Array, paddings: Sequence[Sequence[int]], value: float) -> Array:
    """Return ``x`` with elements of one value around it."""
    if x.ndim == 0 or len(paddings) != x.ndim or any(len(pair) != 2 or min(pair) < 0 for pair in paddings):
        raise InputError(f"paddings are {paddings}; accepted: (before, after) for every axis, not negative")
    sizes = [before + size + after for size, (before, after) in zip(x.shape, paddings, strict=True)]
    padded = np.full(sizes, constant(value, x), x.dtype)
    padded[tuple(slice(before, before + size) for size, (before, _) in zip(x.shape, paddings, strict=True))] = x
    return padded


def gather(x: Array, indices: Array, axis: int, batch_dims: int) -> Array:
    """Return slices along an axis by their index; the first ``batch_dims`` axes of both are matched."""
    require_integers(indices=indices)
    size = np.moveaxis(x, axis, 0).shape[0]
    axis %= x.ndim
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        raise InputError(f"indices are {indices.min()} to {indices.max()}; accepted: 0 to {size - 1} for that axis")
    if batch_dims == 0:
        return np.take(x, indices, axis=axis)
    if not 0 < batch_dims <= min(axis, indices.ndim) or x.shape[:batch_dims] != indices.shape[:batch_dims]:
        raise InputError(f"batch_dims is {batch_dims}: that many first axes must be equal, and axis {axis} after them")
    batch, outer, inner = x.shape[:batch_dims], x.shape[batch_dims:axis], x.shape[axis + 1 :]
    count = math.prod(batch)
    blocks = x.reshape(count, math.prod(outer), size, math.prod(inner))
    numbers = indices.reshape(count, 1, math.prod(indices.shape[batch_dims:]), 1)
    chosen = np.take_along_axis(blocks, numbers, axis=2)
    return chosen.reshape(*batch, *outer, *indices.shape[batch_dims:], *inner)


def tile(x: Array, repetitions: Sequence[int]) -> Array:
    """Repeat ``x`` along every axis."""
    if len(repetitions) != x.ndim:
        raise InputError(f"repetitions are {repetitions}; accepted: one number for every axis")
    return np.tile(x, repetitions)


def reverse(x: Array, axis: int | Sequence[int] | None) -> Array:
    """Reverse the order along one axis, several or all."""
    return _fresh(np.flip(x, tuple(axis) if isinstance(axis, Sequence) else axis))


def index(x: Array, key: tuple[BasicIndex, ...]) -> Array:
    """Return the part that basic indexing selects."""
    return _fresh(x[key])


def mat_mul(one: Array, other: Array, transpose_one: bool, transpose_other: bool) -> Array:
    """Multiply matrices, which are the last two axes; the axes before them broadcast."""
    if min(one.ndim, other.ndim) < 2:
        raise InputError("accepted: two axes or more; reshape() or expand_dims() vectors")
    one, other = matched(one, other)
    if transpose_one:
        one = one.swapaxes(-1, -2)
    if transpose_other:
        other = other.swapaxes(-1, -2)
    if one.shape[-1] != other.shape[-2]:
        raise InputError(f"the inner sizes {one.shape[-1]} and {other.shape[-2]} of the matrices must be equal")
    if one.dtype == np.float16:  # it has no BLAS, and its sums lose precision
        wide: Array = np.matmul(one.astype(FLOAT32), other.astype(FLOAT32))
        return wide.astype(np.float16)
    product: Array = np.matmul(one, other)
    return product


def _part_sizes(parts: int | Sequence[int], length: int) -> list[int]:
    if not isinstance(parts, Sequence):
        if parts < 1 or length % parts:
            raise InputError(f"an axis of size {length} cannot be split into {parts} equal parts")
        return [length // parts] * parts
    known = sum(size for size in parts if size != -1)
    sizes = [length - known if size == -1 else size for size in parts]
    if list(parts).count(-1) > 1 or not sizes or min(sizes) < 0 or sum(sizes) != length:
        raise InputError(f"parts of sizes {list(parts)} do not add up to {length}; one may be -1, the rest")
    return sizes


def _fresh(view: Array) -> Array:
    return np.array(view, order="C")
