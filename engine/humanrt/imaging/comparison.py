"""How much two pictures differ."""

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.transform import resize

ROWS = 64
"""The rows that are compared at once: the differences of a whole picture take eight times its memory."""


def difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Return the mean of the squared differences of all values of two pictures, divided by 255: 0 for equal ones.

    Pictures are uint8 [h, w, 3]. A second one of another size is resized to that of the first, bilinearly. Black and
    white differ by 255. The formula is Human's (``src/image/image.ts``), summed in float64.
    """
    height, width = first.shape[:2]
    other: NDArray[np.uint8] | NDArray[np.float32] = second
    if second.shape != first.shape:
        other, _ = resize(second.astype(np.float32), height, width)
    total = 0.0
    for top in range(0, height, ROWS):
        rows = first[top : top + ROWS].astype(np.float64) - other[top : top + ROWS]
        total += float(np.vdot(rows, rows))
    return total / first.size / 255
