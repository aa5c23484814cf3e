"""Differences of single fields, and the pairing of our detections with Human's."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Json = Mapping[str, Any]
Box = Sequence[float | str | None]


class Difference(NamedTuple):
    """The difference of a field, and its limit.

    ``place`` is the index of the face, body or other detection in Human's list, and 0 for a whole list. The difference
    of labels is 0 or 1; it is infinite if only one side has the field.
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
    """The indices, in our list and in Human's, of the same detections, and the detections of one side only."""

    pairs: list[tuple[int, int]]
    alone: list[Json]


def paired(ours: Sequence[Json], theirs: Sequence[Json]) -> Pairing:
    """Pair detections whose boxes' centers are closer than half of the larger box, the closest first."""
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
    """Return the largest difference of the numbers of two boxes; two boxes without numbers are equal."""
    one, other = _finite(ours), _finite(theirs)
    if one is None or other is None:
        return 0.0 if one == other else math.inf
    return max(abs(our - their) for our, their in zip(one, other, strict=True))


def _apart(our: Json, their: Json) -> float:
    """Return the distance of the centers of two boxes, in halves of the larger side of both."""
    one, other = _finite(our["box"]), _finite(their["box"])
    if one is None or other is None:
        return 0.0 if one == other else math.inf
    centers = [(x + width / 2, y + height / 2) for x, y, width, height in (one, other)]
    return 2 * math.dist(*centers) / max(*one[2:], *other[2:], 1)


def _finite(box: Box) -> list[float] | None:
    """Return a box's numbers, or None for the box of no points: it is infinite, in JSON words or null."""
    numbers = [value for value in box if isinstance(value, int | float)]
    return numbers if len(numbers) == len(box) else None
