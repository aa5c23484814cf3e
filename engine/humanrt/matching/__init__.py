"""Comparison of faces by their embeddings. It reads numbers only: no model, no picture.

``match`` has Human's ``similarity()``, ``distance()`` and ``find()``; ``points`` the similarity of a match for each
embedder; ``store`` a collection of embeddings that is searched, with ``matrix`` and ``index`` for its vectors and
``storage`` for its file.
"""

from humanrt.matching import match
from humanrt.matching.entries import Hit, Stored, StoreStatistics
from humanrt.matching.match import Match
from humanrt.matching.points import OPERATING_POINTS, OperatingPoint, point_for, point_of
from humanrt.matching.store import EmbeddingStore

__all__ = [
    "OPERATING_POINTS",
    "EmbeddingStore",
    "Hit",
    "Match",
    "OperatingPoint",
    "StoreStatistics",
    "Stored",
    "match",
    "point_for",
    "point_of",
]
