"""The eager ops: the counterparts of ``tf.add()`` and the like in TF.js, as methods of the engine.

Each file has the methods for one kind of op; ``humanrt.tensors.kernels`` computes the results.
"""

from humanrt.tensors.kernels.run import TensorLike
from humanrt.tensors.ops.arrays import ArrayOperations
from humanrt.tensors.ops.comparison import ComparisonOperations
from humanrt.tensors.ops.elementwise import ElementwiseOperations
from humanrt.tensors.ops.image import ImageOperations
from humanrt.tensors.ops.reduction import ReductionOperations, TopK

__all__ = ["ImageOperations", "Operations", "TensorLike", "TopK"]


class Operations(ElementwiseOperations, ReductionOperations, ComparisonOperations, ArrayOperations):
    """Every eager op, on the tensors of one engine.

    Inputs are tensors of that engine, or numbers, nested lists and arrays, which are read as ``tensor()`` reads them,
    for the duration of the call. Inputs are never changed nor freed. Each result is a new tensor with its own memory,
    which belongs to the innermost open scope, else to the caller. Nothing else is left, nor on errors.

    Dtypes follow TF.js 4.22, and ``kernels/promotion.py`` for the dtypes that it lacks. NaN and infinities raise no
    errors and no warnings. Every op raises ``TensorDisposedError`` for a disposed input, ``InputError`` for a tensor of
    another engine and for invalid shapes, dtypes and arguments, ``MemoryLimitError``, ``EngineClosedError`` and
    ``ScopeClosedError``; then nothing was counted.
    """

    @property
    def image(self) -> ImageOperations:
        """The ops on images: ``engine.image.resize_bilinear(...)``. TF.js: ``tf.image``."""
        return ImageOperations(self._ledger)
