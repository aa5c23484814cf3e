"""Moving elements about: joining, cutting, turning, choosing."""

import math
from collections.abc import Sequence
from types import EllipsisType
from typing import Any, TypeAlias

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.ops.kernels.elementwise import constant
from humanrt.tensors.ops.promotion import common_dtype, require_bool, require_integers

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


def mirror_pad(x: Array, paddings: Sequence[Sequence[int]], mode: str) -> Array:
    """Put a mirror image of the elements around: with "reflect" without the outermost ones, with "symmetric" all."""
    if mode not in ("reflect", "symmetric"):
        raise InputError(f"mode is {mode!r}; accepted: 'reflect', 'symmetric'")
    most = [size - (mode == "reflect") for size in x.shape]
    if (
        x.ndim == 0
        or len(paddings) != x.ndim
        or any(len(pair) != 2 or min(pair) < 0 or max(pair) > limit for pair, limit in zip(paddings, most, strict=True))
    ):
        raise InputError(f"paddings are {paddings}, but must be (before, after) for every axis, from 0 to {most}")
    return np.pad(x, tuple((before, after) for before, after in paddings), mode)  # type: ignore[call-overload,no-any-return]  # checked above


def boolean_mask(x: Array, mask: Array, axis: int) -> Array:
    """Choose the slices along the axes of ``mask``, from ``axis`` on, where it is true; these axes become one."""
    require_bool(mask=mask)
    first = axis + x.ndim if axis < 0 else axis
    behind = first + mask.ndim
    if not mask.ndim or first < 0 or x.shape[first:behind] != mask.shape:
        raise InputError(f"the mask has the shape {mask.shape}, but must have that of axes of {x.shape} from {axis} on")
    chosen: Array = np.compress(mask.ravel(), x.reshape(*x.shape[:first], mask.size, *x.shape[behind:]), axis=first)
    return chosen


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
