"""MoveNet: 17 points of one body, fast or exact, or of each of up to six.

Source: "Next-Generation Pose Detection with MoveNet and TensorFlow.js" (2021), and the models' pages on TensorFlow Hub.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from humanrt.config import BodyConfig
from humanrt.imaging import fit, map_points, resize_square
from humanrt.result import Body
from humanrt.vision.body import movenetfix
from humanrt.vision.body.detector import Floats, Prepared, best
from humanrt.vision.body.skeleton import COCO, Pose
from humanrt.vision.model import InputForm

PARTS = len(COCO.parts)
# The form for several bodies takes any multiple of STEP; its longer side is this one.
LONGER_SIDE, STEP = 256, 32


@dataclass(frozen=True)
class MoveNet:
    """One form of the model: what comes out, and of how many bodies."""

    OUTPUTS: tuple[str, ...]
    several: bool

    def prepare(self, picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Prepared:
        """Scale a picture to int32 [1, h, w, 3], its proportions kept.

        ``quirks`` pads it to a square for every form, and cuts fractions of grey levels off. Where any size will do,
        the frame is no larger than the picture needs: a wide one takes 3/5 of the square's time.
        """
        height, width = picture.shape[:2]
        if quirks:
            square, affine = resize_square(picture.astype(np.float32), form.height or LONGER_SIDE)
            return Prepared(square[np.newaxis].astype(np.int32), [affine], (width, height))
        frame = (form.height, form.width) if form.height else _frame(width, height)
        framed, affine = fit(picture, *frame)
        return Prepared(framed[np.newaxis].astype(np.int32), [affine], (width, height))

    def decode(
        self, outputs: Sequence[Floats], prepared: Prepared, limit: int, settings: BodyConfig, *, quirks: bool
    ) -> tuple[Body, ...]:
        """Read the output, of each body y, x and score of every part, over the input's size; then box and its score."""
        rows = outputs[0].reshape(-1, 3 * PARTS + (5 if self.several else 0)).astype(np.float64)
        if quirks:
            read = movenetfix.several if self.several else movenetfix.single
            return read(rows, prepared.size, limit, settings)
        return best((self._body(row, prepared, settings) for row in rows), limit)

    def _body(self, row: NDArray[np.float64], prepared: Prepared, settings: BodyConfig) -> Body | None:
        y, x, scores = row[: 3 * PARTS].reshape(PARTS, 3).T
        score = row[-1] if self.several else scores.max()
        if score <= settings.min_confidence:
            return None
        height, width = prepared.pixels.shape[1:3]
        points = map_points(prepared.affines[0], np.column_stack([x * width, y * height]))
        return COCO.body(Pose(float(score), scores, points), prepared.size, settings.min_confidence)


SINGLE = MoveNet(("points",), several=False)
SEVERAL = MoveNet(("bodies",), several=True)


def _frame(width: int, height: int) -> tuple[int, int]:
    """Choose height and width of the input for a picture."""
    scale = LONGER_SIDE / max(width, height)
    return ceil(round(height * scale) / STEP) * STEP or STEP, ceil(round(width * scale) / STEP) * STEP or STEP
