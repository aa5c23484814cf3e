"""Products of matrices."""

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.promotion import FLOAT32, matched


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
