"""Bodies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from humanrt.result.formats import number, numbers
from humanrt.result.geometry import Box, Point


@dataclass(frozen=True)
class Keypoint:
    """One part of a body, by Human's name, as "leftShoulder"; left and right are the person's own.

    ``position`` is in pixels, ``position_raw`` the same over the picture's size. Where the model has depth there is z
    too: how far the part is behind the middle of the hips, in pixels, and over the mean of width and height.
    ``distance`` is x, y, z in metres from the middle of the hips, of the models that measure in space. ``score`` is
    0..1.
    """

    part: str
    score: float
    position: Point
    position_raw: Point
    distance: Point | None = None

    def to_human(self) -> dict[str, Any]:
        """Give the keypoint as the JSON-ready dict that Human gives."""
        human: dict[str, Any] = {
            "part": self.part,
            "score": number(self.score),
            "position": numbers(self.position),
            "positionRaw": numbers(self.position_raw),
        }
        if self.distance is not None:
            human["distance"] = numbers(self.distance)
        return human


@dataclass(frozen=True, eq=False)
class Body:
    """One body: the keypoints that the model is sure of, and the box around them.

    The keypoints are those with a score over ``body.min_confidence``; with ``compat="human"``, all of blazepose's.
    ``annotations`` are the lines to draw for each limb, "leftArm" for instance, from position to position. ``box`` is
    in pixels, ``score`` is 0..1.
    """

    id: int
    score: float
    box: Box
    box_raw: Box
    keypoints: tuple[Keypoint, ...] = field(repr=False)
    annotations: Mapping[str, tuple[tuple[Point, Point], ...]] = field(repr=False)

    def to_human(self) -> dict[str, Any]:
        """Give the body as the JSON-ready dict that Human gives."""
        return {
            "id": self.id,
            "score": number(self.score),
            "box": numbers(self.box),
            "boxRaw": numbers(self.box_raw),
            "keypoints": [keypoint.to_human() for keypoint in self.keypoints],
            "annotations": {
                name: [[numbers(start), numbers(end)] for start, end in lines]
                for name, lines in self.annotations.items()
            },
        }
