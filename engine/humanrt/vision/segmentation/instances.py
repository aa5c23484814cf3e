"""Human parsing by instances: every mask has a class and a score, and masks may overlap.

For custom models, M2FP for instance (Yang and others, "Deep Learning Technique for Human Parsing", 2023). The
card names three outputs: ``scores`` [n], 0..1; ``classes`` [n], whole numbers that count the output's ``labels`` from
0; and either ``masks`` [n, h, w], 0..1, or ``mask_logits`` [n, h, w], of which a sigmoid is taken. A leading axis of
length one is accepted; h and w are the model's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import ModelFormatError
from humanrt.vision.segmentation.canvas import Canvas
from humanrt.vision.segmentation.classes import Classes
from humanrt.vision.segmentation.segmenter import (
    Bytes,
    Floats,
    Layers,
    Prepared,
    SegmentationTask,
    Segmenter,
    planes_of,
)


@dataclass(frozen=True)
class Instances(Segmenter):
    """One form of the family; a pixel belongs to a mask where the mask, resized to the image, is over ``level``."""

    level: float = 0.5

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: SegmentationTask) -> Layers:
        """Paint the instances with a score of ``min_confidence`` or more.

        Raises ``ModelFormatError`` if the outputs do not fit the model card.
        """
        classes = Classes(task.card.outputs["classes"])
        scores, indexes, masks = _checked(outputs, len(classes), task.card.name)
        kept = scores >= task.settings.min_confidence
        labels = np.array([classes.label(index) for index in indexes[kept].tolist()], np.int64)
        return _painted(scores[kept], labels, masks[kept], self.level, prepared.picture, classes)


IN_PROBABILITIES = Instances(("scores", "classes", "masks"))
IN_LOGITS = Instances(("scores", "classes", "mask_logits"), level=0.0)


def precedence(scores: Floats, areas: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the order in which masks keep a pixel: the highest score first, among equals the smallest area.

    Areas are in pixels of the model, before the masks are scaled. What is equal in both stays in the model's order.
    """
    return np.lexsort((areas, -scores))


def _painted(
    scores: Floats, labels: NDArray[np.int64], masks: Floats, level: float, picture: Bytes, classes: Classes
) -> Layers:
    height, width = picture.shape[:2]
    areas = np.count_nonzero(masks > level, axis=(1, 2))
    seen = (areas > 0) & (labels > 0)
    found = np.unique(labels[seen])
    painted = np.zeros((len(found), height, width), np.uint8)
    canvas = Canvas(height, width)
    # The first in order is painted last, over all the others.
    for i in precedence(scores, areas)[::-1]:
        if seen[i]:
            canvas.paint(masks[i], level, int(labels[i]), painted[np.searchsorted(found, labels[i])])
    legend = tuple(
        classes.segment(label, canvas.area(label), float(scores[seen & (labels == label)].max()))
        for label in found.tolist()
    )
    return Layers(legend, canvas.labels, painted)


def _checked(outputs: Sequence[NDArray[Any]], known: int, name: str) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Return the outputs with their plain shapes."""
    scores, classes = (output.reshape(-1) for output in outputs[:2])
    masks = planes_of(outputs[2], name)
    if not len(scores) == len(classes) == len(masks):
        counts = f"{len(scores)} scores, {len(classes)} classes and {len(masks)} masks"
        raise ModelFormatError(f"{name} returned {counts}: there must be one of each for an instance")
    if len(classes) and not 0 <= classes.min() <= classes.max() < known:
        raise ModelFormatError(
            f"{name} returned classes {classes.min()} to {classes.max()}; its model card has {known} labels"
        )
    return scores, classes.astype(np.int64), masks
