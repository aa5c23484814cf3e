"""Outputs of object detectors whose meaning is known in closed form, and model cards with few labels."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from humanrt.config import ObjectConfig
from humanrt.vision.object.detector import ObjectTask
from humanrt.vision.stage import Batch
from humanrt.zoo import find_card

CENTERNET_CARD = find_card("centernet.json")
CENTERNET_CARD = replace(
    CENTERNET_CARD,
    outputs=MappingProxyType(
        {"heatmap": replace(CENTERNET_CARD.outputs["heatmap"], labels=("person", "bicycle", "car"))}
    ),
)
NANODET_CARD = find_card("nanodet.json")
SIDES = (13, 26, 52)
CERTAIN = 50.0  # a logit beside which zeros count for nothing


def centernet_objects(family, *rows, size=(512, 512), **settings):
    """Decode rows: (left, top, right, bottom, score, class), in pixels of the input."""
    detections = np.zeros((1, 100, 6), np.float32)
    detections[0, : len(rows)] = rows
    prepared = Batch(np.zeros((1, 512, 512, 3), np.float32))
    return family.decode([detections], prepared, ObjectTask(ObjectConfig(**settings), CENTERNET_CARD, size))


def nanodet_card(count):
    """The model card with other labels."""
    labels = tuple(f"kind {i}" for i in range(count))
    output = replace(NANODET_CARD.outputs["scores_2704"], labels=labels)
    return replace(NANODET_CARD, outputs=MappingProxyType({"scores_2704": output}))


def nanodet_outputs(*objects):
    """Objects: (cells of a side, column, row, class, score, steps to the four sides)."""
    scores = [np.zeros((1, side * side, 80), np.float32) for side in SIDES]
    logits = [np.zeros((1, side * side, 44), np.float32) for side in SIDES]
    for side, column, row, kind, score, steps in objects:
        grid, cell = SIDES.index(side), row * side + column
        scores[grid][0, cell, kind] = score
        for i, step in enumerate(steps):
            low = int(step)
            # Between two whole steps, both are equally likely.
            logits[grid][0, cell, 11 * i + np.array([low, low + (step > low)])] = CERTAIN
    return [*scores, *logits]


def nanodet_objects(family, *objects, size=(416, 416), labels=80, **settings):
    task = ObjectTask(ObjectConfig(**settings), nanodet_card(labels), size)
    return family.decode(nanodet_outputs(*objects), None, task)
