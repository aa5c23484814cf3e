"""Measuring two sides in turns.

Two clocks run: the CPU time of all threads of the process, which does not contain what other processes took, and the
wall. The sides take turns, one round each, in the order ABBA: the speed of a CPU changes within a minute. The median of
many rounds stands for a side.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from statistics import median, quantiles
from typing import NamedTuple


class Spent(NamedTuple):
    """Seconds of CPU time and seconds on the wall."""

    cpu: float
    wall: float


Side = Callable[[int], Spent]
"""Does a thing so many times, and returns the time that it took."""


@dataclass(frozen=True)
class Effort:
    """The length of a measurement.

    Attributes:
        rounds: rounds of each side.
        seconds: the least CPU time of a round.
        warm_up: goes of the first warm-up, of which there are more until one takes so many seconds.

    """

    rounds: int
    seconds: float
    warm_up: int = 1


@dataclass(frozen=True)
class Times:
    """Microseconds that one go took by one clock, for each side.

    Attributes:
        ours: the median.
        theirs: the median of the other side, if there is one.
        ratio: the median of the rounds' own ratios. What slows both sides down for a while moves their two medians, but
            hardly the ratio within a round.
        middle: the lower and the upper quartile of these ratios.

    """

    ours: float
    theirs: float | None = None
    ratio: float | None = None
    middle: tuple[float, float] | None = None


class Measured(NamedTuple):
    """The times by both clocks."""

    cpu: Times
    wall: Times


class Stopwatch:
    """The time since the stopwatch was created."""

    def __init__(self) -> None:
        self._start = time.process_time(), time.perf_counter()

    def read(self) -> Spent:
        """Return the time of this process until now."""
        cpu, wall = self._start
        return Spent(time.process_time() - cpu, time.perf_counter() - wall)


def here(function: Callable[[], object]) -> Side:
    """Return the side that calls ``function`` in this process."""

    def side(count: int) -> Spent:
        stopwatch = Stopwatch()
        for _ in repeat(None, count):
            function()
        return stopwatch.read()

    return side


def take_turns(ours: Side, theirs: Side | None, effort: Effort) -> Measured:
    """Measure one or two sides in turns."""
    sides = [side for side in (ours, theirs) if side is not None]
    counts = [_enough(side, effort) for side in sides]
    rounds: list[list[Spent]] = []
    for number in range(effort.rounds):
        spent = {}
        for i in range(len(sides))[:: -1 if number % 2 else 1]:
            cpu, wall = sides[i](counts[i])
            spent[i] = Spent(cpu / counts[i], wall / counts[i])
        rounds.append([spent[i] for i in range(len(sides))])
    return Measured(*(_times([[side[clock] for side in sides] for sides in rounds]) for clock in (0, 1)))


def _times(rounds: Sequence[Sequence[float]]) -> Times:
    """Return the medians of rounds, each of which has the seconds of one or two sides."""
    medians = [median(seconds) * 1e6 for seconds in zip(*rounds, strict=True)]
    if len(medians) == 1:
        return Times(medians[0])
    ratios = [ours / theirs for ours, theirs in rounds]
    lower, _, upper = quantiles(ratios, method="inclusive") if len(ratios) > 1 else ratios * 3
    return Times(medians[0], medians[1], median(ratios), (lower, upper))


def _enough(side: Side, effort: Effort) -> int:
    """Warm a side up, and return the number of goes that a round needs."""
    count = effort.warm_up
    while (taken := side(count).cpu) < effort.seconds:
        # At most ten times as many: the first goes are slow, compilers still work on them.
        count = min(10 * count, int(count * 1.2 * effort.seconds / max(taken, 1e-6)) + 1)
    return count
