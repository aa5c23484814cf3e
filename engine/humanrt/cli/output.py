"""What every command says, and how it ends."""

import sys
import threading

from humanrt.zoo import Progress

DONE, FAILED, USAGE = 0, 1, 2
INTERRUPTED, UNREAD = 130, 141  # as a shell has them for a program that SIGINT or SIGPIPE ended


def complain(what: object) -> None:
    """Say on standard error what went wrong."""
    print(f"humanrt: {what}", file=sys.stderr)


class ProgressLine:
    """One line on a terminal that tells how far all fetches together have come; nothing elsewhere.

    ``expected`` is how many bytes there will be, where that is known. Any thread may call it.
    """

    def __init__(self, expected: int = 0) -> None:
        self._expected = expected
        self._latest: dict[str, Progress] = {}
        self._lock = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        """Show the line with what one fetch tells."""
        if not sys.stderr.isatty():
            return
        with self._lock:
            self._latest[progress.what] = progress
            received = sum(each.received for each in self._latest.values())
            total = max(self._expected, sum(each.total for each in self._latest.values()))
            under_way = [each.what for each in self._latest.values() if each.received < each.total]
            what = f"{len(under_way)} files" if len(under_way) > 1 else next(iter(under_way), progress.what)
            line = f"fetching {what}: {received / total if total else 1:4.0%} of {total / 1e6:.1f} MB"
            print(f"\r{line:<70}", end="\n" if received >= total else "", file=sys.stderr, flush=True)
