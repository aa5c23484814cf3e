"""Bodies."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from humanrt.result.record import Box, Point, Record


@dataclass(frozen=True)
class Keypoint(Record):
    """One part of a body."""

    part: str
    """The name of the part in Human, "leftShoulder" for instance; left and right are the person's own."""
    score: float
    """The confidence, 0..1."""
    position: Point
    """x, y in pixels; for models with depth also z, the distance behind the middle of the hips, in pixels."""
    position_raw: Point
    """``position`` as fractions of the picture's size; z of the mean of width and height."""
    distance: Point | None = None
    """x, y, z in metres from the middle of the hips, for models that measure in space (blazepose)."""


@dataclass(frozen=True, eq=False)
class Body(Record):
    """One body."""

    id: int
    """The number of the body in its Result; in a session that of its track."""
    score: float
    """The confidence that this is a body, 0..1."""
    box: Box
    """The box around ``keypoints`` in pixels; with ``compat="human"`` infinite where there are none."""
    box_raw: Box
    """``box`` as fractions of the picture's size."""
    keypoints: tuple[Keypoint, ...] = field(repr=False)
    """The keypoints whose score is above ``body.min_confidence``; with ``compat="human"``, all those of blazepose."""
    annotations: Mapping[str, tuple[tuple[Point, Point], ...]] = field(repr=False)
    """The lines to draw, each from position to position, by the name of the limb, "leftArm" for instance."""
