"""Operating points: the similarity from which two embeddings of a model are taken for one person.

Embeddings of different models have different lengths and ranges, so each model has its own options.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class OperatingPoint:
    """The options to compare the embeddings of one model with, and the similarity of a match."""

    embedder: str
    """The name of the model card."""
    size: int
    """The length d of an embedding."""
    similarity: float
    """The least similarity of two pictures of one person."""
    order: float = 2
    """The option of ``humanrt.match``."""
    multiplier: float = 25
    """The option of ``humanrt.match``."""
    min: float = 0.2
    """The option of ``humanrt.match``."""
    max: float = 0.8
    """The option of ``humanrt.match``."""
    normalize: bool = False
    """Whether embeddings are scaled to the length 1 before they are compared."""
    source: str = ""
    """Where the numbers are from, and what was measured."""

    @property
    def options(self) -> dict[str, float]:
        """The keyword arguments of ``humanrt.match.similarity()`` and ``find()``."""
        return {"order": self.order, "multiplier": self.multiplier, "min": self.min, "max": self.max}


_POINTS = (
    OperatingPoint(
        "faceres",
        1024,
        similarity=0.5,
        source="Human's demo/faceid; the rates of false matches and of misses are not published, and not measured here",
    ),
    OperatingPoint(
        "sface",
        128,
        # Rounded, this is a cosine of 0.3624: the squared distance of unit vectors is 2 - 2 cos.
        similarity=0.5,
        multiplier=2000,
        min=0,
        max=1,
        normalize=True,
        source="the authors' cosine of 0.363, with which 99.60 % of the pairs of LFW are told apart",
    ),
)

OPERATING_POINTS: Mapping[str, OperatingPoint] = MappingProxyType({point.embedder: point for point in _POINTS})
"""The operating points by the name of the model card."""
