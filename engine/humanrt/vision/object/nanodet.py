"""NanoDet: finds objects on three grids.

Source: the project at https://github.com/RangiLyu/nanodet, whose boxes are those of Li and others, "Generalized Focal
Loss" (2020): a distribution for each side. What Human makes of it is in its src/object/nanodet.ts.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from humanrt.config import ObjectConfig
from humanrt.result import Object
from humanrt.tensors import non_max_suppression
from humanrt.vision.model import InputForm
from humanrt.vision.object.detector import Floats, objects_of, scaled, sides_of, visible
from humanrt.vision.rounding import round_half_up
from humanrt.zoo import Card

# Of each grid, the coarsest first: 13, 26 and 52 cells along each side.
OUTPUTS = ("scores_169", "scores_676", "scores_2704", "distances_169", "distances_676", "distances_2704")
LABELED = "scores_2704"
# Of the colours, in BGR, of the pictures that the model learned from.
MEAN = np.array([103.53, 116.28, 123.675], np.float32)
DEVIATION = np.array([57.375, 57.12, 58.395], np.float32)
# How long Human takes a step to be, in cells.
HUMANS_STEP = 2.5 * 13 / 32
# What Human never finds, for fed as it feeds the model, that takes many things for toilets.
TOILET = 61


def prepare(picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Floats:
    """Scale a picture to float32 [1, 3, h, w], as the model learned it; ``quirks`` gives RGB, 0..1, as Human does."""
    _, height, width = form  # channels come first
    if quirks:
        pixels = scaled(picture, height, width, 1 / 255, quirks=True)
    else:
        pixels = (scaled(picture, height, width, 1.0, quirks=False)[..., ::-1] - MEAN) / DEVIATION
    return np.ascontiguousarray(np.moveaxis(pixels, 3, 1))


def decode(
    outputs: Sequence[Floats],
    form: InputForm,
    card: Card,
    size: tuple[int, int],
    settings: ObjectConfig,
    *,
    quirks: bool,
) -> list[Object]:
    """Read the grids, [1, cells, kinds] and [1, cells, 4 * steps], and cut their boxes to the picture.

    ``quirks`` takes the likeliest step for the mean one, a little longer than it is; see also ``_as_human``.
    """
    del form  # the grids say all
    grids = [rows for (rows,) in outputs]
    scores, logits = np.concatenate(grids[:3]), np.concatenate(grids[3:])
    centers, lengths = _cells(tuple(len(rows) for rows in grids[:3]))
    # A cell has one box, of which kind it may be.
    likely = (scores > settings.min_confidence).any(axis=1)
    steps = logits[likely].reshape(np.count_nonzero(likely), 4, logits.shape[1] // 4)
    sides = (HUMANS_STEP * steps.argmax(axis=2) if quirks else _mean(steps)) * lengths[likely]
    corners = np.hstack([centers[likely] - sides[:, :2], centers[likely] + sides[:, 2:]])
    scores = scores[likely]
    if not quirks:
        corners, seen = visible(corners)
        corners, scores = corners[seen], scores[seen]
    cells, kinds = np.nonzero(scores > settings.min_confidence)
    corners, candidates = corners[cells], scores[cells, kinds]
    if quirks:
        return _as_human(corners, candidates, kinds, card, size, settings)
    chosen = non_max_suppression(
        corners.astype(np.float32), candidates, settings.max_detected, settings.iou_threshold, settings.min_confidence
    )
    best = sides_of(corners[chosen])
    return objects_of(best, candidates[chosen].tolist(), kinds[chosen], card, LABELED, size, quirks=False)


@cache
def _cells(counts: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Make the centres of all cells, [n, 2], and the length of their sides, [n, 1], in parts of the picture."""
    centers, lengths = [], []
    for count in counts:
        side = isqrt(count)
        rows, columns = np.divmod(np.arange(count), side)
        centers.append((np.column_stack([columns, rows]) + 0.5) / side)
        lengths.append(np.full((count, 1), 1 / side))
    return np.concatenate(centers), np.concatenate(lengths)


def _mean(logits: Floats) -> NDArray[np.float64]:
    """Give the mean of distributions over 0, 1, 2 and so on: [n, sides] of [n, sides, steps]."""
    weights = np.exp(logits - logits.max(axis=2, keepdims=True), dtype=np.float64)
    means: NDArray[np.float64] = weights @ np.arange(logits.shape[2]) / weights.sum(axis=2)
    return means


def _as_human(
    corners: NDArray[np.float64],
    scores: Floats,
    kinds: NDArray[np.intp],
    card: Card,
    size: tuple[int, int],
    settings: ObjectConfig,
) -> list[Object]:
    """Choose and record as Human does.

    It drops toilets, cuts positions and sizes to 0..1 apart, takes a box's size for its other corner where overlaps
    are measured, by scores already rounded, and leaves the numbers of the candidates as ids.
    """
    kept = kinds != TOILET
    boxes = np.clip(sides_of(corners[kept]), 0, 1)
    rounded = round_half_up(scores[kept] * np.float64(100)) / 100
    # TF.js holds scores in float32 and thresholds in float64, so that a 0.2 is over 0.2, but a 0.7 is not over 0.7.
    single = rounded.astype(np.float32)
    over = np.where(single.astype(np.float64) > settings.min_confidence, single, np.float32(0))
    chosen = non_max_suppression(
        boxes.astype(np.float32), over, settings.max_detected, settings.iou_threshold, score_threshold=0.0
    )
    best, its_scores, its_kinds = boxes[chosen], rounded[chosen].tolist(), kinds[kept][chosen]
    found = objects_of(best, its_scores, its_kinds, card, LABELED, size, quirks=True)
    return [replace(each, id=candidate) for each, candidate in zip(found, chosen.tolist(), strict=True)]
