"""Memory that a pool shares with one worker: a file without a name, which both map.

It has no name in ``/dev/shm``, so that nothing has to be unlinked: it vanishes with the last of the two processes,
however these end, and needs no resource tracker.
"""

import mmap
import os
import tempfile
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 64
STEP = 2**20
# Memory that none of so many calls has used is released.
WINDOW = 32


class SharedMemory:
    """Memory that grows as needed, and is reused from call to call. One of the two processes writes at a time."""

    def __init__(self, descriptor: int | None = None) -> None:
        self.descriptor: int = _create() if descriptor is None else descriptor
        self._map: mmap.mmap | None = None
        self._used = 0  # by the latest call
        self._recent: deque[int] = deque(maxlen=WINDOW)  # by those before it
        self._resident = 0  # at most: what was used, and not released

    def array(self, offset: int, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return the array that begins at ``offset``; the memory grows if it is too small."""
        count = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if count == 0:
            return np.empty(shape, dtype)
        mapped = self._mapped(offset + count)
        self._used = max(self._used, offset + count)
        return np.frombuffer(mapped, np.uint8, count, offset).view(dtype).reshape(shape)

    def write(self, offset: int, array: NDArray[Any]) -> int:
        """Copy an array to ``offset``, and return the aligned offset behind it."""
        np.copyto(self.array(offset, array.shape, array.dtype), array)
        return aligned(offset + array.nbytes)

    def begin_call(self) -> None:
        """Release the pages that the calls before have not used, on Linux; blocking.

        The size stays, since the other process maps it.
        """
        self._recent.append(self._used)
        self._resident = max(self._resident, self._used)
        self._used = 0
        most = -(-max(self._recent) // STEP) * STEP
        mapped = self._map
        if mapped is not None and len(self._recent) == WINDOW and self._resident > 2 * most + STEP:
            if hasattr(mmap, "MADV_REMOVE"):
                mapped.madvise(mmap.MADV_REMOVE, most, len(mapped) - most)
            self._resident = most

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
