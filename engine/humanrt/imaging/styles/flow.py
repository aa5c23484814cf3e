"""The direction of edges, and smearing along it, which turns pixels into strokes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.pixels import Map, Part, Pixels

# The direction is computed at a quarter of the size. Windows begin at multiples of it: see ``tiles.py``.
REDUCTION = 4


def flow_reach(sigma: float) -> int:
    """Return the distance in pixels to the farthest pixel that a direction depends on."""
    return int(4 * max(2.0, sigma)) + 4 * REDUCTION


class Flow:
    """The tangents of the edges in a part of a window, from its structure tensor, smoothed by ``sigma`` pixels.

    Source: Kyprianidis and Kang, "Image and Video Abstraction by Coherence-Enhancing Filtering", 2011.
    """

    def __init__(self, luminance: Pixels, sigma: float, part: Part) -> None:
        cv2 = load_cv2()
        height, width = luminance.shape
        down, across = -height % REDUCTION, -width % REDUCTION
        luminance = cv2.copyMakeBorder(luminance, 0, down, 0, across, cv2.BORDER_REPLICATE)
        size = ((width + across) // REDUCTION, (height + down) // REDUCTION)
        dx = cv2.resize(cv2.Sobel(luminance, cv2.CV_16S, 1, 0), size, interpolation=cv2.INTER_AREA).astype(np.float32)
        dy = cv2.resize(cv2.Sobel(luminance, cv2.CV_16S, 0, 1), size, interpolation=cv2.INTER_AREA).astype(np.float32)
        tensor = cv2.merge([dx * dx - dy * dy, 2 * dx * dy])
        tensor = cv2.GaussianBlur(tensor, (0, 0), max(0.5, sigma / REDUCTION))
        full = cv2.resize(tensor, (width + across, height + down), interpolation=cv2.INTER_LINEAR)
        even, odd = cv2.split(part.of(full))
        # Half the angle of the tensor is that of the gradient; the tangent is at right angles to it.
        cosine = even / (cv2.magnitude(even, odd) + np.float32(1e-3))
        self._x: Map = -np.copysign(np.sqrt(np.maximum(0.5 - 0.5 * cosine, 0)), odd)
        self._y: Map = np.sqrt(np.maximum(0.5 + 0.5 * cosine, 0))
        self._columns: Map = np.arange(part.left, part.right, dtype=np.float32)[None]
        self._rows: Map = np.arange(part.top, part.bottom, dtype=np.float32)[:, None]

    def smear(self, pixels: NDArray[Any], reach: float, steps: int, *, top: int = 0, left: int = 0) -> Map:
        """Return the mean of ``2 * steps`` places along the tangent, up to ``reach`` pixels away, for the part.

        ``top`` and ``left`` are the place of ``pixels`` in the window.
        """
        cv2 = load_cv2()
        total = np.zeros((*self._x.shape, *pixels.shape[2:]), np.float32)
        columns, rows = np.empty_like(self._x), np.empty_like(self._y)
        moved = np.empty(total.shape, pixels.dtype)
        for step in range(-steps, steps):
            distance = np.float32(reach * (step + 0.5) / steps)
            np.multiply(self._x, distance, out=columns)
            np.multiply(self._y, distance, out=rows)
            columns += self._columns - left
            rows += self._rows - top
            cv2.remap(pixels, columns, rows, cv2.INTER_LINEAR, dst=moved, borderMode=cv2.BORDER_REFLECT_101)
            cv2.accumulate(moved, total)
        total *= np.float32(0.5 / steps)
        return total
