"""Objects as Human detects and records them: src/object/centernet.ts and nanodet.ts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.compat.precision import HUMAN
from humanrt.result import Object
from humanrt.tensors import non_max_suppression
from humanrt.vision.decoding import round_half_up
from humanrt.vision.object.centernet import CenterNet, relative_corners
from humanrt.vision.object.detector import Floats, ObjectTask, scaled, sides_of
from humanrt.vision.object.nanodet import NanoDet, planar
from humanrt.vision.object.pipeline import ObjectFamilies
from humanrt.vision.stage import Batch, InputForm

# The length that Human takes for a step, in cells; it is a little longer.
STEP = 2.5 * 13 / 32
# The index of the class that Human drops: for what it feeds the model, that takes many things for toilets.
TOILET = 61


@dataclass(frozen=True)
class HumanCenterNet(CenterNet):
    """Resizes in float32, does not clip boxes, and counts classes from 0 against a table that counts from 1."""

    def prepare(self, source: NDArray[Any], form: InputForm, task: ObjectTask) -> Batch:
        """Return the image as float32 [1, h, w, 3], 0..255."""
        return super().prepare(source.astype(np.float32), form, task)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: ObjectTask) -> list[Object]:
        """Return the detections."""
        ((rows,),) = outputs
        found = self.choose(rows, relative_corners(rows, prepared), task)
        return [replace(each, class_=each.class_ - 1) for each in found]


@dataclass(frozen=True)
class HumanNanoDet(NanoDet):
    """Feeds RGB, 0..1, and takes the likeliest step of a side for its mean."""

    def prepare(self, source: NDArray[Any], form: InputForm, task: ObjectTask) -> Batch:
        """Return the image as float32 [1, 3, h, w]."""
        del task
        _, height, width = form  # channels come first
        return planar(scaled(source.astype(np.float32), height, width, 1 / 255))

    def sides(self, steps: Floats) -> NDArray[np.float64]:
        """Return the distances of the sides in cells."""
        sides: NDArray[np.float64] = STEP * steps.argmax(axis=2)
        return sides

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: ObjectTask) -> list[Object]:
        """Return the objects, without toilets.

        Positions and sizes are clipped to 0..1 separately, a box's size is taken for its other corner where overlaps
        are measured, scores are rounded before that, and the indices of the candidates are left as ids.
        """
        del prepared
        settings = task.settings
        found = self.candidates(outputs, settings.min_confidence)
        cells, classes = np.nonzero(found.scores > settings.min_confidence)
        kept = classes != TOILET
        cells, classes = cells[kept], classes[kept]
        boxes = np.clip(sides_of(found.corners[cells]), 0, 1)
        rounded = round_half_up(found.scores[cells, classes] * np.float64(100)) / 100
        # TF.js holds scores in float32 and thresholds in float64, so that a 0.2 is over 0.2, but a 0.7 is not over 0.7.
        single = rounded.astype(np.float32)
        over = np.where(single.astype(np.float64) > settings.min_confidence, single, np.float32(0))
        limits = settings.max_detected, settings.iou_threshold
        chosen = non_max_suppression(boxes.astype(np.float32), over, *limits, score_threshold=0.0)
        objects = self.record(boxes[chosen], rounded[chosen].tolist(), classes[chosen], task)
        return [replace(each, id=candidate) for each, candidate in zip(objects, chosen.tolist(), strict=True)]


OBJECT = ObjectFamilies(detectors=(HumanCenterNet(precision=HUMAN), HumanNanoDet(precision=HUMAN)))
