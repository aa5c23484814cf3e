"""Hands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from humanrt.result.record import Box, Points, Record

Curl: TypeAlias = Literal["none", "half", "full"]
Direction: TypeAlias = Literal[
    "verticalUp",
    "verticalDown",
    "horizontalLeft",
    "horizontalRight",
    "diagonalUpRight",
    "diagonalUpLeft",
    "diagonalDownRight",
    "diagonalDownLeft",
]


@dataclass(frozen=True)
class Finger:
    """The pose of one finger."""

    curl: Curl
    """How far the finger is bent."""
    direction: Direction
    """The direction of the finger in the picture."""


@dataclass(frozen=True, eq=False)
class Hand(Record):
    """One hand.

    It has no keypoints if ``hand.landmarks`` is off, or if handtrack detected a hand and the skeleton model did not.
    """

    id: int
    """The index of the hand in its Result; in a session the number of its track."""
    score: float
    """The confidence that this is a hand, 0..1: ``box_score`` with handtrack, ``finger_score`` with handdetect."""
    box_score: float
    """The detector's confidence, 0..1."""
    finger_score: float
    """The skeleton model's confidence, 0..1."""
    box: Box
    """The box in pixels: around ``keypoints`` if there are any, else the detector's."""
    box_raw: Box
    """``box`` as fractions of the picture's size."""
    label: str
    """The detector's class, "hand", "fist" or "point" for instance."""
    keypoints: Points = field(repr=False)
    """The wrist, then four points for each finger from the thumb on, from palm to tip: float32 [21, 3] or [0, 3]. x and
    y are in pixels; z is relative to the wrist, smaller when nearer to the camera."""
    annotations: Mapping[str, Points] = field(repr=False)
    """The points of ``keypoints`` by finger, and of the palm; empty without keypoints."""
    landmarks: Mapping[str, Finger]
    """The pose of each finger by its name, "thumb" for instance; empty without keypoints."""
