"""Freed host memory that is kept for the next tensor of the same size.

Fresh memory is dear: when many tensors are freed together, as at the end of a scope, the C library gives their memory
back, and the system clears it anew, page by page. Recycled, sets of tensors of 0.1 to 3 MB were made 5 to 17 times
faster; a single one that is made and freed by turns gained nothing, and nor did detections.

Recycled memory is dangerous: whoever still looks at it would see another tensor's values. So a block is taken back only
when nobody can look: the engine made it, it was never exported, and the interpreter's own count says that nobody else
holds the array. That count is also what a run needs to pin its inputs: it holds their arrays.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np

from humanrt.tensors.buffer import Array, DataBuffer

POOLED_FROM: Final = 64 * 1024 + 1
"""The smallest block that is kept, in bytes. The C library recycles smaller ones well enough."""

POOL_LIMIT_BYTES: Final = 64 * 1024 * 1024
"""How much one engine keeps unless it is told otherwise."""


class Block(np.ndarray[Any, np.dtype[np.uint8]]):
    """A piece of memory that came from a pool and may go back into it."""


class BufferPool:
    """Free blocks by size, those of the sizes used least recently dropped first. The registry's lock guards it.

    Attributes:
        limit_bytes: the most it holds.
        held_bytes: what it holds now.

    """

    __slots__ = ("_free", "held_bytes", "limit_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes: int = limit_bytes
        self.held_bytes: int = 0
        self._free: dict[int, list[Block]] = {}

    def take(self, nbytes: int) -> Block | None:
        """Return a free block of exactly that size, if there is one."""
        blocks = self._free.pop(nbytes, None)
        if blocks is None:
            return None
        block = blocks.pop()
        self.held_bytes -= nbytes
        if blocks:
            self._free[nbytes] = blocks  # put in again, the size becomes the one used last
        return block

    def take_back(self, buffer: DataBuffer) -> None:
        """Keep the memory of a buffer that has no handles any more, if nobody can see it."""
        array = buffer.array
        if array is None or not buffer.recyclable or type(array.base) is not Block:
            return
        del array
        array, holders = _detach(buffer)
        if holders == _NOBODY:
            self._put(array.base)
        else:
            buffer.array = array  # somebody may just be about to share it

    def clear(self) -> None:
        """Give everything back to the system."""
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
    """Return an array of ``block``'s memory, which it fills."""
    return np.ndarray(shape, dtype, buffer=block)


def _detach(buffer: DataBuffer) -> tuple[Any, tuple[int, int]]:
    """Take the array off a buffer, so that nobody new can come to hold it; then count who does.

    Views of the array hold the array itself or the block beneath it. A reader on another thread has either taken its
    hold before, and is counted, or finds nothing.
    """
    array: Any
    array, buffer.array = buffer.array, None
    return array, (sys.getrefcount(array), sys.getrefcount(array.base))


# What is counted when nobody else holds the array. The number is the interpreter's: it differs between versions.
_NOBODY = _detach(DataBuffer(array_on(new_block(1), (1,), np.dtype(np.uint8)), recyclable=True))[1]
