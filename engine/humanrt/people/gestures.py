"""Gestures: what faces, bodies, hands and irises do, from the records alone.

Names and rules are those of Human's src/gesture/gesture.ts, without its faults. Left and right are the person's own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import atan2, copysign, cos, dist, inf, nan, sin, trunc
from typing import Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from humanrt.people.poses import FINGERS, POSES
from humanrt.result import Body, Face, Gesture, Hand, Points

Record = TypeVar("Record", Face, Body, Hand)
Part: TypeAlias = Literal["face", "iris", "body", "hand"]
Rules: TypeAlias = Callable[[Record], Iterator[str]]
Rotate: TypeAlias = Callable[[Points], NDArray[np.float64]]

SIDES = ("left", "right")

# -- faces: points of the mesh

# The outer corners of the eyes.
OUTER_CORNERS = {"left": 263, "right": 33}
LIPS = (13, 14)
FOREHEAD, CHIN = 10, 152
# The centre of each eye: its lids, and the points above and below it.
LIDS = {"left": (374, 386), "right": (145, 159)}
SOCKETS = {"left": (443, 450), "right": (223, 230)}
LEAST_POINTS = 450
# A face looks at the camera while the depths of its eyes differ by at most this part of their distance.
FACE_CENTERED = 0.15
# An eye blinks where the distance of its lids is less than this part of the socket's height.
BLINK = 0.2
# In percent: a mouth is fully open where its lips are a fifth of the face's height apart; the least that is open.
MOUTH, OPEN = 500, 10
# A head nods where the depth of its chin exceeds this, in pixels of the mesh model's input.
NOD = 10

# -- irises

# The centre of each lower lid.
LOWER_LIDS = {"left": 374, "right": 145}
# Points of an iris.
CENTER, RIGHT, ABOVE, LEFT, BELOW = range(5)
# The eyes look at the camera where the areas of the irises differ by less than this part of the larger one.
IRIS_CENTERED = 0.25
# The distance of an iris from its eye's outer corner, in widths of the crop, from which on a look is aside.
ASIDE = 0.06
# The height of an iris over its lower lid, in heights of the crop: a look is down below the one, up above the other.
DOWN, UP = 0.01, 0.022

# -- bodies

# A body leans where the height of its shoulders differs by more than this part of their distance, 23 degrees. This is
# Human's tenth of the picture's height for a standing body as high as the picture, whose shoulders are .259 of its
# height apart (Drillis and Contini, "Body Segment Parameters", 1966). Unlike the height, it is known of bodies that
# are cut off.
LEAN = 0.1 / 0.259

# -- hands

# Of the 21 keypoints, the tips of the fingers.
TIPS = (4, 8, 12, 16, 20)
# The least confidence of a pose.
LEAST_CONFIDENCE = 0.7


def upright(mesh: Points) -> NDArray[np.float64]:
    """Return the rotation, [3, 3], for ``points @ rotation``, that makes the line through the eyes horizontal."""
    x, y, _ = mesh[OUTER_CORNERS["left"]] - mesh[OUTER_CORNERS["right"]]
    angle = atan2(y, x)
    return np.array([[cos(angle), -sin(angle), 0.0], [sin(angle), cos(angle), 0.0], [0.0, 0.0, 1.0]])


def quotient(part: float, whole: float) -> float:
    """Divide as JavaScript does, also by zero."""
    if whole:
        return part / whole
    return copysign(inf, part) if part else nan


def face_gestures(face: Face, rotate: Rotate = upright) -> Iterator[str]:
    """Yield the gestures of a face with a mesh: it turns, blinks, opens its mouth, and nods.

    The rules measure widths and heights of upright faces, so the mesh is rotated first.
    """
    if len(face.mesh) <= LEAST_POINTS:
        return
    mesh = face.mesh.astype(np.float64) @ rotate(face.mesh)

    def height(pair: tuple[int, int]) -> float:
        return float(abs(mesh[pair[0], 1] - mesh[pair[1], 1]))

    width, _, depth = (mesh[OUTER_CORNERS["right"]] - mesh[OUTER_CORNERS["left"]]).tolist()
    if abs(quotient(depth, width)) <= FACE_CENTERED:
        yield "facing center"
    else:
        yield f"facing {'left' if depth < 0 else 'right'}"
    for side in SIDES:
        if quotient(height(LIDS[side]), height(SOCKETS[side])) < BLINK:
            yield f"blink {side} eye"
    mouth = quotient(MOUTH * height(LIPS), height((FOREHEAD, CHIN)))
    if mouth > OPEN:
        yield f"mouth {trunc(min(100, mouth))}% open"
    chin = mesh[CHIN, 2]
    if abs(chin) > NOD:
        yield f"head {'up' if chin < 0 else 'down'}"


class Look(NamedTuple):
    """Where a face's irises are, in sizes of its crop."""

    centered: bool
    asides: list[float]  # the distance of each from its eye's outer corner, in widths of the crop
    heights: list[float]  # the height of each over its lower lid, in heights of the crop


