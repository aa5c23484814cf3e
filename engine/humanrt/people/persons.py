"""Persons: which body, hands and gestures belong to which face, in place of Human's src/util/persons.ts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import dist
from typing import TypeAlias, TypeVar

from humanrt.result import Body, Box, Face, Gesture, Hand, Hands, Person, Point

Place = TypeVar("Place", int, tuple[int, str])

# The models' names of the part that is a body's head.
HEADS = ("nose", "head")
# The joints of an arm, the nearest to the hand first, and their greatest distance from it, in sizes of the hand.
REACH = {"Wrist": 1, "Elbow": 2, "Shoulder": 4}


# The body and the hands of each face, in the order of the faces.
Joined: TypeAlias = Iterable[tuple[Body | None, Hands]]
Join: TypeAlias = Callable[[Sequence[Face], Sequence[Body], Sequence[Hand]], Joined]


def join_parts(faces: Sequence[Face], bodies: Sequence[Body], hands: Sequence[Hand]) -> Joined:
    """Yield the body and the hands of each face.

    A body belongs to the face at its head, and a hand to the arm that ends there. Nothing belongs to two faces.
    """
    owned = _settle(_head_claims(faces, bodies))
    held = _settle(_arm_claims({i: bodies[j] for i, j in owned.items()}, hands))
    for i in range(len(faces)):
        left, right = (hands[held[i, side]] if (i, side) in held else None for side in ("left", "right"))
        yield bodies[owned[i]] if i in owned else None, Hands(left, right)


def join_persons(
    faces: Sequence[Face],
    bodies: Sequence[Body],
    hands: Sequence[Hand],
    gestures: Sequence[Gesture],
    size: tuple[int, int],
    join: Join = join_parts,
) -> tuple[Person, ...]:
    """Return a person for each face; ``size`` is the image's width and height. Left and right are the person's own."""
    return tuple(
        _person(i, face, body, both, gestures, size)
        for i, (face, (body, both)) in enumerate(zip(faces, join(faces, bodies, hands), strict=True))
    )


def _settle(claims: Iterable[tuple[float, Place, int]]) -> dict[Place, int]:
    """Assign each place one thing, and each thing one place, the nearest first; a claim is distance, place, thing."""
    settled: dict[Place, int] = {}
    given: set[int] = set()
    for _, place, thing in sorted(claims):
        if place not in settled and thing not in given:
            settled[place] = thing
            given.add(thing)
    return settled


def _head_claims(faces: Sequence[Face], bodies: Sequence[Body]) -> Iterator[tuple[float, int, int]]:
    """Yield claims of faces to bodies: the head is in the face's box, or, without a head, the face is in the body's."""
    for j, body in enumerate(bodies):
        head = next((keypoint.position[:2] for keypoint in body.keypoints if keypoint.part in HEADS), None)
        top = (body.box[0] + body.box[2] / 2, body.box[1])
        for i, face in enumerate(faces):
            center = _center(face.box)
            if within(head, face.box) if head else within(center, body.box):
                yield dist(center, head or top), i, j


def _arm_claims(bodies: Mapping[int, Body], hands: Sequence[Hand]) -> Iterator[tuple[float, tuple[int, str], int]]:
    """Yield claims of both arms of each body to the hands in reach of its last detected joint."""
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


def within(point: Point, box: Box) -> bool:
    """Return whether a point is inside of a box."""
    return box[0] < point[0] < box[0] + box[2] and box[1] < point[1] < box[1] + box[3]
