"""Hands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from humanrt.result.formats import number, numbers, points
from humanrt.result.geometry import Box, Points

Curl = Literal["none", "half", "full"]
Direction = Literal[
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
    """How far a finger is bent, and where it points in the picture."""

    curl: Curl
    direction: Direction


@dataclass(frozen=True, eq=False)
class Hand:
    """One hand.

    ``keypoints`` is float32 [21, 3] in pixels: the wrist, then four points for each finger from the thumb on, from the
    palm to the tip; z is relative to the wrist's, and smaller nearer to the camera. It is [0, 3] where
    ``hand.landmarks`` is off, or handtrack saw a hand and the skeleton did not. ``annotations`` groups the keypoints by
    finger, ``landmarks`` says how each finger is held; both are empty without keypoints. ``label`` is what the detector
    saw, "hand", "fist" or "point" for instance. ``box`` is in pixels, around the keypoints if there are any. Scores are
    0..1: ``box_score`` is the detector's, ``finger_score`` the skeleton's, and ``score`` with handtrack the first, with
    handdetect the second.
    """

    id: int
    score: float
    box_score: float
    finger_score: float
    box: Box
    box_raw: Box
    label: str
    keypoints: Points = field(repr=False)
    annotations: Mapping[str, Points] = field(repr=False)
    landmarks: Mapping[str, Finger]

    def to_human(self) -> dict[str, Any]:
        """Give the hand as the JSON-ready dict that Human gives."""
        fingers = {
            name: {"curl": finger.curl, "direction": finger.direction} for name, finger in self.landmarks.items()
        }
        return {
            "id": self.id,
            "score": number(self.score),
            "boxScore": number(self.box_score),
            "fingerScore": number(self.finger_score),
            "box": numbers(self.box),
            "boxRaw": numbers(self.box_raw),
            "label": self.label,
            "keypoints": points(self.keypoints),
            # Where Human annotates points that are not there, it writes null for each of them, and for the fingers.
            "annotations": {
                name: points(group) or [None] * (1 if name == "palm" else 4) for name, group in self.annotations.items()
            },
            "landmarks": None if self.annotations and not self.landmarks else fingers,
        }
