"""What ``humanrt detect`` writes of each picture, and the numbers of all of them."""

import json
from typing import Protocol

from humanrt.cli import DONE, FAILED
from humanrt.cli.output import Output, Place
from humanrt.cli.progress import CountLine
from humanrt.cli.sources import brief
from humanrt.cli.stdio import complain, write_line
from humanrt.cli.table import Style, headline, table
from humanrt.result import Result


class Form(Protocol):
    """A form of the results."""

    def add(self, place: Place, result: Result) -> None:
        """Write a result."""

    def fail(self, place: Place, error: str) -> None:
        """Write that there is no result; the line on standard error is written already."""


class Table:
    """The results as tables for people, on standard output."""

    def __init__(self, style: Style) -> None:
        self._style = style

    def add(self, place: Place, result: Result) -> None:
        """Write the table of a result."""
        write_line(self._style.bold(f"{place}: {headline(result)}"))
        for line in table(result, self._style):
            write_line(f"  {line}")

    def fail(self, place: Place, error: str) -> None:
        """Write nothing."""


class HumanJson:
    """Human's JSON on standard output, a line for each result."""

    def add(self, place: Place, result: Result) -> None:
        """Write the line of a result."""
        del place
        write_line(json.dumps(result.to_human()))

    def fail(self, place: Place, error: str) -> None:
        """Write nothing."""


class Report:
    """The results of one command, written in one form, and counted.

    ``most_faces`` is the number of faces that are asked for in a picture, or 0 if none are.
    """

    def __init__(self, form: Form, progress: CountLine | None, most_faces: int) -> None:
        self._form = form
        self._progress = progress
        self._most_faces = most_faces
        self.done: int = 0
        self.failed: int = 0
        self.faces: int = 0
        self.full: int = 0
        self.exit_code: int = DONE

    def add(self, place: Place, result: Result) -> None:
        """Write and count a result."""
        self._clear()
        self._form.add(place, result)
        self.done += 1
        self.faces += len(result.face)
        self.full += 0 < self._most_faces <= len(result.face)
        if result.errors:
            self.exit_code = FAILED
        self._show()

    def fail(self, place: Place, error: Exception) -> None:
        """Write and count an error, which does not stop the others."""
        self.complain(place, error)
        self._form.fail(place, brief(error, place.path))
        self.done += 1
        self.failed += 1
        self._show()

    def complain(self, place: Place, error: Exception) -> None:
        """Write an error to standard error only, that of a drawing for instance."""
        self._clear()
        complain(f"{place}: {brief(error, place.path)}")
        self.exit_code = FAILED

    def end(self) -> None:
        """Write what concerns all results: to standard output a line about the file, if there is one."""
        self._clear()
        if isinstance(self._form, Output):
            failed = f", {self.failed} failed" if self.failed else ""
            write_line(f"{self._form.path}: {counted(self.done, 'result')}{failed}, {counted(self.faces, 'face')}")
        if self.full:
            found = f"{counted(self.full, 'result')} with {counted(self._most_faces, 'face')}, as many as asked for"
            complain(f"{found}: there may be more; --max-faces N")

    def _clear(self) -> None:
        if self._progress is not None:
            self._progress.clear()

    def _show(self) -> None:
        if self._progress is not None:
            self._progress.show(self.done, self.failed)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 face", "2 faces"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
