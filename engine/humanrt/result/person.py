"""Persons."""

from dataclasses import dataclass
from typing import Any

from humanrt.result.body import Body
from humanrt.result.face import Face
from humanrt.result.formats import numbers
from humanrt.result.geometry import Box
from humanrt.result.gesture import Gesture
from humanrt.result.hand import Hand


@dataclass(frozen=True, eq=False)
class Hands:
    """The two hands of a person, left and right as the person has them; None for one that was not found."""

    left: Hand | None = None
    right: Hand | None = None


@dataclass(frozen=True, eq=False)
class Person:
    """A face and what belongs to it; ``box``, in pixels, is around all of that."""

    id: int
    face: Face
    body: Body | None
    hands: Hands
    gestures: tuple[Gesture, ...]
    box: Box
    box_raw: Box

    def to_human(self) -> dict[str, Any]:
        """Give the person as the JSON-ready dict that Human gives."""
        left, right = self.hands.left, self.hands.right
        return {
            "id": self.id,
            "face": self.face.to_human(),
            "body": self.body and self.body.to_human(),
            "hands": {"left": left and left.to_human(), "right": right and right.to_human()},
            "gestures": [gesture.to_human() for gesture in self.gestures],
            "box": numbers(self.box),
            "boxRaw": numbers(self.box_raw),
        }
