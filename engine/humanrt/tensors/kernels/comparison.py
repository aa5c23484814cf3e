"""Comparisons and logic, with broadcasting; the results are bool.

Numbers of different dtypes are compared as in NumPy, without rounding one to the other's dtype.
"""

import numpy as np

from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.elementwise import Binary
from humanrt.tensors.kernels.promotion import common_dtype, require_bool

equal: Binary = np.equal
greater: Binary = np.greater
greater_equal: Binary = np.greater_equal
less: Binary = np.less
less_equal: Binary = np.less_equal


def logical_and(one: Array, other: Array) -> Array:
    """Return where both are true."""
    require_bool(a=one, b=other)
    return np.logical_and(one, other)


def logical_or(one: Array, other: Array) -> Array:
    """Return where at least one is true."""
    require_bool(a=one, b=other)
    return np.logical_or(one, other)


def logical_not(x: Array) -> Array:
    """Return where ``x`` is false."""
    require_bool(x=x)
    return np.logical_not(x)


def where(condition: Array, one: Array, other: Array) -> Array:
    """Return elements of ``one`` where ``condition`` is true, else of ``other``; all three broadcast."""
    require_bool(condition=condition)
    dtype = common_dtype((one, other))
    return np.where(condition, one.astype(dtype, copy=False), other.astype(dtype, copy=False))
