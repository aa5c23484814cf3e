"""Which tensors live or were lost, by the place that made them."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from humanrt.tensors.buffer import DataBuffer
from humanrt.tensors.sites import UNRECORDED, Sites

SHOWN_ROWS = 30


class LeakRow(NamedTuple):
    """Tensors that were made at one place and have one owner.

    Attributes:
        state: "live", or "lost" for handles that vanished undisposed outside any scope.
        tensors: how many.
        nbytes: bytes of their buffers, each counted once; for lost ones, of the memory that was reclaimed.
        age: seconds since the oldest was made; of lost ones, since the last was lost. None where nothing is recorded.
        shape: that of the latest.
        dtype: that of the latest.
        owner: who frees them: "scope NAME" (the nearest with a name), "scope", "caller", or "nobody" for those of a
            Result, which go when nobody holds them.
        site: "file:line in function" of the caller, or that none was recorded.

    """

    state: Literal["live", "lost"]
    tensors: int
    nbytes: int
    age: float | None
    shape: tuple[int, ...]
    dtype: str
    owner: str
    site: str


@dataclass(frozen=True)
class LeakReport:
    """Every live and lost tensor of one engine, grouped; ``print`` it. The groups that take most come first."""

    rows: tuple[LeakRow, ...]

    @property
    def num_live(self) -> int:
        """How many tensors are alive."""
        return sum(row.tensors for row in self.rows if row.state == "live")

    @property
    def num_lost(self) -> int:
        """How many handles vanished undisposed: ``memory().num_leaked``."""
        return sum(row.tensors for row in self.rows if row.state == "lost")

    def __str__(self) -> str:
        if not self.rows:
            return "no live tensors, none lost"
        cells: list[tuple[str, ...]] = [("state", "tensors", "bytes", "age", "shape", "owner", "made at")]
        cells += [_cells(row) for row in self.rows[:SHOWN_ROWS]]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        if len(self.rows) > SHOWN_ROWS:
            lines.append(f"... and {len(self.rows) - SHOWN_ROWS} more groups")
        return "\n".join(lines)


@dataclass
class _Loss:
    count: int = 0
    nbytes: int = 0
    shape: tuple[int, ...] = ()
    dtype: str = ""
    last_lost_at: float = 0.0


class Losses:
    """The handles that vanished, by site: as small as the program has places, however long it runs.

    Attributes:
        count: how many in all.

    """

    def __init__(self) -> None:
        self.count: int = 0
        self._by_site: dict[str, _Loss] = {}

    def by_site(self) -> dict[str, int]:
        """Return how many vanished, by site."""
        return {site: loss.count for site, loss in self._by_site.items()}

    def note(self, buffer: DataBuffer, sites: Sites | None) -> str:
        """Count one handle that vanished, before its buffer is let go; return its site."""
        site = sites.created if sites else UNRECORDED
        loss = self._by_site.setdefault(site, _Loss())
        loss.count += 1
        self.count += 1
        loss.nbytes += buffer.nbytes if buffer.handles == 1 else 0
        loss.shape = _shape(buffer, sites)
        loss.dtype = str(buffer.dtype)
        loss.last_lost_at = time.monotonic()
        return site

    def rows(self) -> Iterator[LeakRow]:
        """Go through the losses, a row for each site."""
        now = time.monotonic()
        for site, loss in self._by_site.items():
            age = now - loss.last_lost_at
            yield LeakRow("lost", loss.count, loss.nbytes, age, loss.shape, loss.dtype, "caller", site)


def live_rows(
    live: Iterable[tuple[int, DataBuffer]], sites: Mapping[int, Sites], owner_of: Callable[[int], str]
) -> list[LeakRow]:
    """Group live tensors, the oldest first, by site and owner; by shape and dtype too where no site is recorded."""
    now = time.monotonic()
    rows: dict[tuple[object, ...], LeakRow] = {}
    counted: set[int] = set()
    for tensor_id, buffer in live:
        history, owner = sites.get(tensor_id), owner_of(tensor_id)
        shape, dtype = _shape(buffer, history), str(buffer.dtype)
        site = history.created if history else UNRECORDED
        key = (site, owner) if history else (shape, dtype, owner)
        age = now - history.created_at if history else None
        nbytes = 0 if id(buffer) in counted else buffer.nbytes
        counted.add(id(buffer))
        row = rows.setdefault(key, LeakRow("live", 0, 0, age, shape, dtype, owner, site))
        rows[key] = row._replace(tensors=row.tensors + 1, nbytes=row.nbytes + nbytes, shape=shape, dtype=dtype)
    return list(rows.values())


def warn_of_leaks(sites: Iterable[str]) -> None:
    """Issue a ResourceWarning for each site, and never disturb the call that happens to find the leak.

    The finder is any later call on the registry, half-way through its work. Where warnings are errors the warning must
    not be raised into it: so it is issued in a finaliser, from which the interpreter hands errors to
    ``sys.unraisablehook``, as it does with its own ResourceWarnings about files and sockets.
    """
    for site, count in Counter(sites).items():
        what = "a tensor that was" if count == 1 else f"{count} tensors that were"
        _Notice(f"{what} made at {site} vanished without being disposed; dispose them, or make them in a scope")


class _Notice:
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __del__(self) -> None:
        warnings.warn(self._text, ResourceWarning, stacklevel=2)


def _shape(buffer: DataBuffer, sites: Sites | None) -> tuple[int, ...]:
    if sites:
        return sites.shape
    return () if buffer.array is None else buffer.array.shape


def _cells(row: LeakRow) -> tuple[str, ...]:
    age = "?" if row.age is None else f"{row.age:.1f} s"
    shape = f"{row.dtype} [{', '.join(map(str, row.shape))}]"
    return row.state, str(row.tensors), str(row.nbytes), age, shape, row.owner, row.site
