"""Comparisons and logic, with broadcasting: bools come out.

Numbers of different dtypes are compared as NumPy does it, without rounding one to the other's dtype.
"""

import numpy as np

from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.promotion import common_dtype, require_bool

equal = np.equal
greater = np.greater
greater_equal = np.greater_equal
less = np.less
less_equal = np.less_equal


def logical_and(one: Array, other: Array) -> Array:
    """Tell where both are true."""
    require_bool(a=one, b=other)
    return np.logical_and(one, other)


def logical_or(one: Array, other: Array) -> Array:
    """Tell where at least one is true."""
    require_bool(a=one, b=other)
    return np.logical_or(one, other)


def logical_not(x: Array) -> Array:
    """Tell where it is false."""
    require_bool(x=x)
    return np.logical_not(x)


def where(condition: Array, one: Array, other: Array) -> Array:
    """Take elements of ``one`` where ``condition`` is true, else of ``other``; all three broadcast."""
    require_bool(condition=condition)
    dtype = common_dtype((one, other))
    return np.where(condition, one.astype(dtype, copy=False), other.astype(dtype, copy=False))
