"""The memory and the time of one case; what exceeds them is a finding."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY_BYTES = 2**30
PATIENCE_S = 10.0
"""CPU time for a case, which does not depend on the load of the machine."""

STALLED_S = 120.0
"""Wall time for a case, which ends a case that waits."""


def limit_memory() -> None:
    """Limit the memory of this process to what it has now and ``MEMORY_BYTES``."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def limited_time(cpu_seconds: float = PATIENCE_S) -> Iterator[None]:
    """End the process, by the signals of two timers, if the block takes longer."""
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    signal.setitimer(signal.ITIMER_REAL, STALLED_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
