"""Checks of what can become a tensor: dtypes, values and shapes."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array

_NAMES = ("float32", "float16", "int32", "int64", "uint8", "bool")

# The limits of NumPy's indexing, for items of up to 8 bytes.
MAX_RANK: Final = 32
MAX_SIZE: Final = 2**60

DTYPES: Final = frozenset(np.dtype(name) for name in _NAMES)
"""The dtypes of tensors."""


def dtype_error(dtype: object) -> InputError:
    """Return the error for a dtype that is not in ``DTYPES``."""
    return InputError(f"dtype {dtype} is not supported; accepted: {', '.join(_NAMES)}")


def parse_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return the NumPy dtype for a name, a type or a dtype. Raises ``InputError`` if it is not in ``DTYPES``."""
    try:
        parsed = np.dtype(dtype)
    except TypeError as error:
        raise dtype_error(dtype) from error
    if parsed not in DTYPES:
        raise dtype_error(parsed)
    return parsed


def read_values(data: object, dtype: DTypeLike | None) -> tuple[Array, np.dtype[Any]]:
    """Return ``data`` as an array, possibly the caller's own, and the dtype that its copy must have.

    Without ``dtype``, Python floats become float32, ints int32 and bools bool. Arrays keep their dtype, except that
    float64 becomes float32. Raises ``InputError`` if ``data`` is ragged or not numeric, or does not fit the dtype.
    """
    try:
        values = np.asarray(data)
    except ValueError as error:
        raise InputError(f"nested lists must have the same length at every level: {error}") from error
    if values.dtype.kind not in "biuf":
        raise InputError(
            f"a {type(data).__name__} with values of dtype {values.dtype} cannot become a tensor; "
            "accepted: numbers and bools, nested lists of them, NumPy arrays"
        )
    target = parse_dtype(_default_dtype(data, values) if dtype is None else dtype)
    _require_in_range(values, target)
    return values, target


def copy_values(data: object, dtype: DTypeLike | None) -> Array:
    """Return ``data`` in a new C-ordered array of a supported dtype. Raises what ``read_values()`` does."""
    values, target = read_values(data, dtype)
    with np.errstate(over="ignore"):
        return np.array(values, dtype=target, order="C")


def _default_dtype(data: object, values: Array) -> np.dtype[Any]:
    native = values.dtype.newbyteorder("=")
    if native == np.float64:
        return np.dtype(np.float32)
    if native == np.int64 and not hasattr(data, "dtype"):
        return np.dtype(np.int32)
    return native


def _require_in_range(values: Array, target: np.dtype[Any]) -> None:
    """Raise ``InputError`` for values that an integer dtype cannot hold: NumPy would wrap them silently."""
    if target.kind not in "iu" or not values.size or np.can_cast(values.dtype, target):
        return
    limits = np.iinfo(target)
    # Python compares integers with floats exactly; fractions are truncated towards zero. NaN fails every comparison.
    if not (values.min().item() > limits.min - 1 and values.max().item() < limits.max + 1):
        raise InputError(
            f"values from {values.min()} to {values.max()} do not fit {target}, which holds {limits.min} to "
            f"{limits.max}; choose another dtype"
        )


def parse_shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    """Return a shape as a tuple. Raises ``InputError`` if it is not one, or too large."""
    sizes = _sizes(shape)
    if any(item < 0 for item in sizes) or len(sizes) > MAX_RANK or math.prod(sizes) >= MAX_SIZE:
        raise InputError(f"{shape!r} is not a shape; accepted: up to {MAX_RANK} sizes from 0 on, below 2**60 in all")
    return sizes


def resolve_shape(shape: int | Sequence[int], size: int) -> tuple[int, ...]:
    """Return ``shape`` for ``size`` elements; one -1 is inferred. Raises ``InputError`` if they do not fit."""
    sizes = _sizes(shape)
    if sizes.count(-1) == 1:
        known = math.prod(item for item in sizes if item != -1)
        sizes = tuple(size // known if item == -1 and known else item for item in sizes)
    if any(item < 0 for item in sizes) or math.prod(sizes) != size:
        raise InputError(f"{size} elements cannot take the shape {shape}; one size may be -1, which is inferred")
    return sizes


def _sizes(shape: int | Sequence[int]) -> tuple[int, ...]:
    try:
        return tuple(operator.index(item) for item in (shape if isinstance(shape, Sequence) else (shape,)))
    except TypeError as error:
        raise InputError(f"{shape!r} is not a shape; accepted: an int or a sequence of ints") from error
