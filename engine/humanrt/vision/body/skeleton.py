"""Skeletons: the parts of a body that a model outputs, and how they are recorded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Body, Box, Keypoint, Point

Floats: TypeAlias = NDArray[np.float64]
Size: TypeAlias = tuple[int, int]  # the image's width and height
Lines: TypeAlias = Mapping[str, tuple[tuple[Point, Point], ...]]


class Pose(NamedTuple):
    """A model's output for one body, part by part."""

    score: float  # of the whole body
    scores: Floats  # [n]
    points: Floats  # [n, 2], or [n, 3] where the model has depth: pixels of the image
    distances: Floats | None = None  # [n, 3]: metres, NaN where the model has none


@dataclass(frozen=True)
class Skeleton:
    """The parts of a model, in its order and with Human's names, and the limbs, which connect parts."""

    parts: tuple[str, ...]
    limbs: Mapping[str, tuple[str, ...]]

    def keypoints(self, pose: Pose, size: Size, min_score: float = -inf) -> tuple[Keypoint, ...]:
        """Return the keypoints of a pose with a score over ``min_score``."""
        rows = zip(self.parts, pose.scores.tolist(), pose.points.tolist(), _relative(pose.points, size), strict=True)
        distances = pose.distances if pose.distances is not None else np.full((len(self.parts), 3), np.nan)
        return tuple(
            Keypoint(part, score, tuple(point), tuple(raw), None if np.isnan(distance).any() else tuple(distance))
            for (part, score, point, raw), distance in zip(rows, distances.tolist(), strict=True)
            if score > min_score
        )

    def lines(self, keypoints: Sequence[Keypoint], min_score: float = -inf) -> Lines:
        """Return the lines of the limbs, as far as both ends of a line have a score over ``min_score``."""
        places = {keypoint.part: keypoint.position for keypoint in keypoints if keypoint.score > min_score}
        return {
            name: tuple((places[a], places[b]) for a, b in pairwise(parts) if a in places and b in places)
            for name, parts in self.limbs.items()
        }

    def body(self, pose: Pose, size: Size, min_score: float) -> Body | None:
        """Record the parts with a score over ``min_score``; return None if there are none."""
        keypoints = self.keypoints(pose, size, min_score)
        if not keypoints:
            return None
        box = box_around([keypoint.position for keypoint in keypoints])
        return Body(0, pose.score, box, box_over(box, size), keypoints, self.lines(keypoints))


def best(bodies: Iterable[Body | None], limit: int) -> tuple[Body, ...]:
    """Return the best ``limit`` bodies, best first, with ids in this order."""
    found = sorted((body for body in bodies if body is not None), key=lambda body: -body.score)
    return tuple(replace(body, id=i) for i, body in enumerate(found[:limit]))


def box_around(positions: Sequence[Point]) -> Box:
    """Return the bounding box of points; of none it is infinite, of negative size, as in Human."""
    if not positions:
        return inf, inf, -inf, -inf
    x, y = [point[0] for point in positions], [point[1] for point in positions]
    return min(x), min(y), max(x) - min(x), max(y) - min(y)


def box_over(box: Box, size: Size) -> Box:
    """Return a box over the image's size."""
    x, y, box_width, box_height = box
    width, height = size
    return x / width, y / height, box_width / width, box_height / height


def _relative(points: Floats, size: Size) -> list[list[float]]:
    """Return points over the image's size; depth, as in Human, over the mean of width and height."""
    width, height = size
    relative: list[list[float]] = (points / np.array([width, height, (width + height) / 2])[: points.shape[1]]).tolist()
    return relative


# The parts of the COCO data set, which movenet and posenet were trained on.
PAIRED = ("Eye", "Ear", "Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle")
COCO_PARTS = ("nose", *(f"{side}{part}" for part in PAIRED for side in ("left", "right")))
# The deviations with which people place them, over the root of the body's area: those of COCO's evaluation.
DEVIATIONS = np.array([0.026, *np.repeat([0.025, 0.035, 0.079, 0.072, 0.062, 0.107, 0.087, 0.089], 2)])
LIMBS: Mapping[str, tuple[str, ...]] = {
    "leftLeg": ("leftHip", "leftKnee", "leftAnkle"),
    "rightLeg": ("rightHip", "rightKnee", "rightAnkle"),
    "torso": ("leftShoulder", "rightShoulder", "rightHip", "leftHip", "leftShoulder"),
    "leftArm": ("leftShoulder", "leftElbow", "leftWrist"),
    "rightArm": ("rightShoulder", "rightElbow", "rightWrist"),
    "head": (),
}
COCO = Skeleton(COCO_PARTS, LIMBS)
