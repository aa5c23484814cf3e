"""How much memory the tensors of one engine may take, and how much freed memory is kept for reuse."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from humanrt.errors import ConfigError, MemoryLimitError
from humanrt.tensors.buffer import HOST
from humanrt.tensors.pool import BufferPool
from humanrt.tensors.reports import LeakRow

NAMED_HOLDERS = 3


class Budget:
    """The memory limits and the pool of one engine. The ledger calls it, with its lock held.

    ``memory_limit`` is the maximum number of bytes of live tensors, for each device alike or by device; None is no
    limit. ``pool_limit_bytes`` is the maximum number of bytes that the pool holds. Raises ``ConfigError`` for other
    values.

    Attributes:
        pool: the freed memory that is kept.
        unchecked: the number of live bytes up to which no limit can be exceeded, however full the pool is.

    """

    __slots__ = ("_by_device", "_everywhere", "pool", "unchecked")

    def __init__(self, memory_limit: int | Mapping[str, int] | None, pool_limit_bytes: int) -> None:
        if type(pool_limit_bytes) is not int or pool_limit_bytes < 0:
            raise ConfigError(f"pool_limit_bytes is {pool_limit_bytes!r}; accepted: a number of bytes from 0 on")
        self._everywhere, self._by_device = _parse(memory_limit)
        limits = [limit for limit in (self._everywhere, *self._by_device.values()) if limit is not None]
        self.unchecked: float = min(limits, default=math.inf) - pool_limit_bytes
        self.pool: BufferPool = BufferPool(pool_limit_bytes)

    def make_room(self, device: str, nbytes: int, live: int, holders: Callable[[], Iterable[LeakRow]]) -> None:
        """Check that ``nbytes`` more fit on a device with ``live`` bytes, emptying the pool if that is needed.

        ``holders`` returns the groups of live tensors for the error. Raises ``MemoryLimitError`` if they do not fit.
        """
        limit = self._by_device.get(device, self._everywhere)
        if limit is None:
            return
        pooled = self.pool.held_bytes if device == HOST else 0
        if live + pooled + nbytes > limit:
            self.pool.clear()
        if live + nbytes > limit:
            raise MemoryLimitError(
                f"{nbytes} bytes more do not fit on {device}: {live} bytes are live, {pooled} were pooled and are now "
                f"released, and memory_limit is {limit}. The biggest holders: {_biggest(holders())}. Dispose tensors, "
                "or raise the limit"
            )


def _parse(limit: int | Mapping[str, int] | None) -> tuple[int | None, Mapping[str, int]]:
    """Return the limit of every device, and the limits by device, which take precedence."""
    everywhere, by_device = (None, dict(limit)) if isinstance(limit, Mapping) else (limit, {})
    for number in (everywhere, *by_device.values()):
        if number is not None and (type(number) is not int or number < 0):
            raise ConfigError(f"memory_limit is {limit!r}; accepted: a number of bytes, or a dict of them by device")
    return everywhere, by_device


def _biggest(holders: Iterable[LeakRow]) -> str:
    rows = sorted(holders, key=lambda row: row.nbytes, reverse=True)[:NAMED_HOLDERS]
    listed = (f"{row.nbytes} bytes in {row.tensors} of {row.dtype} {row.shape} made at {row.site}" for row in rows)
    return "; ".join(listed) or "none"
