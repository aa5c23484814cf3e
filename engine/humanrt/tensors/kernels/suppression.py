"""Greedy non-maximum suppression: of overlapping boxes, the one with the highest score is kept."""

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.promotion import FLOAT32


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


def suppress(boxes: Array, scores: Array, most: int, iou_threshold: float, score_threshold: float) -> Array:
    """Return the indices of the best boxes, after checking the arguments."""
    if boxes.shape[1:] != (4,) or scores.shape != boxes.shape[:1]:
        raise InputError("accepted: boxes [n, 4] and scores [n]")
    if not 0 <= iou_threshold <= 1:
        raise InputError(f"iou_threshold is {iou_threshold}; accepted: 0 to 1")
    return non_max_suppression(
        boxes.astype(FLOAT32), scores.astype(FLOAT32), most, float(iou_threshold), float(score_threshold)
    )