def look_of(face: Face, rotate: Rotate = upright) -> Look | None:
    """Return where a face's irises are, after ``rotate``; None without irises."""
    if not len(face.annotations.get("leftEyeIris", ())):
        return None
    rotation = rotate(face.mesh)
    mesh = face.mesh.astype(np.float64) @ rotation
    irises = [face.annotations[f"{side}EyeIris"].astype(np.float64) @ rotation for side in SIDES]
    areas = [abs((iris[LEFT, 0] - iris[RIGHT, 0]) * (iris[BELOW, 1] - iris[ABOVE, 1])) for iris in irises]
    _, _, width, height = face.crop or face.box
    asides, heights = [], []
    for side, iris in zip(SIDES, irises, strict=True):
        asides.append(quotient(abs(mesh[OUTER_CORNERS[side], 0] - iris[CENTER, 0]), width))
        heights.append(quotient(abs(mesh[LOWER_LIDS[side], 1] - iris[CENTER, 1]), height))
    return Look(quotient(abs(areas[0] - areas[1]), max(areas)) < IRIS_CENTERED, asides, heights)


def iris_gestures(face: Face) -> Iterator[str]:
    """Yield where a face with irises looks.

    A look is aside where one iris is far from its eye's outer corner; up and down are the mean of both irises.
    """
    look = look_of(face)
    if look is not None:
        height = sum(look.heights) / 2
        yield from looks(look, aside=max(look.asides) > ASIDE, down=height < DOWN, up=height > UP)


def looks(look: Look, *, aside: bool, down: bool, up: bool) -> Iterator[str]:
    """Yield the names of the directions of a look."""
    if look.centered:
        yield "facing center"
    if aside:
        # The left iris leaves its corner when the look is to the right.
        yield f"looking {'right' if look.asides[0] > look.asides[1] else 'left'}"
    if down:
        yield "looking down"
    if up:
        yield "looking up"
    if look.centered and max(look.asides) <= ASIDE and not down and not up:
        yield "looking center"


def body_gestures(body: Body) -> Iterator[str]:
    """Yield the gestures of a body: it raises hands, and leans."""
    yield from raised_hands(body)
    places = {keypoint.part: keypoint.position for keypoint in body.keypoints}
    if "leftShoulder" in places and "rightShoulder" in places:
        left, right = places["leftShoulder"], places["rightShoulder"]
        yield from leaning(left[1] - right[1], LEAN * dist(left[:2], right[:2]))


def raised_hands(body: Body) -> Iterator[str]:
    """Yield which hands are above the nose."""
    heights = {keypoint.part: keypoint.position[1] for keypoint in body.keypoints}  # y grows downwards
    nose = heights.get("nose", -inf)
    match heights.get("leftWrist", inf) < nose, heights.get("rightWrist", inf) < nose:
        case True, True:
            yield "i give up"
        case True, False:
            yield "raise left hand"
        case False, True:
            yield "raise right hand"


def leaning(slope: float, least: float) -> Iterator[str]:
    """Yield to which side shoulders lean, if ``slope``, left minus right, exceeds ``least``."""
    if abs(slope) > least:
        yield f"leaning {'left' if slope > 0 else 'right'}"


def hand_gestures(hand: Hand) -> Iterator[str]:
    """Yield the gestures of a hand with keypoints: the nearest and the highest finger, and the poses."""
    if not len(hand.keypoints):
        return
    yield from prominent_fingers(dict(zip(FINGERS, hand.keypoints[list(TIPS)], strict=True)))
    for pose in POSES:
        if pose.is_defined_by(hand.landmarks) and pose.confidence(hand.landmarks) >= LEAST_CONFIDENCE:
            yield pose.name


def prominent_fingers(points: dict[str, Points]) -> Iterator[str]:
    """Yield the nearest and the highest of named points, [3]."""
    yield f"{min(points, key=lambda name: float(points[name][2]))} forward"
    yield f"{min(points, key=lambda name: float(points[name][1]))} up"


@dataclass(frozen=True)
class GestureRules:
    """The rules for each part; ``compat/`` has another instance."""

    face: Rules[Face] = face_gestures
    body: Rules[Body] = body_gestures
    hand: Rules[Hand] = hand_gestures
    iris: Rules[Face] = iris_gestures

    def number(self, index: int, record: Face | Body | Hand) -> int:
        """Return the id of a gesture from its record, which is at ``index`` in its list."""
        del index
        return record.id

    def find(self, faces: Sequence[Face], bodies: Sequence[Body], hands: Sequence[Hand]) -> tuple[Gesture, ...]:
        """Return the gestures of faces, bodies, hands and irises, in this order."""
        return (
            *self._each("face", faces, self.face),
            *self._each("body", bodies, self.body),
            *self._each("hand", hands, self.hand),
            *self._each("iris", faces, self.iris),
        )

    def _each(self, part: Part, records: Sequence[Record], rules: Rules[Record]) -> Iterator[Gesture]:
        for i, record in enumerate(records):
            for gesture in rules(record):
                yield Gesture(part, self.number(i, record), gesture)
