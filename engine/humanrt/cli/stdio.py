"""Standard input, output and error, for every command.

Under a service manager any of the three may be closed, and Python's object for it is None; it may be a full disk, or a
pipe that nobody reads; and it may have an encoding that cannot represent the name of a file.
"""

import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from humanrt.zoo import FetchPlan, Progress


class OutputError(Exception):
    """An output cannot be written. ``is_unread``: it is a pipe whose reader has closed it."""

    def __init__(self, error: OSError, output: str = "standard output") -> None:
        super().__init__(f"{output} cannot be written: {error.strerror or error}")
        self.is_unread: bool = isinstance(error, BrokenPipeError)


def prepare() -> None:
    """Open the null device in place of each standard descriptor that is closed.

    Otherwise the next file that is opened would take its number, and messages of C libraries would be written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one


def write_line(text: str) -> None:
    """Write a line to standard output; do nothing if it was closed when the process started.

    Raises ``OutputError`` if it cannot be written.
    """
    if sys.stdout is not None:
        try:
            _write(sys.stdout, f"{text}\n")
        except OSError as error:
            _discard(sys.stdout)
            raise OutputError(error) from error


def complain(what: object) -> None:
    """Write a line about a failure to standard error, if that is possible."""
    warn(f"humanrt: {what}\n")


def warn(text: str) -> None:
    """Write to standard error, if that is possible."""
    if sys.stderr is not None:
        try:
            _write(sys.stderr, text)
        except OSError:
            _discard(sys.stderr)


def read_input(limit: int) -> bytes:
    """Return standard input to its end, or ``limit`` bytes of it.

    Raises ``OSError`` if it is closed or cannot be read.
    """
    if sys.stdin is None:
        raise OSError("standard input is closed")
    try:
        return sys.stdin.buffer.read(limit)
    except OSError as error:
        raise OSError(f"standard input cannot be read: {error.strerror}") from error


def error_is_terminal() -> bool:
    """Return whether standard error is a terminal, on which a line may be replaced."""
    return sys.stderr is not None and sys.stderr.isatty()


def output_is_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _discard(stream: TextIO) -> None:
    """Send to the null device what the stream still holds: Python writes it at exit, and would report the error."""
    with suppress(OSError, ValueError):  # a stream without a descriptor, or a closed one
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def announce(plan: "FetchPlan") -> None:
    """Write to standard error how much is fetched, unless it is nothing."""
    if plan.models:
        warn(f"{plan}\n")


class ProgressLine:
    """One line on a terminal with the progress of all fetches together; nothing on anything else.

    ``expected`` is the number of bytes in all, if that is known. A file that is complete when it is first reported
    needed no fetch, and is not shown. Any thread may call it.
    """

    def __init__(self, expected: int = 0) -> None:
        self._expected = expected
        self._latest: dict[str, Progress] = {}
        self._lock = threading.Lock()

    def __call__(self, progress: "Progress") -> None:
        """Show the line, with the progress of one fetch updated."""
        if not error_is_terminal():
            return
        with self._lock:
            if progress.received >= progress.total and progress.what not in self._latest:
                return
            self._latest[progress.what] = progress
            received = sum(each.received for each in self._latest.values())
            total = max(self._expected, sum(each.total for each in self._latest.values()))
            under_way = [each.what for each in self._latest.values() if each.received < each.total]
            what = f"{len(under_way)} files" if len(under_way) > 1 else next(iter(under_way), progress.what)
            line = f"fetching {what}: {received / total if total else 1:4.0%} of {total / 1e6:.1f} MB"
            warn(f"\r{line:<70}{chr(10) if received >= total else ''}")
