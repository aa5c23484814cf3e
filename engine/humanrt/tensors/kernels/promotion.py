"""The dtype rules of the ops.

TF.js 4.22 has bool, int32 and float32, and upcasts in that order. This engine has three more dtypes, so the rule is by
family: bool < integers < floats. The dtype of the higher family is the result's; within a family NumPy promotes (uint8
with int32 is int32, float16 with float32 is float32). There is no float64: int32 with float16 is float16.

A plain Python number has no width of its own (it is "weak" in NumPy 2): beside tensors it takes their dtype, if its
family is not higher than theirs. So ``uint8_tensor + 1`` is uint8 and ``int32_tensor + 0.5`` is float32.
"""

from collections.abc import Iterable
from functools import cache, reduce
from typing import Any, Final

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.values import copy_values

DType = np.dtype[Any]

FLOAT32: Final = np.dtype(np.float32)
INT32: Final = np.dtype(np.int32)
BOOL: Final = np.dtype(np.bool_)

HALF_FLOAT_LIMIT: Final = 65504

_FAMILY = {"b": 0, "u": 1, "i": 1, "f": 2}
_NUMBERS = {bool: BOOL, int: INT32, float: FLOAT32}


@cache
def promoted(one: DType, other: DType) -> DType:
    """Return the dtype that two dtypes are upcast to."""
    low, high = sorted((one, other), key=_family)
    return np.promote_types(low, high) if _family(low) == _family(high) else high


def common_dtype(arrays: Iterable[Array]) -> DType:
    """Return the dtype that one or more arrays are upcast to."""
    return reduce(promoted, (array.dtype for array in arrays))


def matched(one: Array, other: Array) -> tuple[Array, Array]:
    """Return two arrays in the dtype that they are upcast to."""
    dtype = promoted(one.dtype, other.dtype)
    return one.astype(dtype, copy=False), other.astype(dtype, copy=False)


def number_array(number: float, beside: DType | None) -> Array:
    """Return a plain Python number as an array, in the dtype that it has beside tensors of a dtype, or alone.

    Raises ``InputError`` for an integer that this dtype cannot hold.
    """
    own = _NUMBERS[type(number)]
    dtype = own if beside is None or _family(own) > _family(beside) else beside
    if dtype.kind == "f" and abs(number) < HALF_FLOAT_LIMIT:  # the usual case, without a check of the range
        return np.array(number, dtype)
    return copy_values(number, dtype)


def float_dtype(dtype: DType) -> DType:
    """Return the dtype of a result with fractions: that of floats, float32 for all others."""
    return dtype if dtype.kind == "f" else FLOAT32


def sum_dtype(dtype: DType) -> DType:
    """Return the dtype of a sum: at least int32. TF.js: ``sumOutType``."""
    return promoted(dtype, INT32)


def is_number(value: object) -> bool:
    """Return whether ``value`` is a plain Python number, which has a family but no width."""
    return type(value) in _NUMBERS


def require_bool(**arrays: Array) -> None:
    """Raise ``InputError`` unless all arrays are bool; the keywords are their names in the message."""
    for name, array in arrays.items():
        if array.dtype.kind != "b":
            raise InputError(f"{name} is {array.dtype}; accepted: bool; cast() or compare it")


def require_integers(**arrays: Array) -> None:
    """Raise ``InputError`` unless all arrays are integers; the keywords are their names in the message."""
    for name, array in arrays.items():
        if array.dtype.kind not in "iu":
            raise InputError(f"{name} is {array.dtype}; accepted: int32, int64 and uint8; cast() it")


def _family(dtype: DType) -> int:
    return _FAMILY[dtype.kind]
