"""The direction of edges, and smearing along it, which turns pixels into strokes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2

Map = NDArray[np.float32]


class Flow:
    """The tangents of the edges of a window, from its structure tensor, smoothed by ``sigma`` pixels.

    Source: Kyprianidis and Kang, "Image and Video Abstraction by Coherence-Enhancing Filtering", 2011.
    """

    def __init__(self, luminance: NDArray[Any], sigma: float) -> None:
        cv2 = load_cv2()
        dx = cv2.Sobel(luminance, cv2.CV_32F, 1, 0, scale=1 / 8)
        dy = cv2.Sobel(luminance, cv2.CV_32F, 0, 1, scale=1 / 8)
        xx, yy, xy = (cv2.GaussianBlur(one, (0, 0), sigma) for one in (dx * dx, dy * dy, dx * dy))
        angle = 0.5 * cv2.phase(xx - yy, 2 * xy)  # of the gradient; half, as the tensor has no sign
        self.x: Map = -np.sin(angle)
        self.y: Map = np.cos(angle)
        height, width = luminance.shape[:2]
        self._columns: Map = np.arange(width, dtype=np.float32)[None]
        self._rows: Map = np.arange(height, dtype=np.float32)[:, None]

    def smear(self, window: NDArray[Any], reach: float, steps: int) -> Map:
        """Return the mean of ``2 * steps + 1`` places along the tangent, up to ``reach`` pixels away, as float32."""
        cv2 = load_cv2()
        total = window.astype(np.float32)
        for step in range(1, steps + 1):
            for distance in (reach * step / steps, -reach * step / steps):
                columns, rows = self._columns + distance * self.x, self._rows + distance * self.y
                moved = cv2.remap(window, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
                cv2.accumulate(moved, total)
        total *= 1 / (2 * steps + 1)
        return total
