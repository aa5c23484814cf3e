"""The approximate index of a store, by usearch, for millions of embeddings."""

from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError, MissingDependencyError
from humanrt.matching.matrix import Float32

# More candidates than asked for, of which the exact distances choose: vectors are stored in half precision.
OVERSAMPLING, LEAST_CANDIDATES = 4, 64


class _Matches(Protocol):
    keys: NDArray[np.uint64]


class _Usearch(Protocol):
    """The part of ``usearch.index.Index`` that is used here; its types do not pass mypy."""

    def __len__(self) -> int: ...
    def add(self, keys: int, vectors: Float32) -> object: ...
    def remove(self, keys: int) -> object: ...
    def search(self, vectors: Float32, count: int) -> _Matches: ...
    def save(self) -> bytes: ...
    def load(self, path_or_buffer: bytes) -> None: ...


class Index:
    """A graph of vectors by their keys.

    Raises ``MissingDependencyError`` if usearch is not installed.
    """

    def __init__(self, size: int, saved: NDArray[np.uint8] | None = None) -> None:
        try:
            library = import_module("usearch.index")
        except ImportError as error:
            raise MissingDependencyError(
                f'the index needs usearch, which cannot be imported ({error}): pip install "humanrt[search]"',
                name="usearch",
            ) from error
        self._index: _Usearch = library.Index(ndim=size, metric="l2sq", dtype="f16")
        if saved is not None:
            try:
                self._index.load(saved.tobytes())
            except (RuntimeError, ValueError) as error:
                raise InputError(f"the index in this file is damaged: {error}") from error

    def add(self, key: int, vector: Float32) -> None:
        """Add a vector by a new key."""
        self._index.add(key, vector)

    def remove(self, key: int) -> None:
        """Remove a vector."""
        self._index.remove(key)

    def nearest(self, vector: Float32, count: int) -> list[int]:
        """Return the keys of candidates for the ``count`` nearest vectors."""
        wanted = min(len(self._index), max(OVERSAMPLING * count, LEAST_CANDIDATES))
        if wanted == 0:
            return []
        keys: list[int] = self._index.search(vector, wanted).keys.tolist()
        return keys

    def save(self) -> NDArray[np.uint8]:
        """Return the graph as bytes."""
        return np.frombuffer(self._index.save(), np.uint8)
