"""What the decoders of several subjects share: activations, anchors, and rounding to whole pixels."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities of logits, in a form that cannot overflow."""
    half = np.float32(0.5)
    probabilities: NDArray[np.float32] = half + half * np.tanh(half * logits)
    return probabilities


def softmax(logits: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return probabilities that sum to 1 along ``axis``, in a form that cannot overflow."""
    powers = np.exp(logits - logits.max(axis, keepdims=True))
    probabilities: NDArray[np.float32] = powers / powers.sum(axis, keepdims=True)
    return probabilities


def anchor_centers(input_size: int, grids: Iterable[tuple[int, int]]) -> NDArray[np.float32]:
    """Return the centres of a detector's anchors, float32 [n, 2], in pixels of an input of ``input_size``.

    Each of ``grids`` is the distance between its cells in pixels, and the number of anchors in a cell.
    """
    centers = []
    for stride, count in grids:
        steps = stride * (np.arange(input_size // stride, dtype=np.float32) + 0.5)
        y, x = np.meshgrid(steps, steps, indexing="ij")
        centers.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), count, axis=0))
    return np.concatenate(centers)


def round_half_up(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to whole numbers as JavaScript's ``Math.round``, and so Human, does: halves go up, also below zero."""
    return np.floor(values + 0.5)
