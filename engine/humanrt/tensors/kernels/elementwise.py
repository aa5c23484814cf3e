"""Arithmetic on each element, with broadcasting."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.promotion import FLOAT32, INT32, float_dtype, matched
from humanrt.tensors.values import copy_values

Unary: TypeAlias = Callable[[Array], Array]
Binary: TypeAlias = Callable[[Array, Array], Array]


def binary(kernel: Binary) -> Binary:
    """Return a kernel for arrays of any two dtypes, from one for two of the same numeric dtype: they are upcast first.

    Bools count as 0 and 1; a result other than 0 is True. (TF.js keeps such numbers in the bytes of a bool tensor.)
    """

    def kernel_of_any(one: Array, other: Array) -> Array:
        if one.dtype is not other.dtype:
            one, other = matched(one, other)
        if one.dtype.kind == "b":
            return kernel(one.view(np.uint8), other.view(np.uint8)).astype(np.bool_)
        return kernel(one, other)

    return kernel_of_any


def unary(kernel: Unary) -> Unary:
    """Return a kernel that accepts bools too, from one for numeric arrays, as ``binary()`` does."""

    def kernel_of_any(x: Array) -> Array:
        return kernel(x.view(np.uint8)).astype(np.bool_) if x.dtype.kind == "b" else kernel(x)

    return kernel_of_any


def transcendental(kernel: Unary) -> Unary:
    """Return a kernel for any dtype from one for float32; float16 gives float16, integers and bools give float32."""

    def kernel_of_any(x: Array) -> Array:
        return kernel(x.astype(FLOAT32, copy=False)).astype(float_dtype(x.dtype), copy=False)

    return kernel_of_any


def _divided(one: Array, other: Array) -> Array:
    return np.floor_divide(one, other) if one.dtype.kind in "iu" else np.divide(one, other)


def _modulo(one: Array, other: Array) -> Array:
    if one.dtype.kind in "iu":
        return np.remainder(one, other)
    # In float64, as in JavaScript: in float32 the sum below may round to the divisor itself.
    dividend, divisor = one.astype(np.float64), other.astype(np.float64)
    rest = np.fmod(dividend, divisor)
    same_sign = np.where(dividend < 0, divisor < 0, divisor >= 0)
    return np.where(same_sign, rest, np.fmod(rest + divisor, divisor)).astype(one.dtype)


def _power(base: Array, exponent: Array) -> Array:
    if base.dtype.kind != "i":
        return np.power(base, exponent)
    # NumPy rejects negative exponents. Truncated, the power is 0, except for bases whose inverse is an integer.
    negative = exponent < 0
    powers = np.power(base, np.where(negative, exponent & 1, exponent))
    return np.where(negative & (np.abs(base) != 1), base.dtype.type(0), powers)


add: Binary = binary(np.add)
sub: Binary = binary(np.subtract)
mul: Binary = binary(np.multiply)
div: Binary = binary(_divided)
mod: Binary = binary(_modulo)
power: Binary = binary(_power)

neg: Unary = unary(np.negative)
absolute: Unary = unary(np.absolute)
square: Unary = unary(np.square)
relu: Unary = unary(lambda x: np.maximum(x, x.dtype.type(0)))

exp: Unary = transcendental(np.exp)
log: Unary = transcendental(np.log)
sqrt: Unary = transcendental(np.sqrt)
rsqrt: Unary = transcendental(lambda x: 1 / np.sqrt(x))
sigmoid: Unary = transcendental(lambda x: 1 / (1 + np.exp(-x)))
tanh: Unary = transcendental(np.tanh)


def true_divide(one: Array, other: Array) -> Array:
    """Divide; integers and bools give float32."""
    one, other = matched(one, other)
    return np.divide(one, other, dtype=float_dtype(one.dtype))


def floor_div(one: Array, other: Array) -> Array:
    """Divide and round down; floats and bools give int32, 0 where the quotient is not finite."""
    one, other = matched(one, other)
    if one.dtype.kind in "iu":
        return np.floor_divide(one, other)
    quotient = np.floor(np.divide(one, other, dtype=np.float64))
    # Through int64: what int32 cannot hold wraps, as in JavaScript.
    return np.where(np.isfinite(quotient), quotient, 0).astype(np.int64).astype(INT32)


def floor_divide(one: Array, other: Array) -> Array:
    """Divide and round down as NumPy does: floats give floats."""
    one, other = matched(one, other)
    return np.floor_divide(one, other) if one.dtype.kind == "f" else floor_div(one, other)


def minimum(one: Array, other: Array) -> Array:
    """Return the smaller of each pair, or NaN where one is NaN; bools give int32."""
    return np.minimum(*_ordered(one, other))


def maximum(one: Array, other: Array) -> Array:
    """Return the larger of each pair, or NaN where one is NaN; bools give int32."""
    return np.maximum(*_ordered(one, other))


def clip(x: Array, low: float, high: float) -> Array:
    """Limit to ``low`` .. ``high``, truncated for integers; NaN stays NaN, unless the two limits are equal."""
    if not low <= high:
        raise InputError(f"the limits are {low} and {high}; accepted: two numbers, the lower one first")
    if x.dtype.kind == "b":
        return clip(x.astype(INT32), low, high).astype(np.bool_)
    if x.dtype.kind == "f":
        if low == high:  # as in TF.js, where NaN gives the limit too in this case
            return np.full_like(x, low)
        return np.clip(x, x.dtype.type(low), x.dtype.type(high))
    bounds = np.iinfo(x.dtype)
    lowest, highest = (x.dtype.type(math.trunc(min(max(limit, bounds.min), bounds.max))) for limit in (low, high))
    return np.clip(x, lowest, highest)


def constant(value: float, x: Array) -> Array:
    """Return a number in the dtype of ``x``, truncated for integers. Raises ``InputError`` if it does not fit."""
    return copy_values(value, x.dtype)


def _ordered(one: Array, other: Array) -> tuple[Array, Array]:
    one, other = matched(one, other)
    return (one.astype(INT32), other.astype(INT32)) if one.dtype.kind == "b" else (one, other)
