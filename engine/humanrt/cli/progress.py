"""The progress of a command over many pictures, with the time left."""

import time
from collections.abc import Callable

from humanrt.cli.stdio import error_is_terminal, warn

BETWEEN_LINES = 0.1
"""Seconds between two lines that are shown."""
CLEAR = "\r\x1b[K"


class CountLine:
    """One line on a terminal with the number of pictures that are done; nothing on anything else.

    ``total`` is their number, or None if it is unknown, as that of frames is.
    """

    def __init__(self, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._clock = clock
        self._start = self._shown_at = clock()
        self._is_shown = False

    def show(self, done: int, failed: int) -> None:
        """Show the line, unless it was just shown."""
        now = self._clock()
        if not error_is_terminal() or (now - self._shown_at < BETWEEN_LINES and done != self._total):
            return
        self._shown_at, self._is_shown = now, True
        rate = done / (now - self._start) if now > self._start else 0
        of = "" if self._total is None else f" of {self._total}"
        parts = [f"{done}{of}", f"{failed} failed" if failed else "", f"{rate:.1f}/s" if rate else ""]
        if self._total is not None and rate and done < self._total:
            parts.append(f"{duration((self._total - done) / rate)} left")
        warn(f"{CLEAR}{', '.join(filter(None, parts))}")

    def clear(self) -> None:
        """Remove the line, before anything else is written."""
        if self._is_shown:
            self._is_shown = False
            warn(CLEAR)


def duration(seconds: float) -> str:
    """Return a duration for people: "5 s", "2 min 5 s", "1 h 1 min"."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
