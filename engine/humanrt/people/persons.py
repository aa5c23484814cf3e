"""Persons: which body, hands and gestures belong to which face, as in Human's src/util/persons.ts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import dist
from typing import TypeVar

from humanrt.result import Body, Box, Face, Gesture, Hand, Hands, Person, Point

Place = TypeVar("Place", int, tuple[int, str])

# Where a body's head is, as the models call it.
HEADS = ("nose", "head")
# The joints of an arm, the nearest to the hand first, and how far from it they may be, in sizes of the hand.
REACH = {"Wrist": 1, "Elbow": 2, "Shoulder": 4}


def join_persons(
    faces: Sequence[Face],
    bodies: Sequence[Body],
    hands: Sequence[Hand],
    gestures: Sequence[Gesture],
    size: tuple[int, int],
    *,
    quirks: bool,
) -> tuple[Person, ...]:
    """Make a person of each face; ``size`` is the picture's width and height.

    A body belongs to the face at its head, and a hand to the arm that ends there: left and right are the person's own,
    and nothing belongs to two. ``quirks`` joins by boxes alone, as Human does.
    """
    joined = _as_human(faces, bodies, hands) if quirks else _joined(faces, bodies, hands)
    return tuple(
        _person(i, face, body, both, gestures, size)
        for i, (face, (body, both)) in enumerate(zip(faces, joined, strict=True))
    )


def _joined(
    faces: Sequence[Face], bodies: Sequence[Body], hands: Sequence[Hand]
) -> Iterator[tuple[Body | None, Hands]]:
    owned = _settle(_head_claims(faces, bodies))
    held = _settle(_arm_claims({i: bodies[j] for i, j in owned.items()}, hands))
    for i in range(len(faces)):
        left, right = (hands[held[i, side]] if (i, side) in held else None for side in ("left", "right"))
        yield bodies[owned[i]] if i in owned else None, Hands(left, right)


def _settle(claims: Iterable[tuple[float, Place, int]]) -> dict[Place, int]:
    """Give each place one thing, and each thing to one place, the nearest first; a claim is distance, place, thing."""
    settled: dict[Place, int] = {}
    given: set[int] = set()
    for _, place, thing in sorted(claims):
        if place not in settled and thing not in given:
            settled[place] = thing
            given.add(thing)
    return settled


def _head_claims(faces: Sequence[Face], bodies: Sequence[Body]) -> Iterator[tuple[float, int, int]]:
    """Claim for faces the bodies whose head is in the face's box, or whose box is around the face without a head."""
    for j, body in enumerate(bodies):
        head = next((keypoint.position[:2] for keypoint in body.keypoints if keypoint.part in HEADS), None)
        top = (body.box[0] + body.box[2] / 2, body.box[1])
        for i, face in enumerate(faces):
            center = _center(face.box)
            if _within(head, face.box) if head else _within(center, body.box):
                yield dist(center, head or top), i, j


def _arm_claims(bodies: Mapping[int, Body], hands: Sequence[Hand]) -> Iterator[tuple[float, tuple[int, str], int]]:
    """Claim for both arms of each body the hands that are in reach of its last known joint."""
    for i, body in bodies.items():
        found = {keypoint.part: keypoint.position[:2] for keypoint in body.keypoints}
        for side in ("left", "right"):
            joint = next((joint for joint in REACH if f"{side}{joint}" in found), None)
            if joint is None:
                continue
            for j, hand in enumerate(hands):
                wrist = hand.keypoints[0, :2].tolist() if len(hand.keypoints) else _center(hand.box)
                distance = dist(wrist, found[f"{side}{joint}"])
                if distance <= REACH[joint] * max(hand.box[2:]):
                    yield distance, (i, side), j


def _as_human(
    faces: Sequence[Face], bodies: Sequence[Body], hands: Sequence[Hand]
) -> Iterator[tuple[Body | None, Hands]]:
    """Join by boxes, the last one that fits: a body that is around a face's lower left corner, also another's.

    A hand whose right side is within the body is the left one, one whose left side is within it the right one; many
    are both.
    """
    for face in faces:
        x, y, _, height = face.box
        body = next((body for body in reversed(bodies) if _within((x, y + height), body.box)), None)
        if body is None:
            yield None, Hands()
            continue
        left = right = None
        for hand in hands:
            x, y, width, height = hand.box
            if _within((x + width, y + height), body.box):
                left = hand
            if _within((x, y + height), body.box):
                right = hand
        yield body, Hands(left, right)


def _person(
    id_: int, face: Face, body: Body | None, hands: Hands, gestures: Sequence[Gesture], size: tuple[int, int]
) -> Person:
    parts = (("face", face), ("iris", face), ("body", body), ("hand", hands.left), ("hand", hands.right))
    own = {(part, record.id) for part, record in parts if record}
    boxes = [record.box for _, record in parts if record]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    box = (left, top, right - left, bottom - top)
    return Person(
        id=id_,
        face=face,
        body=body,
        hands=hands,
        gestures=tuple(gesture for gesture in gestures if (gesture.part, gesture.id) in own),
        box=box,
        box_raw=(box[0] / size[0], box[1] / size[1], box[2] / size[0], box[3] / size[1]),
    )


def _center(box: Box) -> Point:
    return box[0] + box[2] / 2, box[1] + box[3] / 2


def _within(point: Point, box: Box) -> bool:
    return box[0] < point[0] < box[0] + box[2] and box[1] < point[1] < box[1] + box[3]
