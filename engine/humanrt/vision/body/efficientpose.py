"""EfficientPose: 16 points of one body.

Source: Groos, Ramampiaro and Ihlen, "EfficientPose: Scalable single-person pose estimation" (2020), and its authors'
code, github.com/daniegr/EfficientPose, for the input of the Lite form.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import fit, map_points, normalize
from humanrt.result import Body
from humanrt.vision.body.detector import BodyFamily, BodyTask, Prepared
from humanrt.vision.body.skeleton import LIMBS, Pose, Skeleton, best
from humanrt.vision.stage import InputForm

SKELETON = Skeleton(
    (
        *("head", "neck", "rightShoulder", "rightElbow", "rightWrist", "chest", "leftShoulder", "leftElbow"),
        *("leftWrist", "bodyCenter", "rightHip", "rightKnee", "rightAnkle", "leftHip", "leftKnee", "leftAnkle"),
    ),
    LIMBS,
)


@dataclass(frozen=True)
class EfficientPose(BodyFamily):
    """One output, the heat map [1, h, w, 16]: each part is at its maximum."""

    outputs: tuple[str, ...] = ("heatmap",)

    def prepare(self, source: NDArray[Any], form: InputForm, task: BodyTask) -> Prepared:
        """Return the image as float32 [1, n, n, 3], -1..1, its proportions kept."""
        del task
        framed, affine = fit(source, form.height, form.width)
        return Prepared(normalize(framed, 1 / 127.5, -1.0), [affine], (source.shape[1], source.shape[0]))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: BodyTask) -> tuple[Body, ...]:
        """Return the body, if one of its parts has a score over ``min_confidence``."""
        (heatmap,) = outputs[0]
        hottest, scores = maxima(heatmap)
        width = heatmap.shape[1]
        cells = np.column_stack([hottest % width, hottest // width]).astype(np.float64)
        points = map_points(prepared.affines[0], cells)
        # The heat maps were trained to be 0..1; their values may be a little higher.
        scores = np.clip(scores, 0.0, 1.0)
        pose = Pose(float(scores.max()), scores, points)
        return best([SKELETON.body(pose, prepared.size, task.settings.min_confidence)], task.limit)


EFFICIENTPOSE = EfficientPose()


def maxima(heatmap: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the index of the highest cell of each part's map in [h, w, parts], and its value."""
    parts = heatmap.shape[2]
    cells = heatmap.reshape(-1, parts)
    hottest = cells.argmax(axis=0)
    return hottest, cells[hottest, np.arange(parts)].astype(np.float64)
