"""Anchors: the points that a detector's boxes are told from, on grids laid over its input."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def anchor_centers(input_size: int, grids: Iterable[tuple[int, int]]) -> NDArray[np.float32]:
    """Make the centres of the anchors, float32 [n, 2], in pixels of an input of ``input_size``.

    ``grids`` says of each grid how far its cells are apart, in pixels, and how many anchors share one.
    """
    centers = []
    for stride, count in grids:
        steps = stride * (np.arange(input_size // stride, dtype=np.float32) + 0.5)
        y, x = np.meshgrid(steps, steps, indexing="ij")
        centers.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), count, axis=0))
    return np.concatenate(centers)
