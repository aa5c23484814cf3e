"""Objects."""

from dataclasses import dataclass
from typing import Any

from humanrt.result.formats import number, numbers
from humanrt.result.geometry import Box


@dataclass(frozen=True)
class Object:
    """One object: ``label`` is its kind, "cup" for instance, and ``class_`` that kind's number, from 1 for "person".

    ``box`` is in pixels, cut to the picture; ``score`` is 0..1.
    """

    id: int
    score: float
    class_: int
    label: str
    box: Box
    box_raw: Box

    def to_human(self) -> dict[str, Any]:
        """Give the object as the JSON-ready dict that Human gives."""
        return {
            "id": self.id,
            "score": number(self.score),
            "class": self.class_,
            "label": self.label,
            "box": numbers(self.box),
            "boxRaw": numbers(self.box_raw),
        }
