"""MoveNet: 17 points of one body, in a fast and an exact form, or of each of up to six bodies.

Source: "Next-Generation Pose Detection with MoveNet and TensorFlow.js" (2021), and the models' pages on TensorFlow Hub.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from humanrt.config import BodyConfig
from humanrt.imaging import fit, map_points
from humanrt.result import Body
from humanrt.vision.body.detector import BodyFamily, BodyTask, Prepared
from humanrt.vision.body.skeleton import COCO, Pose, best
from humanrt.vision.caching import Reuse
from humanrt.vision.stage import InputForm, VisionModel

PARTS = len(COCO.parts)
# The input for several bodies has sides of multiples of STEP; the longer one is this if none is configured.
LONGER_SIDE, STEP = 256, 32


@dataclass(frozen=True)
class MoveNet(BodyFamily):
    """One form of the model, for one body or for several.

    The output has, for each body, y, x and score of every part, over the input's size; with ``several`` also a box and
    the body's score.
    """

    reuse: ClassVar[Reuse | None] = Reuse(ahead=1, empty=True)
    several: bool = False

    def form(self, model: VisionModel) -> InputForm:
        """Return the form of the input, which has any size for several bodies."""
        return model.form if self.several else model.fixed_form

    def prepare(self, source: NDArray[Any], form: InputForm, task: BodyTask) -> Prepared:
        """Return the image, or its tile, as int32 [1, h, w, 3], its proportions kept.

        Where any size is accepted, the frame is no larger than the image needs: a wide one takes 3/5 of a square's
        time.
        """
        height, width = source.shape[:2]
        left, top, right, bottom = task.tile or (0, 0, width, height)
        longer = task.settings.input_size or LONGER_SIDE
        frame = (form.height, form.width) if form.height else _frame(right - left, bottom - top, longer)
        framed, affine = fit(source[top:bottom, left:right], *frame)
        affine[:, 2] += left, top
        return Prepared(framed[np.newaxis].astype(np.int32), [affine], (width, height))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: BodyTask) -> tuple[Body, ...]:
        """Return the bodies with a score over ``min_confidence``."""
        return best((self._body(row, prepared, task.settings) for row in self.rows(outputs)), task.limit)

    def rows(self, outputs: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
        """Return a row for each body, [n, 51 or 56]."""
        return outputs[0].reshape(-1, 3 * PARTS + (5 if self.several else 0)).astype(np.float64)

    def _body(self, row: NDArray[np.float64], prepared: Prepared, settings: BodyConfig) -> Body | None:
        y, x, scores = row[: 3 * PARTS].reshape(PARTS, 3).T
        score = row[-1] if self.several else scores.max()
        if score <= settings.min_confidence:
            return None
        height, width = prepared.pixels.shape[1:3]
        points = map_points(prepared.affines[0], np.column_stack([x * width, y * height]))
        return COCO.body(Pose(float(score), scores, points), prepared.size, settings.min_confidence)


SINGLE = MoveNet(("points",))
SEVERAL = MoveNet(("bodies",), takes_tiles=True, several=True)


def _frame(width: int, height: int, longer: int) -> tuple[int, int]:
    """Return height and width of the input for an image."""
    scale = longer / max(width, height)
    return ceil(round(height * scale) / STEP) * STEP or STEP, ceil(round(width * scale) / STEP) * STEP or STEP
