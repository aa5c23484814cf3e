"""Moving elements about (joining, cutting, turning, choosing), and products of matrices."""

import math
from collections.abc import Sequence
from types import EllipsisType
from typing import Any, TypeAlias

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.elementwise import constant
from humanrt.tensors.kernels.promotion import FLOAT32, common_dtype, matched, require_integers

# Basic indexing in NumPy's sense: what needs no copy of the elements.
BasicIndex: TypeAlias = int | np.integer[Any] | slice | EllipsisType | None


def transpose(x: Array, order: Sequence[int] | None) -> Array:
    """Reorder the axes."""
    return _fresh(np.transpose(x, order))


def concat(*arrays: Array, axis: int) -> Array:
    """Join along an axis that is there."""
    return np.concatenate(arrays, axis, dtype=common_dtype(arrays), casting="unsafe")


def stack(*arrays: Array, axis: int) -> Array:
    """Join along a new axis."""
    return np.stack(arrays, axis, dtype=common_dtype(arrays), casting="unsafe")


def unstack(x: Array, axis: int) -> list[Array]:
    """Cut into slices without that axis."""
    return [_fresh(part) for part in np.moveaxis(x, axis, 0)]


def split(x: Array, parts: int | Sequence[int], axis: int) -> list[Array]:
    """Cut into equal parts, or into parts of the given sizes, of which one may be -1: the rest."""
    length = np.moveaxis(x, axis, 0).shape[0]
    sizes = _part_sizes(parts, length)
    return [_fresh(part) for part in np.split(x, np.cumsum(sizes)[:-1], axis)]


def pad(x: Array, paddings: Sequence[Sequence[int]], value: float) -> Array:
    """Put elements of one value around."""
    if x.ndim == 0 or len(paddings) != x.ndim or any(len(pair) != 2 or min(pair) < 0 for pair in paddings):
        raise InputError(f"paddings are {paddings}, but must be (before, after), not negative, for every axis")
    sizes = [before + size + after for size, (before, after) in zip(x.shape, paddings, strict=True)]
    padded = np.full(sizes, constant(value, x), x.dtype)
    padded[tuple(slice(before, before + size) for size, (before, _) in zip(x.shape, paddings, strict=True))] = x
    return padded


def gather(x: Array, indices: Array, axis: int, batch_dims: int) -> Array:
    """Choose slices along an axis by number; the first ``batch_dims`` axes of both belong together."""
    require_integers(indices=indices)
    size = np.moveaxis(x, axis, 0).shape[0]
    axis %= x.ndim
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        raise InputError(f"indices are {indices.min()} to {indices.max()}, but must be 0 to {size - 1} for that axis")
    if batch_dims == 0:
        return np.take(x, indices, axis=axis)
    if not 0 < batch_dims <= min(axis, indices.ndim) or x.shape[:batch_dims] != indices.shape[:batch_dims]:
        raise InputError(f"batch_dims is {batch_dims}: that many first axes must agree, and axis {axis} be behind them")
    batch, outer, inner = x.shape[:batch_dims], x.shape[batch_dims:axis], x.shape[axis + 1 :]
    count = math.prod(batch)
    blocks = x.reshape(count, math.prod(outer), size, math.prod(inner))
    numbers = indices.reshape(count, 1, math.prod(indices.shape[batch_dims:]), 1)
    chosen = np.take_along_axis(blocks, numbers, axis=2)
    return chosen.reshape(*batch, *outer, *indices.shape[batch_dims:], *inner)


def tile(x: Array, repetitions: Sequence[int]) -> Array:
    """Repeat along every axis."""
    if len(repetitions) != x.ndim:
        raise InputError(f"repetitions are {repetitions}, but must be one number for every axis")
    return np.tile(x, repetitions)


def reverse(x: Array, axis: int | Sequence[int] | None) -> Array:
    """Turn around along one axis, several or all."""
    return _fresh(np.flip(x, tuple(axis) if isinstance(axis, Sequence) else axis))


def index(x: Array, key: tuple[BasicIndex, ...]) -> Array:
    """Cut a part out by ints, slices, ``...`` and None."""
    return _fresh(x[key])


def mat_mul(one: Array, other: Array, transpose_one: bool, transpose_other: bool) -> Array:
    """Multiply matrices, the last two axes; the axes before them broadcast."""
    if min(one.ndim, other.ndim) < 2:
        raise InputError("matrices have two axes or more; reshape() or expand_dims() vectors")
    one, other = matched(one, other)
    if transpose_one:
        one = one.swapaxes(-1, -2)
    if transpose_other:
        other = other.swapaxes(-1, -2)
    if one.shape[-1] != other.shape[-2]:
        raise InputError(f"the inner sizes {one.shape[-1]} and {other.shape[-2]} of the matrices must be the same")
    if one.dtype == np.float16:  # for which there is no BLAS, and sums of which lose what was added first
        wide: Array = np.matmul(one.astype(FLOAT32), other.astype(FLOAT32))
        return wide.astype(np.float16)
    product: Array = np.matmul(one, other)
    return product


def _part_sizes(parts: int | Sequence[int], length: int) -> list[int]:
    if not isinstance(parts, Sequence):
        if parts < 1 or length % parts:
            raise InputError(f"an axis of size {length} cannot be cut into {parts} equal parts")
        return [length // parts] * parts
    known = sum(size for size in parts if size != -1)
    sizes = [length - known if size == -1 else size for size in parts]
    if list(parts).count(-1) > 1 or not sizes or min(sizes) < 0 or sum(sizes) != length:
        raise InputError(f"parts of sizes {list(parts)} do not add up to {length}; one may be -1, the rest")
    return sizes


def _fresh(view: Array) -> Array:
    return np.array(view, order="C")
