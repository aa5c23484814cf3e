"""The box of a detected face, from its detector to the other face models."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.result import Box
from humanrt.tensors import non_max_suppression
from humanrt.vision.decoding import round_half_up
from humanrt.vision.precision import Precision

Point = NDArray[np.float64]  # [2]: x, y


@dataclass(frozen=True, eq=False)
class FaceBox:
    """A box in pixels of the image; it may extend outside. ``size`` is the ``size`` of the result's ``Face``."""

    start: Point  # top left
    end: Point  # bottom right
    # [6, 2]: both eyes, nose, mouth, both ears; [5, 2]: both eyes, nose, both corners of the mouth; or [0, 2]. What is
    # left in the image comes first.
    landmarks: NDArray[np.float64]
    confidence: float
    size: Point  # width, height
    # Start and end of the face as annotators draw it, if they differ from those of the box, and whether the detector
    # was trained on such boxes.
    face: tuple[Point, Point] | None = None
    annotated: bool = False

    @property
    def center(self) -> Point:
        """The centre of the box."""
        return self.start + (self.end - self.start) / 2

    @property
    def extent(self) -> Point:
        """Width and height."""
        return np.abs(self.end - self.start)

    def squared(self, scale: float) -> "FaceBox":
        """Return the box enlarged ``scale`` times about its centre and made square, in whole pixels."""
        size = self.extent * scale
        half = size.max() / 2
        center = self.center
        start, end, size = round_half_up(np.stack([center - half, center + half, size]))
        return replace(self, start=start, end=end, size=size, face=self.face or (self.start, self.end))

    def centered_on(self, points: NDArray[np.float64]) -> "FaceBox":
        """Return the box, its extent kept, moved to the centre of the bounding box of ``points``, [n, 2 or more]."""
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        center, half = low + (high - low) / 2, self.extent / 2
        return replace(self, start=center - half, end=center + half)

    def clamped(self, width: int, height: int) -> "FaceBox":
        """Return the box clipped to the image; one that lies outside has its end before its start."""
        return replace(self, start=np.maximum(self.start, 0), end=np.minimum(self.end, (width, height)))

    def pixels(self, precision: Precision) -> Box:
        """Return the box as x, y, width and height."""
        values = np.concatenate([self.start, self.end - self.start])
        x, y, width, height = precision.whole(values).tolist()
        return x, y, width, height

    def relative(self, width: int, height: int) -> Box:
        """Return x, y, width and height divided by the image's size."""
        image = np.array([width, height], np.float64)
        x, y, box_width, box_height = np.concatenate([self.start / image, (self.end - self.start) / image]).tolist()
        return x, y, box_width, box_height


# A detector is trained on faces of some sizes. Where it runs at several sizes of the picture, smaller and larger faces
# are left to the run that has them in between: longer sides of a face in pixels of the input.
LEAST_SIDE, MOST_SIDE = 16, 320
# The part of the smaller of two boxes that the other covers, from which on they are one face: a part of a face, or a
# group of faces, is detected as another one.
NESTED = 0.65
# The part of a box that several better ones cover, from which on it is no face: between two faces a third is detected,
# which the mesh confirms. Of each of them it must have as much as BESIDE.
BETWEEN, BESIDE = 0.5, 0.15


def trusted(found: Sequence[Sequence[FaceBox]], sizes: Sequence[int], longer_side: int) -> list[FaceBox]:
    """Return the boxes of several runs that are of a size for which no other run is better.

    ``sizes`` is the longer side of the input of each run, ``longer_side`` that of the image.
    """
    least, most = min(sizes), max(sizes)
    kept = []
    for boxes, size in zip(found, sizes, strict=True):
        low = 0.0 if size == most else LEAST_SIDE
        high = inf if size == least else max(MOST_SIDE, LEAST_SIDE * size / least)
        kept += [box for box in boxes if low <= max(_size(box)) * size / longer_side <= high]
    return kept


def merged(boxes: Sequence[FaceBox], settings: FaceDetectorConfig) -> list[FaceBox]:
    """Return the best of the boxes of several runs, best first, without those that overlap a better one as detected.

    Of two boxes of which one is in the other, the one with the lower score is dropped as well, and so is one that lies
    between several faces with higher scores, and on them.
    """
    corners = np.array([np.concatenate(_corners(box)) for box in boxes], np.float32).reshape(-1, 4)
    scores = np.array([box.confidence for box in boxes], np.float32)
    chosen = non_max_suppression(corners, scores, settings.max_detected, settings.iou_threshold, -inf)
    corners = corners[chosen]
    sides = np.minimum(corners[:, None, 2:], corners[:, 2:]) - np.maximum(corners[:, None, :2], corners[:, :2])
    areas, shared = (corners[:, 2:] - corners[:, :2]).prod(axis=1), sides.clip(0).prod(axis=2)
    covered, parts = shared > NESTED * np.minimum(areas[:, None], areas), shared / areas[:, None]
    kept: list[int] = []
    for i in range(len(chosen)):
        beside = parts[i, kept][parts[i, kept] > BESIDE]
        if not covered[i, kept].any() and not (len(beside) > 1 and beside.sum() > BETWEEN):
            kept.append(i)
    return [boxes[chosen[i]] for i in kept]


def _corners(box: FaceBox) -> tuple[Point, Point]:
    """Return start and end of the box as detected."""
    return box.face or (box.start, box.end)


def _size(box: FaceBox) -> Point:
    start, end = _corners(box)
    return np.abs(end - start)


def grown(boxes: Iterable[FaceBox], settings: FaceDetectorConfig) -> list[FaceBox]:
    """Enlarge the boxes of a detector, make them square, and drop those that are too small."""
    squared = [box.squared(settings.scale) for box in boxes]
    return [box for box in squared if (box.size > settings.min_size).all()]
