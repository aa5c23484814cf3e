"""How much memory the tensors of one engine may take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from humanrt.errors import ConfigError, MemoryLimitError
from humanrt.tensors.leaks import LeakRow

NAMED_HOLDERS = 3


@dataclass(frozen=True)
class MemoryLimits:
    """The most bytes that live tensors may take, ``by_device`` or, where that names none, ``everywhere``."""

    everywhere: int | None = None
    by_device: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, limit: int | Mapping[str, int] | None) -> Self:
        """Read the argument ``memory_limit``: bytes for each device alike, or a mapping from device to bytes."""
        limits = cls(by_device=dict(limit)) if isinstance(limit, Mapping) else cls(limit)
        for number in (limits.everywhere, *limits.by_device.values()):
            if number is not None and (type(number) is not int or number < 0):
                raise ConfigError(f"memory_limit is {limit!r}; it must be bytes, or a dict of bytes by device")
        return limits

    def of(self, device: str) -> int | None:
        """Return the limit of one device."""
        return self.by_device.get(device, self.everywhere)

    def lowest(self) -> int | None:
        """Return the lowest limit of any device, None without limits: below it no device can be at its own."""
        return min((limit for limit in (self.everywhere, *self.by_device.values()) if limit is not None), default=None)


def parse_pool_limit(limit: int) -> int:
    """Read the argument ``pool_limit_bytes``."""
    if type(limit) is not int or limit < 0:
        raise ConfigError(f"pool_limit_bytes is {limit!r}; it must be bytes from 0 on")
    return limit


def memory_limit_error(
    device: str, asked: int, live: int, pooled: int, limit: int, holders: Iterable[LeakRow]
) -> MemoryLimitError:
    """Return the error for a tensor that does not fit, with the groups of tensors that take the most."""
    biggest = sorted(holders, key=lambda row: row.nbytes, reverse=True)[:NAMED_HOLDERS]
    listed = "; ".join(
        f"{row.nbytes} bytes in {row.tensors} of {row.dtype} {row.shape} made at {row.site}" for row in biggest
    )
    return MemoryLimitError(
        f"{asked} bytes more do not fit on {device}: {live} bytes are live, {pooled} were pooled and given back, "
        f"and memory_limit is {limit}. The biggest holders: {listed or 'none'}. Dispose tensors, or raise the limit"
    )
