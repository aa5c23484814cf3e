"""Times beside their goals, as a Markdown table."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.rounds import Times

HEADER = "| what | goal | HumanRT | beside it | ratio | verdict |\n| --- | --- | --- | --- | --- | --- |"


@dataclass(frozen=True)
class Goal:
    """What a time may be at most: so many times the other side's, and so many microseconds."""

    ratio: float | None = None
    microseconds: float | None = None

    def __str__(self) -> str:
        parts = [f"at most {self.ratio:g} times"] if self.ratio is not None else []
        if self.microseconds is not None:
            parts.append(f"at most {self.microseconds:g} us")
        return ", ".join(parts)

    def is_met(self, times: Times) -> bool:
        """Tell whether the times are within both limits."""
        slow = self.ratio is not None and times.ratio is not None and times.ratio > self.ratio
        return not slow and (self.microseconds is None or times.ours <= self.microseconds)


@dataclass(frozen=True)
class Row:
    """One thing that was measured; ``beside`` names the other side."""

    what: str
    goal: Goal | None
    times: Times
    beside: str | None

    @property
    def missed(self) -> bool:
        """Whether there is a goal that is not met."""
        return self.goal is not None and not self.goal.is_met(self.times)

    def __str__(self) -> str:
        times = self.times
        cells = (
            self.what,
            str(self.goal or ""),
            f"{times.ours:.2f} us",
            "" if times.theirs is None else f"{times.theirs:.2f} us {self.beside}",
            "" if times.ratio is None else f"{times.ratio:.2f}",
            "" if self.goal is None else "missed" if self.missed else "met",
        )
        return f"| {' | '.join(cells)} |"


def render(rows: Sequence[Row]) -> str:
    """Return the whole table."""
    return "\n".join([HEADER, *map(str, rows)])
