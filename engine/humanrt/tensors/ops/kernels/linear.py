"""Products of matrices, and their factors."""

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.ops.promotion import FLOAT32, float_dtype, matched


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


def qr(x: Array, full_matrices: bool) -> tuple[Array, Array]:
    """Factor matrices, the last two axes, into orthonormal columns and an upper triangle, with TF.js's signs."""
    if x.ndim < 2:
        raise InputError("a matrix has two axes or more; reshape() or expand_dims() a vector")
    rows, columns = x.shape[-2:]
    kept = rows if full_matrices else min(rows, columns)
    q, r = np.empty((*x.shape[:-2], rows, kept)), np.empty((*x.shape[:-2], kept, columns))
    for where in np.ndindex(x.shape[:-2]):
        whole_q, whole_r = _reflected(x[where].astype(np.float64))
        q[where], r[where] = whole_q[:, :kept], whole_r[:kept]
    dtype = float_dtype(x.dtype)
    return q.astype(dtype), np.triu(r).astype(dtype)


def _reflected(r: Array) -> tuple[Array, Array]:
    """Return the product of Householder reflections that make ``r`` an upper triangle, and that, in ``r``'s memory."""
    rows, columns = r.shape
    q: Array = np.eye(rows)
    for j in range(min(rows, columns)):
        column = r[j:, j]
        norm = np.linalg.norm(column)
        if norm == 0:  # where TF.js divides by 0, and returns NaN
            continue
        sign = -1 if column[0] > 0 else 1
        first = column[0] - sign * norm
        normal = column / first
        normal[0] = 1
        scaled = -sign * first / norm * normal
        r[j:] -= np.outer(scaled, normal @ r[j:])
        q[:, j:] -= np.outer(q[:, j:] @ normal, scaled)
    return q, r
