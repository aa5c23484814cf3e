"""Human parsing by a plain map: of every pixel, how much each class claims it.

For models of your own. The card names one output, whose ``labels`` are the classes: ``class_map`` [classes, h, w],
0..1, or ``class_logits`` [classes, h, w], which a softmax over the classes would make that. An axis of one before it
does no harm; h and w are the model's own. The class that claims most has the pixel, the first one among equals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import SegmentationConfig
from humanrt.errors import ModelFormatError
from humanrt.vision.activation import softmax
from humanrt.vision.segmentation.canvas import Canvas
from humanrt.vision.segmentation.classes import Classes
from humanrt.vision.segmentation.layers import Bytes, Layers, planes_of
from humanrt.zoo import Card


@dataclass(frozen=True)
class ClassMap:
    """One form of the family."""

    OUTPUTS: tuple[str, ...]
    logits: bool

    def decode(
        self, outputs: Sequence[NDArray[Any]], picture: Bytes, card: Card, settings: SegmentationConfig, *, quirks: bool
    ) -> Layers:
        """Give each pixel its class. Raises ModelFormatError when the output does not fit the card."""
        (output,) = outputs
        planes = planes_of(output, card.name)
        classes = Classes(card.outputs[self.OUTPUTS[0]])
        if len(planes) != len(classes):
            raise ModelFormatError(f"{card.name} gave {len(planes)} classes; its card has {len(classes)} labels")
        if self.logits:
            planes = softmax(planes, axis=0)
        height, width = picture.shape[:2]
        canvas = Canvas(height, width)
        best = np.full((height, width), -np.inf, np.float32)
        for index, plane in enumerate(planes):
            canvas.compete(plane, classes.label(index), best)
        legend = []
        for index in range(len(classes)):
            label = classes.label(index)
            inside = canvas.where(label)
            area = int(np.count_nonzero(inside))
            if label and area:
                score = float(best.mean(where=inside, dtype=np.float64))
                legend.append(classes.segment(label, area, score))
        masks = np.empty((len(legend), height, width), np.uint8)
        for mask, segment in zip(masks, legend, strict=True):
            np.equal(canvas.labels, segment.label, out=mask)
        return Layers(tuple(legend), canvas.labels, masks)


IN_PROBABILITIES = ClassMap(("class_map",), logits=False)
IN_LOGITS = ClassMap(("class_logits",), logits=True)
