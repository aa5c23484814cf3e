"""CenterNet: finds objects by their centres, on a MobileNet v3.

Source: Zhou and others, "Objects as Points" (2019); which part of the model is used, and how, is that of Human's
src/object/centernet.ts.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from humanrt.config import ObjectConfig
from humanrt.result import Object
from humanrt.tensors import non_max_suppression
from humanrt.vision.model import InputForm
from humanrt.vision.object.detector import Floats, objects_of, scaled, sides_of, visible
from humanrt.vision.rounding import truncated
from humanrt.zoo import Card

OUTPUTS = ("detections",)
LABELED = "heatmap"
# A row: two corners in pixels of the input, the score, and which of the labels it is.
CORNERS, SCORE, KIND = slice(0, 4), 4, 5


def prepare(picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Floats:
    """Scale a picture to float32 [1, h, w, 3], 0..255."""
    return scaled(picture, form.height, form.width, 1.0, quirks=quirks)


def decode(
    outputs: Sequence[Floats],
    form: InputForm,
    card: Card,
    size: tuple[int, int],
    settings: ObjectConfig,
    *,
    quirks: bool,
) -> list[Object]:
    """Read the detections, [1, 100, 6], and cut their boxes to the picture; those outside of it are none.

    ``quirks`` leaves the boxes as they are and counts the kinds from 0, as Human does here, against its own table.
    """
    ((rows,),) = outputs
    corners = rows[:, CORNERS].astype(np.float64) / (form.width, form.height, form.width, form.height)
    if not quirks:
        corners, seen = visible(corners)
        rows, corners = rows[seen], corners[seen]
    chosen = non_max_suppression(
        rows[:, CORNERS], rows[:, SCORE], settings.max_detected, settings.iou_threshold, settings.min_confidence
    )
    boxes, scores, kinds = sides_of(corners[chosen]), rows[chosen, SCORE].tolist(), rows[chosen, KIND]
    if not quirks:
        return objects_of(boxes, scores, kinds, card, LABELED, size, quirks=False)
    cut = [truncated(score, 2) for score in scores]
    found = objects_of(boxes, cut, kinds, card, LABELED, size, quirks=True)
    return [replace(each, class_=each.class_ - 1) for each in found]
