"""The heap of the C library. It is that of GNU; with another one these functions do nothing.

By default it has up to 8 arenas for each CPU core. Each thread has one, which keeps what its largest call has needed,
in pieces between what other threads have allocated there; and it returns large pieces to the system after each use,
which costs the time to map them again. Processes that run for long, and belong to HumanRT, have a *bounded* heap: few
arenas, which keep large pieces, so that models need no arenas of their own (``library.py``).
"""

import contextlib
import ctypes

from humanrt.config import Environment

# The parameters of mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
ARENAS = 2
LARGE, KEPT = 32 * 2**20, 128 * 2**20
"""The bytes of a piece that is returned after each use, and of unused memory at the end of an arena that is."""

_bounded = False


def bound() -> None:
    """Bound the heap of this process, before it has many threads and models; not if ``MALLOC_ARENA_MAX`` is set."""
    global _bounded
    if Environment.read().malloc_arena_max:
        return
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        for name, value in ((M_ARENA_MAX, ARENAS), (M_MMAP_THRESHOLD, LARGE), (M_TRIM_THRESHOLD, KEPT)):
            mallopt(name, value)
        _bounded = True


def is_bounded() -> bool:
    """Return whether the heap of this process is bounded."""
    return _bounded


def return_memory() -> None:
    """Return freed memory to the system; otherwise the C library keeps it."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
