"""The eager ops: what ``tf.add()`` and its kin are in TF.js, as methods of the engine.

``run.py`` is the one place where an op runs, ``promotion.py`` tells which dtype comes out, ``kernels/`` computes; the
other files are the methods that users call, by kind.
"""

from humanrt.tensors.ops.arrays import ArrayOperations
from humanrt.tensors.ops.comparison import ComparisonOperations
from humanrt.tensors.ops.elementwise import ElementwiseOperations
from humanrt.tensors.ops.image import ImageOperations
from humanrt.tensors.ops.linalg import QR, LinearAlgebraOperations
from humanrt.tensors.ops.reduction import ReductionOperations, TopK
from humanrt.tensors.ops.run import TensorLike
from humanrt.tensors.ops.shapes import ShapeOperations
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


class Operations(ElementwiseOperations, ReductionOperations, ComparisonOperations, ArrayOperations, ShapeOperations):
    """Every eager op, on the tensors of one registry.

    Inputs are tensors of that registry, or numbers, nested lists and arrays, which are read as ``tensor()`` reads them
    and forgotten with the call. Inputs are never changed nor freed. Each result is a new tensor, in the innermost open
    scope, else the caller's to dispose; nothing else is left, not on errors either. It has memory of its own, but for
    those of ``ShapeOperations``.

    Dtypes follow TF.js 4.22; see ``promotion.py`` for those that it lacks. Every op raises TensorDisposedError for a
    disposed input, InputError for a tensor of another engine and for shapes, dtypes and arguments that do not fit,
    EngineClosedError and ScopeClosedError; then nothing was made. NaN and infinities raise nothing and warn of nothing.
    """

    @property
    def image(self) -> ImageOperations:
        """The ops on pictures: ``engine.image.resize_bilinear(...)``. TF.js: ``tf.image``."""
        return ImageOperations(self.registry)

    @property
    def linalg(self) -> LinearAlgebraOperations:
        """The ops of linear algebra: ``engine.linalg.qr(...)``. TF.js: ``tf.linalg``."""
        return LinearAlgebraOperations(self.registry)
