"""What a store returns: hits, entries and counts."""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Payload: TypeAlias = Any
"""What JSON has: None, a bool, a number, a str, a list or a dict of these."""


class Hit(NamedTuple):
    """One embedding that a search found."""

    name: str
    """Its name."""
    payload: Payload
    """Its payload: a copy."""
    distance: float
    """The number that ``match.distance()`` returns for it."""
    similarity: float
    """The number that ``match.similarity()`` returns for it, 0..1."""


class Stored(NamedTuple):
    """One entry of a store."""

    name: str
    """Its name."""
    embedding: NDArray[np.float32]
    """Its embedding, float32 [d]: a copy."""
    payload: Payload
    """Its payload: a copy."""


class StoreStatistics(NamedTuple):
    """The counts of a store since it was created or loaded."""

    entries: int
    """The entries now."""
    capacity: int
    """The entries for which memory is allocated."""
    num_bytes: int
    """The bytes of the vectors that are allocated, without those of the index."""
    added: int
    """The entries that were added under a new name."""
    evicted: int
    """The entries that were freed because the store was full."""
    expired: int
    """The entries that were freed because they were too old."""
    removed: int
    """The entries that ``remove()`` and ``clear()`` freed."""
