"""From alpha, the part of each pixel that is person, to labels and masks."""

import numpy as np

from humanrt.config import SegmentationConfig
from humanrt.result import Segment
from humanrt.vision.segmentation.classes import palette
from humanrt.vision.segmentation.segmenter import Bytes, Floats, Layers

PERSON = "person"
LABEL = 1


def matted(alpha: Floats, foreground: Bytes | None, settings: SegmentationConfig, state: Bytes | None = None) -> Layers:
    """Return the layers of an image with one class: ``person``, where alpha is at least ``min_confidence``.

    ``alpha``, float32 [h, w], becomes the layers'.
    """
    inside = alpha >= settings.min_confidence
    area = int(np.count_nonzero(inside))
    labels = inside.astype(np.uint8)
    legend: tuple[Segment, ...] = ()
    if area:
        score = float(alpha.mean(where=inside, dtype=np.float64))
        legend = (Segment(LABEL, PERSON, palette(LABEL), area, score),)
    masks = np.repeat(labels[np.newaxis], len(legend), axis=0)
    kept = alpha if settings.mode in ("default", "alpha") else None
    return Layers(legend, labels, masks, kept, foreground, state)
