"""Gestures and persons as Human finds them: src/gesture/gesture.ts and src/util/persons.ts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from humanrt.people.gestures import (
    DOWN,
    LEAST_CONFIDENCE,
    UP,
    GestureRules,
    face_gestures,
    leaning,
    look_of,
    looks,
    prominent_fingers,
    raised_hands,
)
from humanrt.people.persons import Joined, within
from humanrt.people.poses import BENT, MIDDLE_FINGER, OPEN_PALM, POINT, THUMBS_UP, VICTORY
from humanrt.result import Body, Direction, Face, Hand, Hands, Points

# The least distance of an iris from its eye's outer corner, in widths of the face, for a look aside.
ASIDE = 0.04
# A body leans where the heights of its shoulders differ by more than this, in heights of the image.
LEAN = 0.1


def as_is(mesh: Points) -> NDArray[np.float64]:
    """Return the identity: a face that lies on its side faces anywhere, and blinks at random."""
    del mesh
    return np.eye(3)


def iris_gestures(face: Face) -> Iterator[str]:
    """Yield where a face with irises looks.

    The iris that comes near to its corner is measured: straight looks are aside, and far ones are lost. Up and down are
    those of either iris, so that one look can go up and down, and down with every wink.
    """
    look = look_of(face, as_is)
    if look is not None:
        aside = min(look.asides) > ASIDE
        yield from looks(look, aside=aside, down=min(look.heights) < DOWN, up=max(look.heights) > UP)


def body_gestures(body: Body) -> Iterator[str]:
    """Yield the gestures of a body; leaning is measured in heights of the image: small bodies never lean."""
    yield from raised_hands(body)
    heights = {keypoint.part: keypoint.position_raw[1] for keypoint in body.keypoints}
    if "leftShoulder" in heights and "rightShoulder" in heights:
        yield from leaning(heights["leftShoulder"] - heights["rightShoulder"], LEAN)


def hand_gestures(hand: Hand) -> Iterator[str]:
    """Yield the gestures of a hand with keypoints.

    The roots of the fingers are taken for their tips, and the palm for a finger. Poses need not have their defining
    fingers: a fist is a "point", and a victory is an "open palm" as well.
    """
    if not len(hand.keypoints):
        return
    # Of two equal ones, Human takes the later.
    groups = reversed([*hand.annotations.items()])
    yield from prominent_fingers({name.lower(): group[0] for name, group in groups if len(group)})
    for pose in POSES:
        if pose.confidence(hand.landmarks) >= LEAST_CONFIDENCE:
            yield pose.name


def _left_only(directions: Mapping[str, Mapping[Direction, float]]) -> dict[str, dict[Direction, float]]:
    return {
        name: {side: fit for side, fit in fits.items() if not side.endswith("Right")}
        for name, fits in directions.items()
    }


POSES = (
    THUMBS_UP,
    # Fingers that lean to the left only.
    replace(VICTORY, directions=_left_only(VICTORY.directions)),
    POINT,
    # A middle finger that is curled like all the others.
    replace(MIDDLE_FINGER, curls={**MIDDLE_FINGER.curls, "middle": BENT}),
    OPEN_PALM,
)


@dataclass(frozen=True)
class HumanGestureRules(GestureRules):
    """Numbers gestures by index, and then looks persons' gestures up by id.

    This is another number where a detector numbers its bodies before it sorts them.
    """

    def number(self, index: int, record: Face | Body | Hand) -> int:
        """Return the index."""
        del record
        return index


GESTURES = HumanGestureRules(partial(face_gestures, rotate=as_is), body_gestures, hand_gestures, iris_gestures)


def join_parts(faces: Sequence[Face], bodies: Sequence[Body], hands: Sequence[Hand]) -> Joined:
    """Yield the last body whose box is around a face's lower left corner, also another's, and its hands.

    A hand whose right side is inside of the body is the left one, one whose left side is inside the right one; many are
    both.
    """
    for face in faces:
        x, y, _, height = face.box
        body = next((body for body in reversed(bodies) if within((x, y + height), body.box)), None)
        if body is None:
            yield None, Hands()
            continue
        left = right = None
        for hand in hands:
            x, y, width, height = hand.box
            if within((x + width, y + height), body.box):
                left = hand
            if within((x, y + height), body.box):
                right = hand
        yield body, Hands(left, right)
