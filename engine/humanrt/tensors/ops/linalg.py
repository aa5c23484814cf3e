"""Linear algebra: the methods."""

from __future__ import annotations

from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from humanrt.tensors.handle import Handle
from humanrt.tensors.kernels import linalg
from humanrt.tensors.kernels.run import TensorLike, run_many
from humanrt.tensors.ledger import Ledger

H = TypeVar("H", bound=Handle[Any])


class QR(NamedTuple, Generic[H]):
    """The result of ``qr()``; both tensors have the same owner.

    Attributes:
        q: the orthonormal columns.
        r: the upper triangle.

    """

    q: H
    r: H


class LinearAlgebraOperations(Generic[H]):
    """Ops on matrices, which are the last two axes. Inputs, results and errors are as in ``Operations``."""

    def __init__(self, ledger: Ledger[H]) -> None:
        self._ledger = ledger

    def qr(self, x: TensorLike, full_matrices: bool = False) -> QR[H]:
        """Return ``q`` and ``r`` with ``x = q @ r``: orthonormal columns, and an upper triangle.

        ``x`` is [.., m, n]; ``q`` is [.., m, k] and ``r`` [.., k, n], where k is the smaller of m and n, or m with
        ``full_matrices``. Both are float16 for float16, else float32. The signs are those of TF.js, which returns NaN
        for a column of zeros, and which lacks batches of matrices that are not square. Raises ``InputError`` for rank 0
        and 1. TF.js: ``tf.linalg.qr``.
        """
        return QR(*run_many(self._ledger, "qr", partial(linalg.qr, full_matrices=full_matrices), x))
