"""The lines of a drawing: differences of Gaussians, smoothed along the edges."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.flow import Flow
from humanrt.imaging.styles.pixels import Map


def lines(luminance: NDArray[Any], flow: Flow, sigma: float, reach: float, detail: float) -> Map:
    """Return how much ink is on each pixel, float32 [h, w], 0..1.

    ``sigma`` is the width of a line in pixels, ``reach`` the distance over which it is smoothed along the edge, and
    ``detail``, 0..1, decides how faint an edge may be.

    Source: Winnemöller, Kyprianidis and Olsen, "XDoG: an eXtended difference-of-Gaussians compendium", 2012.
    """
    cv2 = load_cv2()
    narrow = cv2.GaussianBlur(luminance, (0, 0), sigma)
    wide = cv2.GaussianBlur(luminance, (0, 0), 1.6 * sigma)
    difference = flow.smear(cv2.subtract(wide, narrow, dtype=cv2.CV_32F), reach, 4)
    threshold = 6.0 - 5.5 * detail
    ink: Map = np.clip((difference - threshold) * (0.16 + 0.1 * detail), 0, 1)
    return np.sqrt(ink)
