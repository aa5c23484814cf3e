"""Times as Markdown tables: beside their goals, or beside those of another commit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.rounds import Measured, Times


@dataclass(frozen=True)
class Goal:
    """The limits of a time: as a multiple of the other side's, and in microseconds."""

    ratio: float | None = None
    microseconds: float | None = None

    def __str__(self) -> str:
        parts = [f"at most {self.ratio:g} times"] if self.ratio is not None else []
        if self.microseconds is not None:
            parts.append(f"at most {self.microseconds:g} us")
        return ", ".join(parts)

    def is_met(self, times: Times) -> bool:
        """Return whether the times are within both limits."""
        slow = self.ratio is not None and times.ratio is not None and times.ratio > self.ratio
        return not slow and (self.microseconds is None or times.ours <= self.microseconds)


@dataclass(frozen=True)
class Row:
    """One measurement; ``beside`` names the other side."""

    what: str
    goal: Goal | None
    times: Times
    beside: str | None

    @property
    def missed(self) -> bool:
        """Whether there is a goal that is not met."""
        return self.goal is not None and not self.goal.is_met(self.times)

    @property
    def cells(self) -> Sequence[str]:
        """The cells of its line."""
        times = self.times
        return (
            self.what,
            str(self.goal or ""),
            _duration(times.ours),
            "" if times.theirs is None else f"{_duration(times.theirs)} {self.beside}",
            "" if times.ratio is None else f"{times.ratio:.2f}",
            "" if self.goal is None else "missed" if self.missed else "met",
        )


def render(rows: Iterable[Row]) -> str:
    """Return the table of times beside their goals."""
    return markdown(["what", "goal", "HumanRT", "beside it", "ratio", "verdict"], (row.cells for row in rows))


def render_against(commit: str, measurements: Iterable[tuple[str, Measured]]) -> str:
    """Return the table of times of this checkout beside those of ``commit``, by both clocks."""
    head = ["what", "clock", "this checkout", commit, "ratio", "middle half of the ratios"]
    lines = []
    for what, measured in measurements:
        for clock, times in zip(("CPU", "wall"), measured, strict=True):
            assert times.theirs is not None and times.middle is not None  # noqa: S101, PT018 - there are two sides
            lower, upper = times.middle
            durations = _duration(times.ours), _duration(times.theirs)
            lines.append((what, clock, *durations, f"{times.ratio:.3f}", f"{lower:.3f} to {upper:.3f}"))
    return markdown(head, lines)


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines))


def _duration(microseconds: float) -> str:
    return f"{microseconds:.2f} us" if microseconds < 1000 else f"{microseconds / 1000:.2f} ms"
