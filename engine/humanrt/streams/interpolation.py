"""Results between the frames of a video: Human's ``next()``, src/util/interpolate.ts.

Each call moves what it showed last towards the last result, further the older that is: by 28 % 50 ms after the result,
by 40 % after 250 ms, and wholly after a second. Records are matched by their ids, and the parts of bodies by their
names, where Human matches both by their place in a list. It also keeps what it showed in a variable of its module,
leaves the mesh as it is, and averages angles of -pi and pi to 0.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import log
from time import perf_counter
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np

from humanrt.result import Body, Face, Hand, Hands, Person, Result
from humanrt.streams.geometry import (
    Floats,
    Known,
    Move,
    Rows,
    aligned,
    move_body,
    move_face,
    move_hand,
    move_object,
    move_person,
    wrapped,
)

# Milliseconds after which the last result is returned as it is.
LIVE = 1000


class Numbered(Protocol):
    """A record with an id."""

    @property
    def id(self) -> int:
        """The number of the record."""


AnyRecord = TypeVar("AnyRecord", bound=Numbered)
# What was shown of the records of one kind: their arrays by id.
Positions: TypeAlias = Mapping[int, Mapping[str, Known]]


@dataclass(frozen=True)
class Shown:
    """What was shown last: the arrays of every record by its kind and id."""

    kinds: Mapping[str, Positions] = field(default_factory=dict)


@dataclass
class _Blend:
    """A ``Move`` towards the last result: of ``factor`` parts one is the last result, the others are ``before``."""

    before: Mapping[str, Known]
    factor: float
    after: dict[str, Known] = field(default_factory=dict)

    def __call__(self, name: str, values: Floats, rows: Rows = (), *, circular: bool = False) -> Floats:
        before = aligned(self.before.get(name), values, rows)
        blended = before + (wrapped(values - before) if circular else values - before) / self.factor
        blended = np.where(np.isnan(blended), values, wrapped(blended) if circular else blended)
        self.after[name] = Known(rows, blended)
        return blended


def blend_factor(milliseconds: float) -> float:
    """Return of how many parts the last result is one, so many milliseconds after it."""
    return 8 - log(max(milliseconds, 0.0) + 1) if milliseconds < LIVE else 1.0


def interpolate(latest: Result, shown: Shown, timestamp: float) -> tuple[Result, Shown]:
    """Return what is shown at a time in milliseconds since 1970, and its state for the next call.

    Where the number of records of a kind has changed, those of the last result are shown as they are. Gestures,
    scores and descriptions are those of the last result. ``latest`` has no tensors.
    """
    start = perf_counter()
    factor = blend_factor(timestamp - latest.timestamp)
    kinds: dict[str, Positions] = {}

    def blended(
        kind: str, records: Iterable[AnyRecord], move: Callable[[AnyRecord, Move], AnyRecord]
    ) -> tuple[AnyRecord, ...]:
        records = [*records]
        before = shown.kinds.get(kind, {})
        known = before if len(before) == len(records) else {}
        blends = [_Blend(known.get(record.id, {}), factor) for record in records]
        moved = tuple(move(record, blend) for record, blend in zip(records, blends, strict=True))
        kinds[kind] = {record.id: blend.after for record, blend in zip(records, blends, strict=True)}
        return moved

    faces = blended("face", latest.face, move_face)
    bodies = blended("body", latest.body, move_body)
    hands = blended("hand", latest.hand, move_hand)
    found = replace(
        latest,
        face=faces,
        body=bodies,
        hand=hands,
        object=blended("object", latest.object, move_object),
        persons=regrouped(blended("person", latest.persons, move_person), latest, faces, bodies, hands),
        timestamp=round(timestamp),
    )
    milliseconds = 1000 * (perf_counter() - start)
    return replace(found, performance={**latest.performance, "interpolate": milliseconds}), Shown(kinds)


def regrouped(
    persons: Iterable[Person], result: Result, faces: Iterable[Face], bodies: Iterable[Body], hands: Iterable[Hand]
) -> tuple[Person, ...]:
    """Return persons with records of ``result`` replaced by those at the same places of the other three."""
    old = (*result.face, *result.body, *result.hand)
    new: dict[int, Any] = {id(record): other for record, other in zip(old, (*faces, *bodies, *hands), strict=True)}
    new[id(None)] = None
    return tuple(
        replace(
            person,
            face=new[id(person.face)],
            body=new[id(person.body)],
            hands=Hands(new[id(person.hands.left)], new[id(person.hands.right)]),
        )
        for person in persons
    )


def without_tensors(result: Result) -> Result:
    """Return the result without the tensors of its faces and without segmentation."""
    if next(result.tensors(), None) is None:
        return replace(result, segmentation=None)
    faces = tuple(replace(face, tensor=None) for face in result.face)
    persons = regrouped(result.persons, result, faces, result.body, result.hand)
    return replace(result, face=faces, persons=persons, segmentation=None)
