"""Operating points: the similarity from which two embeddings of a model are taken for one person.

Embeddings of different models have different lengths and ranges, so each model has its own options.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from humanrt.config import FaceConfig
from humanrt.zoo import Card, cards


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


def point_of(card: Card, *, aligned: bool = False) -> OperatingPoint | None:
    """Return the operating point of a model: the threshold in its card; None if there is none.

    With ``aligned`` it is that of embeddings of aligned faces, of a model that is also given crops: ``faceres``.
    """
    threshold = card.threshold
    if aligned:
        threshold = None if card.alignment is None else card.alignment.threshold
    if threshold is None:
        return None
    size = card.outputs["descriptor"].shape[-1]
    return OperatingPoint(card.name, int(size), **asdict(threshold))


def point_for(face: FaceConfig) -> OperatingPoint | None:
    """Return the operating point of the embeddings that a configuration of faces computes; None if it is not known.

    Of several models of embeddings that are enabled, the first of the list below sets ``Face.embedding``.
    """
    embedders = (face.embedding, face.insightface, face.mobilefacenet, face.description)
    embedder = next((section for section in embedders if face.enabled and section.enabled), None)
    if embedder is None:
        return None
    name = Path(embedder.model_path).stem
    if embedder is face.description and face.description.aligned:
        card = cards().get(name)
        return None if card is None else point_of(card, aligned=True)
    return OPERATING_POINTS.get(name)


class _Points(Mapping[str, OperatingPoint]):
    """The operating points of the package's cards, which are read when they are first needed."""

    def __getitem__(self, embedder: str) -> OperatingPoint:
        return _points()[embedder]

    def __iter__(self) -> Iterator[str]:
        return iter(_points())

    def __len__(self) -> int:
        return len(_points())


@cache
def _points() -> dict[str, OperatingPoint]:
    return {point.embedder: point for point in map(point_of, cards().values()) if point is not None}


OPERATING_POINTS: Mapping[str, OperatingPoint] = _Points()
"""The operating points by the name of the model card, of the cards of the package."""
