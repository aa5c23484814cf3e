"""Many elements become one: along one axis, several (a tuple) or all (None)."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.ops.promotion import FLOAT32, INT32, float_dtype, require_integers, sum_dtype

Axes: TypeAlias = int | Sequence[int] | None


def total(x: Array, axis: Axes, keep_dims: bool) -> Array:
    """Sum up; of no elements 0. Floats are added in float64, as in TF.js, so that the order does not matter."""
    dtype = sum_dtype(x.dtype)
    wide = np.float64 if dtype.kind == "f" else dtype
    sums: Array = np.sum(x, axis=_axes(axis), keepdims=keep_dims, dtype=wide)
    return sums.astype(dtype)


def mean(x: Array, axis: Axes, keep_dims: bool) -> Array:
    """Average; of no elements 0, as in TF.js."""
    sums: Array = np.asarray(np.sum(x, axis=_axes(axis), keepdims=keep_dims, dtype=np.float64))
    count = x.size // sums.size if sums.size else 1
    return (sums / max(count, 1)).astype(float_dtype(x.dtype))


def largest(x: Array, axis: Axes, keep_dims: bool) -> Array:
    """Return the largest element, or NaN where there is one."""
    found: Array = np.max(x, axis=_axes(axis), keepdims=keep_dims)
    return found


def smallest(x: Array, axis: Axes, keep_dims: bool) -> Array:
    """Return the smallest element, or NaN where there is one."""
    found: Array = np.min(x, axis=_axes(axis), keepdims=keep_dims)
    return found


def arg_max(x: Array, axis: int) -> Array:
    """Return where the largest element is, the first of equal ones; NaN is passed over, unless it comes first."""
    return _first(np.argmax, x, axis, -math.inf)


def arg_min(x: Array, axis: int) -> Array:
    """Return where the smallest element is, the first of equal ones; NaN is passed over, unless it comes first."""
    return _first(np.argmin, x, axis, math.inf)


def top_k(x: Array, k: int) -> tuple[Array, Array]:
    """Return the ``k`` largest of the last axis, falling, and where they are; of equal ones the first comes first."""
    if x.ndim == 0 or not 0 <= k <= x.shape[-1]:
        raise InputError(f"k is {k}, but must be 0 to the size of the last axis")
    last = x.shape[-1] - 1
    # Sorted backwards and then read backwards, equal elements keep their order.
    indices = last - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1][..., :k]
    return np.take_along_axis(x, indices, axis=-1), indices.astype(INT32)


def in_top_k(predictions: Array, targets: Array, k: int) -> Array:
    """Return whether the element that ``targets`` names is one of the ``k`` largest; of equal ones the first are."""
    require_integers(targets=targets)
    if predictions.ndim < 2 or targets.shape != predictions.shape[:-1]:
        raise InputError("accepted: predictions [.., n], two axes or more, and targets [..]")
    size = predictions.shape[-1]
    if not 0 < k <= size:
        raise InputError(f"k is {k}, but must be 1 to {size}, the size of the last axis")
    place = targets[..., np.newaxis].astype(np.int64)
    exists = (place >= 0) & (place < size)
    value = np.take_along_axis(predictions, np.where(exists, place, 0), axis=-1)
    before = (predictions > value) | ((predictions == value) & (np.arange(size) < place))
    found: Array = exists[..., 0] & (value == value)[..., 0] & (np.count_nonzero(before, axis=-1) < k)
    return found


def softmax(x: Array, axis: int) -> Array:
    """Return exponentials that add up to 1 along an axis."""
    logits = x.astype(FLOAT32, copy=False)
    exponentials: Array = np.exp(logits - np.max(logits, axis=_axes(axis), keepdims=True, initial=-np.inf))
    sums = np.asarray(np.sum(exponentials, axis=_axes(axis), keepdims=True, dtype=np.float64), FLOAT32)
    return (exponentials / sums).astype(float_dtype(x.dtype))


def _axes(axis: Axes) -> tuple[int, ...] | None:
    """Return a tuple, for NumPy lets scalars have an axis 0 when it is named alone."""
    if axis is None:
        return None
    return tuple(axis) if isinstance(axis, Sequence) else (axis,)


def _first(search: Callable[..., Any], x: Array, axis: int, passed_over: float) -> Array:
    if not x.ndim:
        raise InputError("a scalar has no axes; reshape() it")
    if x.dtype.kind != "f":
        return np.array(search(x, axis=axis), INT32)
    unknown = np.isnan(x)
    found = search(np.where(unknown, x.dtype.type(passed_over), x), axis=axis)
    return np.where(np.take(unknown, 0, axis=axis), 0, found).astype(INT32)
