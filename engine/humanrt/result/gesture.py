"""Gestures."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Gesture:
    """What a part of a person does: ``gesture`` in Human's words, "looking left" for instance.

    ``id`` is that of the face, body or hand it was seen in; that of an iris is its face's.
    """

    part: Literal["face", "iris", "body", "hand"]
    id: int
    gesture: str

    def to_human(self) -> dict[str, Any]:
        """Give the gesture as the JSON-ready dict that Human gives."""
        return {self.part: self.id, "gesture": self.gesture}
