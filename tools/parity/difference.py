"""How far one field of one thing is off, and which of ours is which of Human's."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Json = Mapping[str, Any]
Box = Sequence[float | str | None]


class Difference(NamedTuple):
    """How far a field is off, and how far it may be; ``place`` is that of its face, body or so in Human's list.

    Equal or not is 0 or 1, and a field that only one side has is infinitely off. What is said of a whole list has place
    0.
    """

    place: int
    field: str
    amount: float
    limit: float

    @property
    def within(self) -> bool:
        """Whether the field is within its limit."""
        return self.amount <= self.limit


class Pairing(NamedTuple):
    """Places in our list and in Human's of the same things, and the things that one side alone has found."""

    pairs: list[tuple[int, int]]
    alone: list[Json]


def paired(ours: Sequence[Json], theirs: Sequence[Json]) -> Pairing:
    """Pair things whose boxes' centres are nearer to each other than half of the larger box, the nearest first."""
    candidates = sorted(
        (apart, i, j)
        for i, our in enumerate(ours)
        for j, their in enumerate(theirs)
        if (apart := _apart(our, their)) < 1
    )
    pairs: list[tuple[int, int]] = []
    for _, i, j in candidates:
        if all(i != one and j != other for one, other in pairs):
            pairs.append((i, j))
    alone = [our for i, our in enumerate(ours) if all(i != one for one, _ in pairs)]
    alone += [their for j, their in enumerate(theirs) if all(j != other for _, other in pairs)]
    return Pairing(sorted(pairs, key=lambda pair: pair[1]), alone)


def largest(ours: Box, theirs: Box) -> float:
    """Give the largest difference of two boxes, by their numbers; boxes of nothing are equal."""
    one, other = _finite(ours), _finite(theirs)
    if one is None or other is None:
        return 0.0 if one == other else math.inf
    return max(abs(our - their) for our, their in zip(one, other, strict=True))


def _apart(our: Json, their: Json) -> float:
    """Tell how far the centres of two boxes are from each other, in halves of the larger side of both."""
    one, other = _finite(our["box"]), _finite(their["box"])
    if one is None or other is None:
        return 0.0 if one == other else math.inf
    centers = [(x + width / 2, y + height / 2) for x, y, width, height in (one, other)]
    return 2 * math.dist(*centers) / max(*one[2:], *other[2:], 1)


def _finite(box: Box) -> list[float] | None:
    """Read a box; None for that of a thing without points, which JSON has no numbers for: they are words, or null."""
    numbers = [value for value in box if isinstance(value, int | float)]
    return numbers if len(numbers) == len(box) else None
