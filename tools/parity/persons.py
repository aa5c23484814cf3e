"""Comparison of persons with Human's: their parts, gestures and boxes."""

from collections.abc import Mapping
from typing import Any

from parity.difference import Difference, Json, largest
from parity.gestures import Places, places_of, seen_in

PARTS = ("body", "left hand", "right hand")
# The limit of the box is at least the difference of the boxes in it.
LIMITS: Mapping[str, float] = {"persons": 0, **dict.fromkeys(PARTS, 0), "gestures": 0, "box": 1.5}


def compare_persons(ours: Json, theirs: Json) -> list[Difference]:
    """Compare the lists under "persons" of two whole results.

    Detections of one side only, such as a borderline hand, are counted with their module and ignored here.
    """
    differences = [Difference(0, "persons", abs(len(ours["persons"]) - len(theirs["persons"])), LIMITS["persons"])]
    places, their_own = places_of(ours, theirs)
    common = seen_in(ours["gesture"], places).keys() & seen_in(theirs["gesture"], their_own).keys()
    for index, (our, their) in enumerate(zip(ours["persons"], theirs["persons"], strict=False)):
        our_parts, their_parts = _parts(our, ours, places), _parts(their, theirs, their_own)
        one_sided = seen_in(our["gestures"], places).keys() ^ seen_in(their["gestures"], their_own).keys()
        amounts: dict[str, float] = {name: our_parts[name] != their_parts[name] for name in PARTS}
        amounts["gestures"] = len(one_sided & common)
        differences += (Difference(index, field, amount, LIMITS[field]) for field, amount in amounts.items())
        boxes = [list(_boxes(person)) for person in (our, their)]
        if our_parts == their_parts and len(boxes[0]) == len(boxes[1]):
            limit = max(LIMITS["box"], *map(largest, *boxes))
            differences.append(Difference(index, "box", largest(our["box"], their["box"]), limit))
    return differences


def _named(person: Json) -> dict[str, Json | None]:
    return dict(zip(PARTS, (person["body"], person["hands"]["left"], person["hands"]["right"]), strict=True))


def _parts(person: Json, result: Json, places: Places) -> dict[str, int | None]:
    """Return the indices in Human's list of a person's parts: None for those that are missing or only on one side."""
    found: dict[str, int | None] = {}
    for name, part in _named(person).items():
        kind = name.split()[-1]
        ids = [record["id"] for record in result[kind]]
        found[name] = places[kind].get(ids.index(part["id"])) if part else None
    return found


def _boxes(person: Json) -> list[Any]:
    return [part["box"] for part in (person["face"], *_named(person).values()) if part]
