"""Factors of matrices, which are the last two axes."""

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.promotion import float_dtype


def qr(x: Array, full_matrices: bool) -> tuple[Array, Array]:
    """Factor matrices into orthonormal columns and an upper triangle, with TF.js's signs."""
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
