"""BlazePose's detector: where people are, for blazepose to look at each.

Source: Bazarevsky and others, "BlazePose: On-device Real-time Body Pose Tracking" (2020). The anchors, the input and
the way from a detection to a crop are MediaPipe's, as its makers give them in TensorFlow.js's pose-detection.
"""

from collections.abc import Sequence
from functools import cache
from math import atan2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import BodyDetectorConfig
from humanrt.imaging import fit, map_points, normalize, resize_square
from humanrt.tensors import non_max_suppression
from humanrt.vision.activation import sigmoid
from humanrt.vision.anchors import anchor_centers
from humanrt.vision.body.detector import Floats, Prepared
from humanrt.vision.model import InputForm

OUTPUTS = ("persons",)
INPUT_SIZE = 224
# How far the cells of each grid are apart, in pixels of the input, and how many anchors share one.
GRIDS = ((8, 2), (16, 2), (32, 6))
# A row, in pixels of the input, relative to the anchor. The box is that of the head; of the four points the first two
# are the middle of the hips and a point as far above it as a circle around the body reaches.
SCORE, CENTER, SIZE, HIPS, TOP = 0, slice(1, 3), slice(3, 5), slice(5, 7), slice(7, 9)
# How much larger than that circle the crop is.
MARGIN = 1.25
# The least radius of that circle, in pixels of the input: nobody is smaller than that.
LEAST_REACH = 1
# How much larger Human makes the box of the head.
HUMAN_MARGIN = 5


class Region(NamedTuple):
    """A part of the picture, in its pixels, and how far it is turned about its middle, clockwise, in radians."""

    box: tuple[float, float, float, float]  # left, top, right, bottom
    angle: float


def prepare(picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Prepared:
    """Scale a picture to float32 [1, n, n, 3], its proportions kept, to -1..1; ``quirks`` to 0..1, as Human does."""
    size = picture.shape[1], picture.shape[0]
    if quirks:
        square, affine = resize_square(picture.astype(np.float32), form.height)
        return Prepared(normalize(square, 1 / 255, 0.0), [affine], size)
    framed, affine = fit(picture, form.height, form.width)
    return Prepared(normalize(framed, 1 / 127.5, -1.0), [affine], size)


def decode(
    outputs: Sequence[Floats], prepared: Prepared, limit: int, settings: BodyDetectorConfig, *, quirks: bool
) -> list[Region]:
    """Read the output, [1, n, 13]: at most ``limit`` regions, best first, each with a person upright in its middle.

    ``quirks`` gives the one region that Human takes.
    """
    (rows,) = outputs[0]
    cells = anchors()
    if not quirks:
        reach = np.hypot(*(rows[:, TOP] - rows[:, HIPS]).T)
        rows, cells = rows[reach >= LEAST_REACH], cells[reach >= LEAST_REACH]
    centers = rows[:, CENTER] + cells
    halves = rows[:, SIZE] / 2 * (HUMAN_MARGIN if quirks else 1)
    corners = np.concatenate([centers - halves, centers + halves], axis=1)
    thresholds = settings.iou_threshold, settings.min_confidence
    chosen = non_max_suppression(corners, sigmoid(rows[:, SCORE]), 1 if quirks else limit, *thresholds)
    if quirks:
        return [_human_region(corners[i].astype(np.float64), prepared.size) for i in chosen]
    return [_region(rows[i], cells[i], prepared) for i in chosen]


@cache
def anchors() -> NDArray[np.float32]:
    """Make the centres of the anchors, float32 [2254, 2], in pixels of the input."""
    return anchor_centers(INPUT_SIZE, GRIDS)


def _region(row: NDArray[np.float32], anchor: NDArray[np.float32], prepared: Prepared) -> Region:
    points = np.stack([row[HIPS], row[TOP]]).astype(np.float64) + anchor
    (x, y), (x_top, y_top) = map_points(prepared.affines[0], points).tolist()
    right, up = x_top - x, y - y_top
    half = MARGIN * float(np.hypot(right, up))
    return Region((x - half, y - half, x + half, y + half), atan2(right, up))


def _human_region(corners: NDArray[np.float64], size: tuple[int, int]) -> Region:
    """Go Human's way out of the square: as if there were no padding, and with x and y exchanged."""
    left, top, right, bottom = corners / INPUT_SIZE
    width, height = size
    return Region((float(top * width), float(left * height), float(bottom * width), float(right * height)), 0.0)
