"""Reductions along one axis, several (a tuple) or all (None)."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.promotion import FLOAT32, INT32, float_dtype, sum_dtype

Axes: TypeAlias = int | Sequence[int] | None


def total(x: Array, axis: Axes, keep_dims: bool) -> Array:
    """Return sums, 0 of no elements. Floats are added in float64, as in TF.js, so that the order does not matter."""
    dtype = sum_dtype(x.dtype)
    wide = np.float64 if dtype.kind == "f" else dtype
    sums: Array = np.sum(x, axis=_axes(axis), keepdims=keep_dims, dtype=wide)
    return sums.astype(dtype)


def mean(x: Array, axis: Axes, keep_dims: bool) -> Array:
    """Return averages, 0 of no elements, as in TF.js."""
    sums: Array = np.asarray(np.sum(x, axis=_axes(axis), keepdims=keep_dims, dtype=np.float64))
    count = x.size // sums.size if sums.size else 1
    return (sums / max(count, 1)).astype(float_dtype(x.dtype))


def largest(x: Array, axis: Axes, keep_dims: bool) -> Array:
    """Return the largest element, or NaN if there is one."""
    found: Array = np.max(x, axis=_axes(axis), keepdims=keep_dims)
    return found


def smallest(x: Array, axis: Axes, keep_dims: bool) -> Array:
    """Return the smallest element, or NaN if there is one."""
    found: Array = np.min(x, axis=_axes(axis), keepdims=keep_dims)
    return found


def arg_max(x: Array, axis: int) -> Array:
    """Return the index of the largest element, the first of equal ones; NaN is ignored unless it is first."""
    return _first(np.argmax, x, axis, -math.inf)


def arg_min(x: Array, axis: int) -> Array:
    """Return the index of the smallest element, the first of equal ones; NaN is ignored unless it is first."""
    return _first(np.argmin, x, axis, math.inf)


def top_k(x: Array, k: int) -> tuple[Array, Array]:
    """Return the ``k`` largest elements of the last axis in descending order and their indices; equal ones in order."""
    if x.ndim == 0 or not 0 <= k <= x.shape[-1]:
        raise InputError(f"k is {k}; accepted: 0 to the size of the last axis")
    last = x.shape[-1] - 1
    # Sorted in reverse and then reversed, equal elements keep their order.
    indices = last - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1][..., :k]
    return np.take_along_axis(x, indices, axis=-1), indices.astype(INT32)


def softmax(x: Array, axis: int) -> Array:
    """Return exponentials that are normalised to a sum of 1 along an axis."""
    logits = x.astype(FLOAT32, copy=False)
    exponentials: Array = np.exp(logits - np.max(logits, axis=_axes(axis), keepdims=True, initial=-np.inf))
    sums = np.asarray(np.sum(exponentials, axis=_axes(axis), keepdims=True, dtype=np.float64), FLOAT32)
    return (exponentials / sums).astype(float_dtype(x.dtype))


def _axes(axis: Axes) -> tuple[int, ...] | None:
    """Return a tuple: NumPy accepts an axis 0 of scalars if it is not in a tuple."""
    if axis is None:
        return None
    return tuple(axis) if isinstance(axis, Sequence) else (axis,)


def _first(search: Callable[..., Any], x: Array, axis: int, ignored: float) -> Array:
    if not x.ndim:
        raise InputError("a scalar has no axes; reshape() it")
    if x.dtype.kind != "f":
        return np.array(search(x, axis=axis), INT32)
    unknown = np.isnan(x)
    found = search(np.where(unknown, x.dtype.type(ignored), x), axis=axis)
    return np.where(np.take(unknown, 0, axis=axis), 0, found).astype(INT32)
