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
    """Every eager op, on the tensors of one registry.

    Inputs are tensors of that registry, or numbers, nested lists and arrays, which are read as ``tensor()`` reads them
    and forgotten with the call. Inputs are never changed nor freed. Each result is a new tensor with memory of its own,
    in the innermost open scope, else the caller's to dispose; nothing else is left, not on errors either.

    Dtypes follow TF.js 4.22; see ``promotion.py`` for those that it lacks. Every op raises TensorDisposedError for a
    disposed input, InputError for a tensor of another engine and for shapes, dtypes and arguments that do not fit,
    EngineClosedError and ScopeClosedError; then nothing was made. NaN and infinities raise nothing and warn of nothing.
    """

    @property
    def image(self) -> ImageOperations:
        """The ops on pictures: ``engine.image.resize_bilinear(...)``. TF.js: ``tf.image``."""
        return ImageOperations(self._ledger)
