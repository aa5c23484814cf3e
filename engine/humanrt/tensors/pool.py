"""Freed host memory that is kept for the next tensor of the same size.

Fresh memory is expensive: when many tensors are freed together, as at the end of a scope, the C library returns their
memory to the system, which clears it again page by page when it is allocated. With recycled memory, sets of tensors of
0.1 to 3 MB were created 5 to 17 times faster; a single tensor that is created and freed by turns gained nothing, and
neither did detections.

A recycled block that something can still read would show another tensor's values. So a block is taken back only if
nothing can read it: the engine allocated it, it was never exported, and by the interpreter's reference count nothing
else holds the array. The same count pins the inputs of a run, which holds their arrays.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np

from humanrt.tensors.buffer import Array, DataBuffer

POOLED_FROM: Final = 64 * 1024 + 1
"""The size of the smallest block that is kept, in bytes. The C library recycles smaller ones well enough."""

POOL_LIMIT_BYTES: Final = 64 * 1024 * 1024
"""The number of bytes that one engine keeps by default."""


class Block(np.ndarray[Any, np.dtype[np.uint8]]):
    """Memory that a pool can take back."""


class BufferPool:
    """Free blocks by size; those of the least recently used sizes are dropped first. The ledger's lock guards it.

    Attributes:
        limit_bytes: the maximum number of bytes in the pool.
        held_bytes: the number of bytes in the pool.

    """

    __slots__ = ("_free", "held_bytes", "limit_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes: int = limit_bytes
        self.held_bytes: int = 0
        self._free: dict[int, list[Block]] = {}

    def take(self, nbytes: int) -> Block | None:
        """Return a free block of exactly ``nbytes``, or None."""
        blocks = self._free.pop(nbytes, None)
        if blocks is None:
            return None
        block = blocks.pop()
        self.held_bytes -= nbytes
        if blocks:
            self._free[nbytes] = blocks  # inserted again, the size is the most recently used
        return block

    def take_back(self, buffer: DataBuffer) -> None:
        """Keep the memory of a buffer without handles, if nothing else holds it."""
        array = buffer.array
        if array is None or not buffer.recyclable or type(array.base) is not Block:
            return
        del array
        array, references = _detach(buffer)
        if references == _UNSHARED:
            self._put(array.base)
        else:
            buffer.array = array  # another thread may be about to share it

    def clear(self) -> None:
        """Release every block."""
        self._free.clear()
        self.held_bytes = 0

    def _put(self, block: Block) -> None:
        if block.nbytes > self.limit_bytes:
            return
        self._free[block.nbytes] = [*self._free.pop(block.nbytes, ()), block]
        self.held_bytes += block.nbytes
        while self.held_bytes > self.limit_bytes:
            size, blocks = next(iter(self._free.items()))
            blocks.pop()
            self.held_bytes -= size
            if not blocks:
                del self._free[size]


def new_block(nbytes: int) -> Block:
    """Allocate a block of fresh memory."""
    return Block((nbytes,), np.uint8)


def array_on(block: Block, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array that fills the memory of ``block``."""
    return np.ndarray(shape, dtype, buffer=block)


def _detach(buffer: DataBuffer) -> tuple[Any, tuple[int, int]]:
    """Take the array off a buffer, so that nothing new can reference it; then count the references.

    Views of the array hold the array itself or the block beneath it. A reader on another thread either holds it
    already, and is counted, or finds nothing.
    """
    array: Any
    array, buffer.array = buffer.array, None
    return array, (sys.getrefcount(array), sys.getrefcount(array.base))


# The counts when nothing else holds the array. They depend on the version of the interpreter.
_UNSHARED = _detach(DataBuffer(array_on(new_block(1), (1,), np.dtype(np.uint8)), recyclable=True))[1]
