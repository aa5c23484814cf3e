"""The memory that this process may use: that of its container, not that of the machine."""

import os
from collections.abc import Iterator
from pathlib import Path

from humanrt.runtime.cpu_budget import control_groups, read_text

# In version 1 of control groups, a group without a limit has the largest number of pages that fits 63 bits.
NO_LIMIT = 2**62

LIMITS = ("memory.max", "memory.high", "memory.limit_in_bytes")


def memory_budget(root: Path = Path("/")) -> int | None:
    """Return the bytes of memory that this process may use; None if the system does not report them.

    That is the smallest of the machine's memory and the limits of its control groups. ``root`` is the folder of
    ``proc`` and ``sys``.
    """
    return min((*_machine(), *_limits(root)), default=None)


def _machine() -> Iterator[int]:
    if hasattr(os, "sysconf") and {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= os.sysconf_names.keys():
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _limits(root: Path) -> Iterator[int]:
    for folder in control_groups(root, "memory"):
        for name in LIMITS:
            text = read_text(folder / name).strip()
            if text.isdecimal() and int(text) < NO_LIMIT:
                yield int(text)
