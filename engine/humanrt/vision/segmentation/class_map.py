"""Human parsing by a map of classes: the probability of each class for every pixel.

For custom models. The model card names one output, whose ``labels`` are the classes: ``class_map`` [classes, h, w],
0..1, or ``class_logits`` [classes, h, w], of which a softmax over the classes is taken. A leading axis of length one is
accepted; h and w are the model's own. The class with the highest probability has the pixel, the first one among equals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import ModelFormatError
from humanrt.vision.decoding import softmax
from humanrt.vision.segmentation.canvas import Canvas
from humanrt.vision.segmentation.classes import Classes
from humanrt.vision.segmentation.segmenter import Layers, Prepared, SegmentationTask, Segmenter, planes_of


@dataclass(frozen=True)
class ClassMap(Segmenter):
    """One form of the family."""

    logits: bool = False

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: SegmentationTask) -> Layers:
        """Label each pixel with its class. Raises ``ModelFormatError`` if the output does not fit the model card."""
        card = task.card
        (output,) = outputs
        planes = planes_of(output, card.name)
        classes = Classes(card.outputs[self.outputs[0]])
        if len(planes) != len(classes):
            raise ModelFormatError(
                f"{card.name} returned {len(planes)} classes; its model card has {len(classes)} labels"
            )
        if self.logits:
            planes = softmax(planes, axis=0)
        height, width = prepared.picture.shape[:2]
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


IN_PROBABILITIES = ClassMap(("class_map",))
IN_LOGITS = ClassMap(("class_logits",), logits=True)
