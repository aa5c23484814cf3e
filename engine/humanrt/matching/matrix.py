"""The vectors of a store: one float32 matrix, whose rows 0 to n - 1 are in use."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Rows = NDArray[np.intp]

FIRST_CAPACITY = 1024
_CHUNK = 1024
_EPSILON = float(np.finfo(np.float32).eps)


class Matrix:
    """A matrix [capacity, d] that grows by doubling up to a limit, and shrinks when three quarters are unused.

    A row that is removed is overwritten by the last one, which is set to zeros: there are no gaps.
    """

    def __init__(self, size: int, limit: int | None) -> None:
        self._limit = limit
        self._least = FIRST_CAPACITY if limit is None else min(FIRST_CAPACITY, limit)
        self.count: int = 0
        self._vectors = np.zeros((self._least, size), np.float32)
        self._squares = np.zeros(self._least, np.float32)  # the squared length of each vector

    @property
    def vectors(self) -> Float32:
        """The rows in use, float32 [n, d]: a view."""
        return self._vectors[: self.count]

    @property
    def capacity(self) -> int:
        """The number of rows that are allocated."""
        return len(self._vectors)

    @property
    def num_bytes(self) -> int:
        """The number of bytes that are allocated."""
        return self._vectors.nbytes + self._squares.nbytes

    def append(self, vector: Float32) -> int:
        """Add a row, and return its number. The caller keeps to the limit."""
        if self.count == self.capacity:
            doubled = 2 * self.capacity
            self._resize(doubled if self._limit is None else min(doubled, self._limit))
        self.count += 1
        self.set(self.count - 1, vector)
        return self.count - 1

    def set(self, row: int, vector: Float32) -> None:
        """Overwrite a row."""
        self._vectors[row] = vector
        self._squares[row] = vector @ vector

    def remove(self, row: int) -> None:
        """Overwrite a row by the last one, and erase that."""
        last = self.count - 1
        self._vectors[row], self._squares[row] = self._vectors[last], self._squares[last]
        self._vectors[last], self._squares[last] = 0, 0
        self.count = last
        if self.count <= self.capacity // 4 and self.capacity > self._least:
            self._resize(max(self.capacity // 2, self._least))

    def extend(self, vectors: Float32) -> None:
        """Set the rows of an empty matrix."""
        self.count = len(vectors)
        self._resize(max(self.count, self._least))
        self._vectors[: self.count] = vectors
        self._squares[: self.count] = np.einsum("ij,ij->i", vectors, vectors)

    def nearest(self, vector: Float32, count: int) -> Rows:
        """Return the rows of the ``count`` smallest distances, in any order; with all those that rounding may hide.

        The cost is one product of the matrix and the vector. |a - b|² is |a|² - 2ab + |b|², of which the last part is
        the same for all rows.
        """
        if count >= self.count:
            return np.arange(self.count)
        scores = self.vectors @ vector
        scores *= -2
        scores += self._squares[: self.count]
        limit = float(np.partition(scores, count - 1)[count - 1])
        # A product of d terms is off by d rounding errors of the product of the lengths at most, and twice that is
        # at most the sum of the squares.
        largest = float(self._squares[: self.count].max()) + float(vector @ vector)
        return np.flatnonzero(scores <= limit + 2 * (len(vector) + 2) * _EPSILON * largest)

    def squared_distances(self, rows: Rows, vector: NDArray[Any]) -> NDArray[np.float64]:
        """Return the squared distances of some rows, computed in float64."""
        distances = np.empty(len(rows), np.float64)
        for start in range(0, len(rows), _CHUNK):  # all rows at once would be copied into twice their memory
            differences = self._vectors[rows[start : start + _CHUNK]].astype(np.float64) - vector
            distances[start : start + _CHUNK] = np.einsum("ij,ij->i", differences, differences)
        return distances

    def _resize(self, capacity: int) -> None:
        vectors = np.zeros((capacity, self._vectors.shape[1]), np.float32)
        squares = np.zeros(capacity, np.float32)
        kept = min(self.count, self.capacity)
        vectors[:kept], squares[:kept] = self._vectors[:kept], self._squares[:kept]
        self._vectors, self._squares = vectors, squares
