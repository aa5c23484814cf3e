"""Boxes in arrays: their overlap."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Box

Floats = NDArray[np.float64]


def overlap(first: Sequence[Box] | Floats, second: Sequence[Box] | Floats) -> Floats:
    """Return the intersection over union of each box of ``first`` with each of ``second``, [n, m]; 0 for empty ones."""
    one, other = (np.asarray(boxes, np.float64).reshape(-1, 4) for boxes in (first, second))
    ends, other_ends = one[:, :2] + one[:, 2:], other[:, :2] + other[:, 2:]
    low = np.maximum(one[:, np.newaxis, :2], other[np.newaxis, :, :2])
    high = np.minimum(ends[:, np.newaxis], other_ends[np.newaxis])
    common = np.maximum(high - low, 0).prod(axis=2)
    total = one[:, 2:].prod(axis=1)[:, np.newaxis] + other[:, 2:].prod(axis=1) - common
    shares: Floats = np.divide(common, total, out=np.zeros_like(common), where=total > 0)
    return shares
