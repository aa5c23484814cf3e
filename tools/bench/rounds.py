"""Measuring two sides by turns.

What is counted is CPU time, of all threads: time that other processes took does not show. The two sides take turns,
one round each, because a processor is not the same for a minute; the median of many rounds stands for a side.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from statistics import median

Side = Callable[[int], float]
"""Does a thing so many times, and returns the CPU seconds that it took."""

FIRST_TRY = 50


@dataclass(frozen=True)
class Effort:
    """How much measuring is done: ``rounds`` for each side, of about ``seconds`` each."""

    rounds: int
    seconds: float


@dataclass(frozen=True)
class Times:
    """Microseconds of CPU time that one go took, by side; ``ratio`` is the median of the rounds' own ratios.

    What slows both sides down for a while moves their two medians, but hardly the ratio within a round.
    """

    ours: float
    theirs: float | None
    ratio: float | None


def here(function: Callable[[], object]) -> Side:
    """Return the side that calls ``function`` in this process."""

    def side(count: int) -> float:
        start = time.process_time()
        for _ in repeat(None, count):
            function()
        return time.process_time() - start

    return side


def take_turns(ours: Side, theirs: Side | None, effort: Effort) -> Times:
    """Measure one or two sides in turns."""
    sides = [side for side in (ours, theirs) if side is not None]
    counts = [_enough(side, effort.seconds) for side in sides]
    rounds = [[side(count) / count for side, count in zip(sides, counts, strict=True)] for _ in range(effort.rounds)]
    medians = [median(times) * 1e6 for times in zip(*rounds, strict=True)]
    if theirs is None:
        return Times(medians[0], None, None)
    return Times(medians[0], medians[1], median(mine / other for mine, other in rounds))


def _enough(side: Side, seconds: float) -> int:
    """Find how often a thing must be done to take so long; this is the warm-up as well."""
    count = FIRST_TRY
    while (taken := side(count)) < seconds:
        # At most ten times as often: the first tries are slow, compilers still work on them.
        count = min(10 * count, int(count * 1.2 * seconds / max(taken, 1e-6)) + 1)
    return count
