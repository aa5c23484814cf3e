"""How much memory the tensors of an engine take, against what is allowed.

Whoever counts a buffer makes one comparison, with a mark: the lowest number of bytes at which something must happen,
because it is a new peak, because a profile looks on, or because a limit comes near. What is dear is behind that mark.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from humanrt.tensors.buffer import HOST, Array, DataBuffer
from humanrt.tensors.leaks import LeakRow
from humanrt.tensors.limits import MemoryLimits, memory_limit_error
from humanrt.tensors.pool import POOLED_FROM, BufferPool, array_on, new_block

if TYPE_CHECKING:
    from humanrt.tensors.profile import Window


class Budget:
    """Bytes, peaks, limits and the pool of one engine; a Registry is one.

    The counters are changed by ``Accounts`` alone. Methods with an underscore are called with the lock held.
    """

    __slots__ = (
        "_device_bytes",
        "_limits",
        "_lock",
        "_lowest_limit",
        "_mark",
        "_num_buffers",
        "_num_bytes",
        "_peak_bytes",
        "_pool",
        "_windows",
    )

    def __init__(self, limits: MemoryLimits, pool_limit_bytes: int) -> None:
        self._lock = threading.RLock()
        self._limits = limits
        self._lowest_limit = limits.lowest()
        self._pool = BufferPool(pool_limit_bytes)
        self._windows: list[Window] = []
        self._reset_counts()

    def _reset_counts(self) -> None:
        self._num_buffers = 0
        self._num_bytes = 0
        self._peak_bytes = 0
        self._device_bytes: defaultdict[str, int] = defaultdict(int)  # the rest of _num_bytes lies on the host
        self._set_mark()

    # -- memory for results

    def empty(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Array:
        """Return memory for a result that will be adopted, with anything in it; large blocks may be recycled ones.

        Raises MemoryLimitError where the result would pass the limit, before anything is allocated.
        """
        nbytes = math.prod(shape) * dtype.itemsize
        if nbytes < POOLED_FROM:
            return np.empty(shape, dtype)
        with self._lock:
            block = self._pool.take(nbytes)
            if block is None:
                self._make_room(HOST, nbytes)
            if self._lowest_limit is not None:  # else the pool does not change the mark
                self._set_mark()
        return array_on(block if block is not None else new_block(nbytes), tuple(shape), dtype)

    def _recycle(self, buffer: DataBuffer) -> None:
        """Let the pool have the memory of a buffer that lost its last handle, if nobody can see it any more."""
        self._pool.take_back(buffer)
        if self._lowest_limit is not None:
            self._set_mark()

    def _empty_pool(self) -> None:
        self._pool.clear()
        self._set_mark()

    # -- limits and peaks

    def watch(self, window: Window) -> None:
        """Keep a window's ``peak_bytes`` true from now on."""
        with self._lock:
            window.peak_bytes = max(window.peak_bytes, self._num_bytes)
            self._windows.append(window)
            self._set_mark()

    def unwatch(self, window: Window) -> None:
        """End what ``watch`` began."""
        with self._lock:
            self._windows.remove(window)
            self._set_mark()

    def _pass_mark(self, device: str, nbytes: int) -> None:
        """Do what must be done before so many bytes more are counted. Raises MemoryLimitError."""
        self._make_room(device, nbytes)
        total = self._num_bytes + nbytes
        self._peak_bytes = max(self._peak_bytes, total)
        for window in self._windows:
            window.peak_bytes = max(window.peak_bytes, total)
        self._set_mark()

    def _make_room(self, device: str, nbytes: int) -> None:
        """See that so many bytes more fit on a device, emptying the pool if need be, or raise MemoryLimitError."""
        limit = self._limits.of(device)
        if limit is None:
            return
        live = self._bytes_on(device)
        pooled = self._pool.held_bytes if device == HOST else 0
        if live + pooled + nbytes > limit:
            self._pool.clear()
        if live + nbytes > limit:
            raise memory_limit_error(device, nbytes, live, pooled, limit, self._live_rows())

    def _bytes_on(self, device: str) -> int:
        if device == HOST:
            return self._num_bytes - sum(self._device_bytes.values())
        return self._device_bytes[device]

    def _set_mark(self) -> None:
        marks = [self._peak_bytes, *(window.peak_bytes for window in self._windows)]
        if self._lowest_limit is not None:
            marks.append(self._lowest_limit - self._pool.held_bytes)
        self._mark = min(marks)

    def _live_rows(self) -> list[LeakRow]:
        """Return what is alive, grouped; a Registry knows."""
        raise NotImplementedError
