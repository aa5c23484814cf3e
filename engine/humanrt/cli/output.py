"""The file of ``--output``: JSONL, CSV or Parquet, by its ending.

What is written goes to ``FILE.part`` at once, which replaces ``FILE`` at the end. After a command that was interrupted,
``FILE.part`` has the pictures that were done.
"""

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TextIO

from humanrt.cli.stdio import OutputError
from humanrt.errors import ConfigError, InputError
from humanrt.result import Result, Row
from humanrt.result.formats.faces import load_parquet

COLUMNS = ("path", "frame", "seconds", *Row._fields, "error")
TEXTS = frozenset({"path", "kind", "label", "gender", "emotion", "gestures", "error"})
INTEGERS = frozenset({"frame", "id", "person", "points"})
ROWS_AT_ONCE = 1024
"""Rows of a group in a Parquet file, which are in memory until they are written."""


class Place(NamedTuple):
    """Where a result is from: the name of a picture; or that of a video, with the frame from 0 and its time."""

    path: str
    frame: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        return self.path if self.frame is None else f"{self.path}: frame {self.frame}, {self.seconds:.3f} s"


class Output(ABC):
    """A file that results are written to, in a ``with`` block.

    Raises ``ConfigError`` if a field is unknown, or the file cannot be created, ``OutputError`` if writing
    fails.
    """

    def __init__(self, path: Path, fields: Sequence[str]) -> None:
        self.path = path
        self.fields = fields
        self._part = path.with_name(f"{path.name}.part")

    @abstractmethod
    def open(self, path: Path) -> None:
        """Create the file."""

    @abstractmethod
    def add(self, place: Place, result: Result) -> None:
        """Write a result."""

    @abstractmethod
    def fail(self, place: Place, error: str) -> None:
        """Write that there is no result."""

    @abstractmethod
    def close(self) -> None:
        """Write what is left, and close the file."""

    def __enter__(self) -> Self:
        try:
            if self.path.is_dir():
                raise IsADirectoryError(0, "it is a folder")
            self.open(self._part)
        except OSError as error:
            raise ConfigError(f"--output {self.path}: {error.strerror}; name a file that can be written") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            with self.writing():
                self.close()
                if error is None:
                    self._part.replace(self.path)
        except OutputError:
            if error is None:  # else that one is the reason
                raise

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Raise ``OutputError`` for an ``OSError``."""
        try:
            yield
        except OSError as error:
            raise OutputError(error, str(self.path)) from error


class JsonLines(Output):
    """A line for each picture or frame, with the slim form of its result."""

    def __init__(self, path: Path, fields: Sequence[str]) -> None:
        super().__init__(path, fields)
        self._only = fields or None
        try:
            Result(1, 1).to_dict(only=self._only)
        except InputError as error:
            raise ConfigError(f"--fields: {error}") from error

    def open(self, path: Path) -> None:
        """Create the file."""
        self._file: TextIO = path.open("w", encoding="utf-8", newline="\n", buffering=1)

    def add(self, place: Place, result: Result) -> None:
        """Write a line."""
        self._write(place, result.to_dict(only=self._only), _errors(result))

    def fail(self, place: Place, error: str) -> None:
        """Write a line with the error."""
        self._write(place, {}, error)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, place: Place, content: dict[str, Any], error: str | None) -> None:
        known = {name: value for name, value in place._asdict().items() if value is not None}
        with self.writing():
            self._file.write(json.dumps({**known, **content, "error": error}) + "\n")


class Rows(Output):
    """A row for each detection, and one for each picture without; ``path``, the columns chosen, and ``error``."""

    def __init__(self, path: Path, fields: Sequence[str]) -> None:
        super().__init__(path, fields)
        unknown = [name for name in fields if name not in COLUMNS]
        if unknown:
            raise ConfigError(f"--fields: {unknown[0]!r} is no column; accepted are {', '.join(COLUMNS)}")
        self.columns: tuple[str, ...] = tuple(dict.fromkeys(("path", *fields, "error"))) if fields else COLUMNS

    @abstractmethod
    def write(self, row: dict[str, Any]) -> None:
        """Write a row, in which columns without a value are missing."""

    def add(self, place: Place, result: Result) -> None:
        """Write the rows of a result."""
        whole = {**place._asdict(), "error": _errors(result)}
        with self.writing():
            for row in result.rows():
                self.write({**whole, **row._asdict()})
            if not result.rows():
                self.write(whole)

    def fail(self, place: Place, error: str) -> None:
        """Write a row with the error."""
        with self.writing():
            self.write({**place._asdict(), "error": error})


class Csv(Rows):
    """A file with commas, a header, and empty cells where there is no value."""

    def open(self, path: Path) -> None:
        """Create the file, and write the header."""
        # A name that is not UTF-8 has surrogates.
        self._file: TextIO = path.open("w", encoding="utf-8", errors="backslashreplace", newline="", buffering=1)
        self._csv = csv.DictWriter(self._file, self.columns, extrasaction="ignore", lineterminator="\n")
        try:
            self._csv.writeheader()
        except OSError:
            with suppress(OSError):  # what was not written, once more
                self._file.close()
            raise

    def write(self, row: dict[str, Any]) -> None:
        """Write a row."""
        self._csv.writerow(row)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Parquet(Rows):
    """A Parquet file, whose columns have nulls where there is no value. It needs pyarrow."""

    def __init__(self, path: Path, fields: Sequence[str]) -> None:
        super().__init__(path, fields)
        self._pyarrow, self._parquet = load_parquet("write a .jsonl or .csv file")
        self._waiting: list[dict[str, Any]] = []

    def open(self, path: Path) -> None:
        """Create the file."""
        text, integer, number = self._pyarrow.string(), self._pyarrow.int64(), self._pyarrow.float64()
        types = {**dict.fromkeys(COLUMNS, number), **dict.fromkeys(TEXTS, text), **dict.fromkeys(INTEGERS, integer)}
        self._schema = self._pyarrow.schema([(name, types[name]) for name in self.columns])
        self._writer = self._parquet.ParquetWriter(path, self._schema)

    def write(self, row: dict[str, Any]) -> None:
        """Write a row, together with those that wait."""
        path = row["path"].encode(errors="backslashreplace").decode()  # Arrow refuses surrogates
        self._waiting.append({**row, "path": path})
        if len(self._waiting) == ROWS_AT_ONCE:
            self._write_group()

    def close(self) -> None:
        """Write the last rows, and close the file."""
        try:
            if self._waiting:
                self._write_group()
        finally:
            self._writer.close()

    def _write_group(self) -> None:
        table = self._pyarrow.Table.from_pylist(self._waiting, self._schema)
        self._waiting.clear()
        self._writer.write_table(table)


OUTPUTS: dict[str, type[JsonLines | Csv | Parquet]] = {".jsonl": JsonLines, ".csv": Csv, ".parquet": Parquet}


def create_output(path: Path, fields: Sequence[str]) -> Output:
    """Return the output for a file, by its ending; nothing is created yet.

    Raises ``ConfigError`` if the ending or a field is unknown, ``MissingDependencyError``.
    """
    kind = OUTPUTS.get(path.suffix.lower())
    if kind is None:
        raise ConfigError(f"--output {path}: its ending must be {', '.join(list(OUTPUTS)[:-1])} or {list(OUTPUTS)[-1]}")
    return kind(path, fields)


def _errors(result: Result) -> str | None:
    """Return the errors of the modules of a result in one line; None without any."""
    return "; ".join(f"{module}: {error}" for module, error in result.errors.items()) or None
