"""Comparison of gestures with Human's: equal as sets, except those that depend on less than the limit of points.

Human's points are shifted at random many times, each by as much as points may differ, and gestures are read from them
by our version of Human's rules, which ``tests/peer`` compares with the original. A gesture in some of these readings
and not in others is undecided: either side may have it.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from humanrt.compat import HUMAN
from humanrt.result import Body, Face, Hand
from parity.difference import Difference, Json, paired
from parity.records import IRISES, read_body, read_face, read_hand

# "undecided" counts undecided gestures of one side only; "mouth" is in per cent, beyond the range of the readings.
LIMITS: Mapping[str, float] = {"gestures": 0, "undecided": math.inf, "mouth": 0}
# The limit of the points, in pixels.
SHAKE = 1.5
SHAKES = 100

Places = Mapping[str, Mapping[int, int]]
# A gesture: the part of a person, its index in Human's list, and the text without its number.
Seen = tuple[str, int, str]


def compare_gestures(ours: Json, theirs: Json) -> list[Difference]:
    """Compare the lists under "gesture" of two whole results, of the faces, bodies and hands that both have."""
    places, their_own = places_of(ours, theirs)
    our, their = seen_in(ours["gesture"], places), seen_in(theirs["gesture"], their_own)
    readings = [seen_in(reading, their_own) for reading in _readings(ours, theirs, places)]
    sometimes = {seen for reading in readings for seen in reading}
    always = {seen for seen in sometimes if all(seen in reading for reading in readings)}
    undecided = (our.keys() ^ their.keys()) & (sometimes - always)
    wrong = (our.keys() ^ their.keys()) - undecided
    differences = [
        Difference(0, "gestures", len(wrong), LIMITS["gestures"]),
        Difference(0, "undecided", len(undecided), LIMITS["undecided"]),
    ]
    for seen in our.keys() & their.keys():
        numbers = [reading[seen] for reading in readings if seen in reading] + [their[seen]]
        if not math.isnan(their[seen]):
            off = max(min(numbers) - our[seen], our[seen] - max(numbers), 0)
            differences.append(Difference(seen[1], "mouth", off, LIMITS["mouth"]))
    return differences


def places_of(ours: Json, theirs: Json) -> tuple[Places, Places]:
    """Return the indices in Human's lists of our faces, irises, bodies and hands, and of Human's, that both have."""
    faces = {i: i for i in range(min(len(ours["face"]), len(theirs["face"])))}
    found = {part: dict(paired(ours[part], theirs[part]).pairs) for part in ("body", "hand")}
    places = {"face": faces, "iris": faces, **found}
    return places, {part: {j: j for j in of_part.values()} for part, of_part in places.items()}


def seen_in(gestures: Iterable[Json], places: Places) -> dict[Seen, float]:
    """Return the gestures of the parts in ``places``, each with the number in its text, or NaN."""
    seen = {}
    for gesture in gestures:
        (part,) = gesture.keys() - {"gesture"}
        number = re.search(r"\d+", gesture["gesture"])
        if gesture[part] in places[part]:
            words = re.sub(r"\d+", "", gesture["gesture"])
            seen[part, places[part][gesture[part]], words] = float(number[0] if number else "nan")
    return seen


def _readings(ours: Json, theirs: Json, places: Places) -> Iterator[list[Json]]:
    """Yield gestures read from Human's result, its points shifted. The fingers are Human's and ours alternately."""
    faces = [read_face(face) for face in theirs["face"]]
    bodies = [read_body(body) for body in theirs["body"]]
    hands = [read_hand(hand) for hand in theirs["hand"]]
    as_ours = [*hands]
    for i, j in places["hand"].items():
        as_ours[j] = replace(hands[j], landmarks=read_hand(ours["hand"][i]).landmarks)
    random = np.random.default_rng(0)
    for n in range(SHAKES):
        shaken = (
            [_shaken_face(face, random) for face in faces],
            [_shaken_body(body, random, theirs["height"]) for body in bodies],
            [_shaken_hand(hand, random) for hand in (hands, as_ours)[n % 2]],
        )
        yield [gesture.to_human() for gesture in HUMAN.gestures.find(*shaken)]


def _shake(points: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    shaken: NDArray[np.float32] = points + random.choice(np.array([-SHAKE, 0, SHAKE], np.float32), points.shape)
    return shaken


def _shaken_face(face: Face, random: np.random.Generator) -> Face:
    mesh = _shake(face.mesh, random)
    return replace(face, mesh=mesh, annotations={name: mesh[rows] for name, rows in IRISES.items()})


def _shaken_body(body: Body, random: np.random.Generator, height: int) -> Body:
    keypoints = []
    for keypoint in body.keypoints:
        y = keypoint.position[1] + random.choice((-SHAKE, 0, SHAKE))
        keypoints.append(replace(keypoint, position=(keypoint.position[0], y), position_raw=(0.0, y / height)))
    return replace(body, keypoints=tuple(keypoints))


def _shaken_hand(hand: Hand, random: np.random.Generator) -> Hand:
    return replace(hand, annotations={name: _shake(group, random) for name, group in hand.annotations.items()})
