"""The records that ``memory()`` and ``leaks()`` return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

SHOWN_ROWS = 30


class Baseline(NamedTuple):
    """The four counts that are equal before and after a piece of work that leaks nothing."""

    num_tensors: int
    num_data_buffers: int
    num_bytes: int
    num_leaked: int


class Memory(NamedTuple):
    """A snapshot of one engine's tensors.

    Unlike in TF.js, where the bytes of a clone are counted again, every buffer is counted once.

    Attributes:
        num_tensors: live handles.
        num_data_buffers: live buffers; handles made by ``clone()`` or ``reshape()`` share one.
        num_bytes: bytes of the live buffers, on all devices.
        peak_bytes: the highest ``num_bytes`` so far.
        num_leaked: handles that vanished outside any scope without being disposed; their memory was reclaimed.
        pooled_bytes: bytes of freed buffers that are kept for reuse; not part of ``num_bytes``.
        devices: bytes of the live buffers by device, read-only.
        unreliable: whether memory may be in use that ``num_bytes`` does not count; ``reasons`` describes it.
        reasons: one sentence each; empty if the numbers are reliable.

    """

    num_tensors: int
    num_data_buffers: int
    num_bytes: int
    peak_bytes: int
    num_leaked: int
    pooled_bytes: int
    devices: Mapping[str, int]
    unreliable: bool
    reasons: tuple[str, ...]

    @property
    def baseline(self) -> Baseline:
        """The four counts to compare before and after a piece of work."""
        return Baseline(self.num_tensors, self.num_data_buffers, self.num_bytes, self.num_leaked)


class LeakRow(NamedTuple):
    """Tensors that were made at one place and have one owner.

    Attributes:
        state: "live", or "lost" for handles that vanished undisposed outside any scope.
        tensors: the number of tensors.
        nbytes: bytes of their buffers, each counted once; of lost tensors, the bytes that were reclaimed.
        age: seconds since the oldest was made; of lost tensors, since the last was lost. None if not recorded.
        shape: the shape of the latest.
        dtype: the dtype of the latest.
        owner: what frees them: "variable NAME", "scope NAME" (the nearest scope with a name), "scope", "caller", or
            "nobody" for the tensors of a Result, which are freed when nothing holds them any more.
        site: "file:line in function" of the caller, or a remark that none was recorded.

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
    """Every live and lost tensor of one engine, in groups, the largest first; ``print()`` shows a table."""

    rows: tuple[LeakRow, ...]

    @property
    def num_live(self) -> int:
        """The number of live tensors."""
        return sum(row.tensors for row in self.rows if row.state == "live")

    @property
    def num_lost(self) -> int:
        """The number of handles that vanished undisposed: ``memory().num_leaked``."""
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


def _cells(row: LeakRow) -> tuple[str, ...]:
    age = "?" if row.age is None else f"{row.age:.1f} s"
    shape = f"{row.dtype} [{', '.join(map(str, row.shape))}]"
    return row.state, str(row.tensors), str(row.nbytes), age, shape, row.owner, row.site
