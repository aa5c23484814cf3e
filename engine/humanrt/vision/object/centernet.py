"""CenterNet: detects objects by their centres, on a MobileNet v3.

Source: Zhou and others, "Objects as Points" (2019); the part of the graph that is used is that of Human's
src/object/centernet.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Object
from humanrt.tensors import non_max_suppression
from humanrt.vision.object.detector import Floats, ObjectFamily, ObjectTask, scaled, sides_of, visible
from humanrt.vision.stage import Batch, InputForm

# A row: two corners in pixels of the input, the score, and the index of the label.
CORNERS, SCORE, CLASS = slice(0, 4), 4, 5


@dataclass(frozen=True)
class CenterNet(ObjectFamily):
    """One output, the detections, [1, 100, 6]."""

    outputs: tuple[str, ...] = ("detections",)
    labeled: str = "heatmap"

    def prepare(self, source: NDArray[Any], form: InputForm, task: ObjectTask) -> Batch:
        """Return the image as float32 [1, h, w, 3], 0..255."""
        del task
        return Batch(scaled(source, form.height, form.width, 1.0))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: ObjectTask) -> list[Object]:
        """Return the detections with their boxes clipped to the image, without those outside."""
        ((rows,),) = outputs
        corners, seen = visible(relative_corners(rows, prepared))
        return self.choose(rows[seen], corners[seen], task)

    def choose(self, rows: Floats, corners: NDArray[np.float64], task: ObjectTask) -> list[Object]:
        """Record the best rows; ``corners`` are over the image's size."""
        limits = task.settings.max_detected, task.settings.iou_threshold, task.settings.min_confidence
        chosen = non_max_suppression(rows[:, CORNERS], rows[:, SCORE], *limits)
        scores = [self.precision.truncated(score, 2) for score in rows[chosen, SCORE].tolist()]
        return self.record(sides_of(corners[chosen]), scores, rows[chosen, CLASS], task)


CENTERNET = CenterNet()


def relative_corners(rows: Floats, prepared: Batch) -> NDArray[np.float64]:
    """Return the corners of rows over the input's size."""
    height, width = prepared.pixels.shape[1:3]
    return rows[:, CORNERS].astype(np.float64) / (width, height, width, height)
