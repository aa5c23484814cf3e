"""Linear algebra: the methods."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from humanrt.tensors.ops.kernels import linear
from humanrt.tensors.ops.run import TensorLike, run_many

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry
    from humanrt.tensors.tensor import Tensor


class QR(NamedTuple):
    """The factors of a matrix: two tensors, each the caller's."""

    q: Tensor
    r: Tensor


class LinearAlgebraOperations:
    """Ops on matrices, the last two axes. Everything said of ``Operations`` holds here."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def qr(self, x: TensorLike, full_matrices: bool = False) -> QR:
        """Return ``q`` and ``r`` with ``x = q @ r``: orthonormal columns, and an upper triangle.

        ``x`` is [.., m, n]; ``q`` is [.., m, k] and ``r`` [.., k, n], where k is the smaller of m and n, or m with
        ``full_matrices``. Both are float16 for float16, else float32. The signs are those of TF.js, which returns NaN
        for a column of zeros, and which lacks batches of matrices that are not square. Raises InputError for rank 0 and
        1. Both results are the caller's.
        """
        return QR(*run_many(self.registry, "qr", partial(linear.qr, full_matrices=full_matrices), x))
