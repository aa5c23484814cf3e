"""The skeleton of a hand: 21 points in space, from a crop of the image.

Source: Zhang and others, "MediaPipe Hands: On-device Real-time Hand Tracking" (2020); the crop and the way back to the
image are those of Human's src/hand/handtrack.ts and handposepipeline.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, sin
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import crop_rotated
from humanrt.vision.stage import Family, InputForm

Floats = NDArray[np.float32]
Point = NDArray[np.float64]  # [2]: x, y

# Points on the axis of a hand: the wrist, and the root of the middle finger.
WRIST, MIDDLE = 0, 9


class Region(NamedTuple):
    """A box in pixels of the image rotated by ``-angle`` radians about ``pivot``."""

    start: Point  # top left
    end: Point  # bottom right
    angle: float
    pivot: Point


class Skeleton(NamedTuple):
    """The skeleton model's output for one region."""

    flag: float  # the probability of a hand, 0..1
    keypoints: NDArray[np.float64]  # [21, 3] in pixels of the image
    depths: NDArray[np.float64]  # [21]: the z of the keypoints in pixels of the model's input


class CroppedHands(NamedTuple):
    """The model's input, [n, h, w, 3], 0..1."""

    pixels: Floats


@dataclass(frozen=True)
class SkeletonFamily(Family[Sequence[Region], CroppedHands, list[Skeleton]]):
    """Models that find the points of the hand in each region of the image: flags [n, 1] and points [n, 63]."""

    outputs: tuple[str, ...] = ("flag", "points")

    def prepare(self, source: NDArray[Any], form: InputForm, task: Sequence[Region]) -> CroppedHands:
        """Cut the regions out of the image, each sampled once, bilinearly."""
        crops = [self.cut(source, region, form) for region in task]
        return CroppedHands(np.stack(crops).astype(np.float32) * np.float32(1 / 255))

    def cut(self, picture: NDArray[Any], region: Region, form: InputForm) -> NDArray[Any]:
        """Cut one region out of the image, upright, resized to the model's input."""
        corners, pivot = (*region.start, *region.end), (*region.pivot,)
        upright, _ = crop_rotated(picture, corners, region.angle, pivot, form.height, form.width)
        return upright

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: CroppedHands, task: Sequence[Region]) -> list[Skeleton]:
        """Return the points of each region in pixels of the image."""
        flags, points = outputs
        rows = points.reshape(len(task), -1, 3).astype(np.float64)
        size = prepared.pixels.shape[2], prepared.pixels.shape[1]
        return [
            Skeleton(flag, _placed(row, region, size), row[:, 2])
            for flag, row, region in zip(flags.reshape(-1).tolist(), rows, task, strict=True)
        ]


SKELETON = SkeletonFamily()


def region_around(points: NDArray[np.float64], margin: float, *, upright: bool) -> Region:
    """Return the square around points, [21, 2] in pixels of the image, ``margin`` times as large.

    ``upright`` rotates it so that the middle finger points up.
    """
    pivot = (points.min(axis=0) + points.max(axis=0)) / 2
    x, y = points[MIDDLE] - points[WRIST]
    angle = atan2(x, -y) if upright else 0.0
    around = turned(points, -angle, pivot)
    return Region(*square(around.min(axis=0), around.max(axis=0), margin), angle, pivot)


def square(start: Point, end: Point, margin: float) -> tuple[Point, Point]:
    """Return the corners of the square around a box, ``margin`` times as large."""
    center, half = (start + end) / 2, (end - start).max() / 2 * margin
    return center - half, center + half


def turned(points: NDArray[np.float64], angle: float, pivot: Point) -> NDArray[np.float64]:
    """Rotate points, [n, 2] or [2], by ``angle`` radians about ``pivot``, clockwise in the image."""
    cosine, sine = cos(angle), sin(angle)
    turned: NDArray[np.float64] = (points - pivot) @ np.array([[cosine, sine], [-sine, cosine]]) + pivot
    return turned


def _placed(points: NDArray[np.float64], region: Region, size: tuple[int, int]) -> NDArray[np.float64]:
    """Transform points, [21, 3] in pixels of the model's input of this width and height, to the image."""
    scale = (region.end - region.start) / size
    flat = turned(points[:, :2] * scale + region.start, region.angle, region.pivot)
    return np.column_stack([flat, points[:, 2] * scale.mean()])
