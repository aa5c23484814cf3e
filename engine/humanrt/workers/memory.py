"""Memory that a pool shares with one worker: a file without a name, which both map.

It has no name in ``/dev/shm``, so that nothing has to be unlinked: it vanishes with the last of the two processes,
however these end, and needs no resource tracker.
"""

import mmap
import os
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 64
STEP = 2**20


class SharedMemory:
    """Memory that grows as needed, and is reused from call to call. One of the two processes writes at a time."""

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor: int = _create() if descriptor is None else descriptor
        self._map: mmap.mmap | None = None

    def array(self, offset: int, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return the array that begins at ``offset``; the memory grows if it is too small."""
        count = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if count == 0:
            return np.empty(shape, dtype)
        mapped = self._mapped(offset + count)
        return np.frombuffer(mapped, np.uint8, count, offset).view(dtype).reshape(shape)

    def write(self, offset: int, array: NDArray[Any]) -> int:
        """Copy an array to ``offset``, and return the aligned offset behind it."""
        np.copyto(self.array(offset, array.shape, array.dtype), array)
        return aligned(offset + array.nbytes)

    def close(self) -> None:
        """Release the memory; arrays that are still in use keep it mapped. Idempotent."""
        self._map = None
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _mapped(self, size: int) -> mmap.mmap:
        if self._map is None or len(self._map) < size:
            held = os.fstat(self.descriptor).st_size
            if held < size:
                held = -(-size // STEP) * STEP
                os.ftruncate(self.descriptor, held)
            self._map = mmap.mmap(self.descriptor, held)
        return self._map


def aligned(offset: int) -> int:
    """Return the next offset at which an array of any dtype may begin."""
    return -(-offset // ALIGNMENT) * ALIGNMENT


def _create() -> int:
    create = getattr(os, "memfd_create", None)  # of Linux
    if create is not None:
        descriptor: int = create("humanrt")
        return descriptor
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
