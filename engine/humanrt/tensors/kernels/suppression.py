"""Greedy non-maximum suppression: of overlapping boxes, the one with the highest score is kept."""

import math
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.promotion import FLOAT32, INT32


def non_max_suppression(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    max_output_size: int,
    iou_threshold: float,
    score_threshold: float,
) -> NDArray[np.int32]:
    """Return the indices of boxes in descending order of score, without those that overlap one of them.

    ``boxes`` is float32 [n, 4], two opposite corners each, in any unit and either order of axes; ``scores`` is float32
    [n]. The result is int32 [k], k <= ``max_output_size``. As in TF.js's ``nonMaxSuppression``, scores must be greater
    than ``score_threshold``, an intersection over union of ``iou_threshold`` or more suppresses, boxes without area
    overlap nothing, and of equal scores the lower index comes first.
    """
    candidates = np.flatnonzero(scores > score_threshold)
    candidates = candidates[np.argsort(-scores[candidates], kind="stable")]
    low = np.minimum(boxes[candidates, :2], boxes[candidates, 2:])
    high = np.maximum(boxes[candidates, :2], boxes[candidates, 2:])
    areas = np.prod(high - low, axis=1)

    chosen: list[int] = []
    remaining = np.arange(len(candidates))
    while len(remaining) and len(chosen) < max_output_size:
        best, remaining = remaining[0], remaining[1:]
        chosen.append(candidates[best])
        sides = np.minimum(high[best], high[remaining]) - np.maximum(low[best], low[remaining])
        intersection = np.prod(np.maximum(sides, 0), axis=1)
        union = areas[best] + areas[remaining] - intersection
        overlap = np.divide(intersection, union, out=np.zeros_like(intersection), where=intersection > 0)
        remaining = remaining[overlap < iou_threshold]
    return np.array(chosen, dtype=np.int32)


def soft_non_max_suppression(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    max_output_size: int,
    iou_threshold: float,
    score_threshold: float,
    soft_nms_sigma: float,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Choose boxes as ``non_max_suppression()`` does, and lower the score of each by its overlaps with better ones.

    Each overlap ``o`` with a chosen box, below ``iou_threshold``, multiplies the score by
    ``exp(-o ** 2 / (2 * soft_nms_sigma))``; with a sigma of 0 by 1. Returns the indices and the final scores, best
    first. TF.js: ``nonMaxSuppressionWithScore``. Source: Bodla et al., "Soft-NMS" (2017).
    """
    scale = -0.5 / soft_nms_sigma if soft_nms_sigma > 0 else 0.0
    corners = boxes.astype(np.float64)
    low, high = np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])
    # The best comes first, of equal scores the lower index. The third number: the chosen boxes already accounted for.
    waiting = [(-float(scores[i]), int(i), 0) for i in np.flatnonzero(scores > score_threshold)]
    heapify(waiting)
    chosen: list[int] = []
    final: list[float] = []
    while waiting and len(chosen) < max_output_size:
        negative, i, seen = heappop(waiting)
        score = -negative
        overlaps = _overlaps(low, high, i, chosen[seen:])
        if max(overlaps, default=-1.0) >= iou_threshold:
            continue
        for overlap in reversed(overlaps):
            score *= math.exp(scale * overlap * overlap)
        if score == -negative:
            chosen.append(i)
            final.append(score)
        elif score > score_threshold:
            heappush(waiting, (-score, i, len(chosen)))
    return np.array(chosen, np.int32), np.array(final, np.float32)


def suppress(boxes: Array, scores: Array, most: int, iou_threshold: float, score_threshold: float) -> Array:
    """Return the indices of the best boxes, after checking the arguments."""
    _check(boxes, scores, iou_threshold)
    return non_max_suppression(
        boxes.astype(FLOAT32), scores.astype(FLOAT32), most, float(iou_threshold), float(score_threshold)
    )


def suppress_padded(
    boxes: Array, scores: Array, most: int, iou_threshold: float, score_threshold: float, padded: bool
) -> tuple[Array, Array]:
    """Return what ``suppress()`` does, if ``padded`` with zeros up to ``most``, and the number of boxes in it."""
    chosen = suppress(boxes, scores, most, iou_threshold, score_threshold)
    missing = max(0, min(most, len(boxes)) - len(chosen)) if padded else 0
    return np.pad(chosen, (0, missing)), np.array(len(chosen), INT32)


def suppress_softly(
    boxes: Array, scores: Array, most: int, iou_threshold: float, score_threshold: float, sigma: float
) -> tuple[Array, Array]:
    """Return the indices of the best boxes and their lowered scores, after checking the arguments."""
    _check(boxes, scores, iou_threshold)
    if not 0 <= sigma <= 1:
        raise InputError(f"soft_nms_sigma is {sigma}; accepted: 0 to 1")
    return soft_non_max_suppression(
        boxes.astype(FLOAT32), scores.astype(FLOAT32), most, float(iou_threshold), float(score_threshold), float(sigma)
    )


def _check(boxes: Array, scores: Array, iou_threshold: float) -> None:
    if boxes.shape[1:] != (4,) or scores.shape != boxes.shape[:1]:
        raise InputError("accepted: boxes [n, 4] and scores [n]")
    if not 0 <= iou_threshold <= 1:
        raise InputError(f"iou_threshold is {iou_threshold}; accepted: 0 to 1")


def _overlaps(low: NDArray[np.float64], high: NDArray[np.float64], one: int, others: list[int]) -> list[float]:
    """Return the intersection over union of one box with each of the others; 0 where one has no area."""
    sides = np.minimum(high[one], high[others]) - np.maximum(low[one], low[others])
    intersections = np.prod(np.maximum(sides, 0), axis=1)
    unions = np.prod(high[one] - low[one]) + np.prod(high[others] - low[others], axis=1) - intersections
    found: list[float] = np.divide(
        intersections, unions, out=np.zeros_like(intersections), where=intersections > 0
    ).tolist()
    return found
