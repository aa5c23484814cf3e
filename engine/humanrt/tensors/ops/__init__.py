"""The eager ops: the counterparts of ``tf.add()`` and the like in TF.js, as methods of the engine.

Each file has the methods for one kind of op; ``humanrt.tensors.kernels`` computes the results.
"""

from typing import Any, TypeVar

from humanrt.tensors.handle import Handle
from humanrt.tensors.kernels.run import TensorLike
from humanrt.tensors.ops.arrays import ArrayOperations
from humanrt.tensors.ops.comparison import ComparisonOperations
from humanrt.tensors.ops.elementwise import ElementwiseOperations
from humanrt.tensors.ops.image import ImageOperations
from humanrt.tensors.ops.linalg import QR, LinearAlgebraOperations
from humanrt.tensors.ops.reduction import ReductionOperations, TopK
from humanrt.tensors.ops.suppression import PaddedBoxes, ScoredBoxes

__all__ = [
    "QR",
    "ImageOperations",
    "LinearAlgebraOperations",
    "Operations",
    "PaddedBoxes",
    "ScoredBoxes",
    "TensorLike",
    "TopK",
]

H = TypeVar("H", bound=Handle[Any])


class Operations(ElementwiseOperations[H], ReductionOperations[H], ComparisonOperations[H], ArrayOperations[H]):
    """Every eager op that computes values, on the tensors of one engine.

    Inputs are tensors of that engine, or numbers, nested lists and arrays, which are read as ``tensor()`` reads them,
    for the duration of the call. Inputs are never changed nor freed. Each result is a new tensor with its own memory,
    which belongs to the innermost open scope, else to the caller. Nothing else is left, nor on errors.

    Dtypes follow TF.js 4.22, and ``kernels/promotion.py`` for the dtypes that it lacks. NaN and infinities raise no
    errors and no warnings. Every op raises ``TensorDisposedError`` for a disposed input, ``InputError`` for a tensor of
    another engine and for invalid shapes, dtypes and arguments, ``MemoryLimitError``, ``EngineClosedError`` and
    ``ScopeClosedError``; then nothing was counted.
    """

    @property
    def image(self) -> ImageOperations[H]:
        """The ops on images: ``engine.image.resize_bilinear(...)``. TF.js: ``tf.image``."""
        return ImageOperations(self._ledger)

    @property
    def linalg(self) -> LinearAlgebraOperations[H]:
        """The ops of linear algebra: ``engine.linalg.qr(...)``. TF.js: ``tf.linalg``."""
        return LinearAlgebraOperations(self._ledger)
