"""The lines of a drawing: differences of Gaussians, smoothed along the edges."""

import numpy as np

from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.flow import Flow
from humanrt.imaging.styles.pixels import Map, Pixels

# Samples on each side.
STEPS = 4


def lines(luminance: Pixels, flow: Flow, width: float, reach: float, detail: float) -> Map:
    """Return how much ink is on each pixel of the flow's part, float32 [h, w], 0..1.

    ``width`` is that of a line in pixels, ``reach`` the distance over which it is smoothed along the edge, and
    ``detail``, 0..1, decides how faint an edge may be.

    Source: Winnemöller, Kyprianidis and Olsen, "XDoG: an eXtended difference-of-Gaussians compendium", 2012.
    """
    cv2 = load_cv2()
    narrow = cv2.GaussianBlur(luminance, (0, 0), width)
    wide = cv2.GaussianBlur(luminance, (0, 0), 1.6 * width)
    ink = flow.smear(cv2.subtract(wide, narrow, dtype=cv2.CV_32F), reach, STEPS)
    ink -= 6.0 - 5.5 * detail
    ink *= 0.16 + 0.1 * detail
    np.clip(ink, 0, 1, out=ink)
    return np.sqrt(ink, out=ink)
