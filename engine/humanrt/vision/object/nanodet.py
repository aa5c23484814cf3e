"""NanoDet: detects objects on three grids.

Source: the project at https://github.com/RangiLyu/nanodet, whose boxes are those of Li and others, "Generalized Focal
Loss" (2020): a distribution for each side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import isqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Object
from humanrt.tensors import non_max_suppression
from humanrt.vision.object.detector import Floats, ObjectFamily, ObjectTask, scaled, sides_of, visible
from humanrt.vision.stage import Batch, InputForm

# Mean and standard deviation, in BGR, of the images on which the model was trained.
MEAN = np.array([103.53, 116.28, 123.675], np.float32)
DEVIATION = np.array([57.375, 57.12, 58.395], np.float32)


class Candidates(NamedTuple):
    """The boxes of the cells with a score over the threshold, as two corners over the image's size."""

    corners: NDArray[np.float64]  # [n, 4]
    scores: Floats  # [n, classes]


@dataclass(frozen=True)
class NanoDet(ObjectFamily):
    """Scores, [1, cells, classes], and distances, [1, cells, 4 * steps], of grids of 13, 26 and 52 cells a side."""

    outputs: tuple[str, ...] = (
        *("scores_169", "scores_676", "scores_2704"),
        *("distances_169", "distances_676", "distances_2704"),
    )
    labeled: str = "scores_2704"

    def prepare(self, source: NDArray[Any], form: InputForm, task: ObjectTask) -> Batch:
        """Return the image as float32 [1, 3, h, w], BGR, normalised as in training."""
        del task
        _, height, width = form  # channels come first
        return planar((scaled(source, height, width, 1.0)[..., ::-1] - MEAN) / DEVIATION)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: ObjectTask) -> list[Object]:
        """Return the objects with their boxes clipped to the image."""
        del prepared
        settings = task.settings
        found = self.candidates(outputs, settings.min_confidence)
        corners, seen = visible(found.corners)
        corners, scores = corners[seen], found.scores[seen]
        cells, classes = np.nonzero(scores > settings.min_confidence)
        corners, best = corners[cells], scores[cells, classes]
        limits = settings.max_detected, settings.iou_threshold, settings.min_confidence
        chosen = non_max_suppression(corners.astype(np.float32), best, *limits)
        return self.record(sides_of(corners[chosen]), best[chosen].tolist(), classes[chosen], task)

    def candidates(self, outputs: Sequence[NDArray[Any]], least: float) -> Candidates:
        """Return the box of each cell that has a class with a score over ``least``."""
        grids = [rows for (rows,) in outputs]
        scores, logits = np.concatenate(grids[:3]), np.concatenate(grids[3:])
        centers, lengths = _cells(tuple(len(rows) for rows in grids[:3]))
        likely = (scores > least).any(axis=1)
        steps = logits[likely].reshape(np.count_nonzero(likely), 4, logits.shape[1] // 4)
        sides = self.sides(steps) * lengths[likely]
        corners = np.hstack([centers[likely] - sides[:, :2], centers[likely] + sides[:, 2:]])
        return Candidates(corners, scores[likely])

    def sides(self, steps: Floats) -> NDArray[np.float64]:
        """Return the distances of the sides in cells, [n, 4]: the means of the distributions, [n, 4, steps] logits."""
        weights = np.exp(steps - steps.max(axis=2, keepdims=True), dtype=np.float64)
        means: NDArray[np.float64] = weights @ np.arange(steps.shape[2]) / weights.sum(axis=2)
        return means


NANODET = NanoDet()


def planar(pixels: Floats) -> Batch:
    """Return [1, h, w, 3] as [1, 3, h, w]."""
    return Batch(np.ascontiguousarray(np.moveaxis(pixels, 3, 1)))


@cache
def _cells(counts: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centres of all cells, [n, 2], and the length of their sides, [n, 1], over the image's size."""
    centers, lengths = [], []
    for count in counts:
        side = isqrt(count)
        rows, columns = np.divmod(np.arange(count), side)
        centers.append((np.column_stack([columns, rows]) + 0.5) / side)
        lengths.append(np.full((count, 1), 1 / side))
    return np.concatenate(centers), np.concatenate(lengths)
