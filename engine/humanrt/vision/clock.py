"""How long the parts of one call took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Measures the parts of one call, in milliseconds. Parts that run side by side take longer together."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._parts: dict[str, float] = {}

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        """Give the time until the end of the block to ``part``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._parts[part] = 1000 * (time.perf_counter() - start)

    def finish(self) -> dict[str, float]:
        """Return all parts and the total since the clock was made."""
        return {**self._parts, "total": 1000 * (time.perf_counter() - self._start)}
