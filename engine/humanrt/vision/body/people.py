"""BlazePose's detector: the regions of the image that blazepose is run on.

Source: Bazarevsky and others, "BlazePose: On-device Real-time Body Pose Tracking" (2020). The anchors, the input and
the crop of a detection are MediaPipe's, as published in TensorFlow.js's pose-detection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import atan2
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import BodyDetectorConfig
from humanrt.imaging import fit, map_points, normalize
from humanrt.tensors import non_max_suppression
from humanrt.vision.body.detector import Prepared, Region
from humanrt.vision.decoding import anchor_centers, sigmoid
from humanrt.vision.stage import Family, InputForm

INPUT_SIZE = 224
# The distance between the cells of each grid, in pixels of the input, and the number of anchors in a cell.
GRIDS = ((8, 2), (16, 2), (32, 6))
# A row, in pixels of the input, relative to the anchor. The box is that of the head; of the four points the first two
# are the middle of the hips and, above it, a point on the circle around the body.
SCORE, CENTER, SIZE, HIPS, TOP = 0, slice(1, 3), slice(3, 5), slice(5, 7), slice(7, 9)
# The crop is so many times as large as that circle.
MARGIN = 1.25
# The least radius of that circle, in pixels of the input.
LEAST_REACH = 1


class RegionTask(NamedTuple):
    """At most ``limit`` regions are wanted."""

    settings: BodyDetectorConfig
    limit: int


@dataclass(frozen=True)
class RegionDetector(Family[RegionTask, Prepared, list[Region]]):
    """The detector; its output is [1, n, 13]."""

    outputs: tuple[str, ...] = ("persons",)

    def prepare(self, source: NDArray[Any], form: InputForm, task: RegionTask) -> Prepared:
        """Return the image as float32 [1, n, n, 3], -1..1, its proportions kept."""
        del task
        framed, affine = fit(source, form.height, form.width)
        return Prepared(normalize(framed, 1 / 127.5, -1.0), [affine], (source.shape[1], source.shape[0]))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: RegionTask) -> list[Region]:
        """Return the best regions, best first, each with a person upright in its centre."""
        (rows,) = outputs[0]
        reach = np.hypot(*(rows[:, TOP] - rows[:, HIPS]).T)
        rows, cells = rows[reach >= LEAST_REACH], anchors()[reach >= LEAST_REACH]
        corners = corners_of(rows, cells, 1.0)
        thresholds = task.settings.iou_threshold, task.settings.min_confidence
        chosen = non_max_suppression(corners, sigmoid(rows[:, SCORE]), task.limit, *thresholds)
        return [_region(rows[i], cells[i], prepared) for i in chosen]


REGION_DETECTOR = RegionDetector()


def corners_of(rows: NDArray[np.float32], cells: NDArray[np.float32], margin: float) -> NDArray[np.float32]:
    """Return the boxes of the heads, ``margin`` times as large, as two corners, [n, 4], in pixels of the input."""
    centers = rows[:, CENTER] + cells
    halves = rows[:, SIZE] / 2 * margin
    return np.concatenate([centers - halves, centers + halves], axis=1)


@cache
def anchors() -> NDArray[np.float32]:
    """Return the centres of the anchors, float32 [2254, 2], in pixels of the input."""
    return anchor_centers(INPUT_SIZE, GRIDS)


def _region(row: NDArray[np.float32], anchor: NDArray[np.float32], prepared: Prepared) -> Region:
    points = np.stack([row[HIPS], row[TOP]]).astype(np.float64) + anchor
    (x, y), (x_top, y_top) = map_points(prepared.affines[0], points).tolist()
    right, up = x_top - x, y - y_top
    half = MARGIN * float(np.hypot(right, up))
    return Region((x - half, y - half, x + half, y + half), atan2(right, up))
