"""Patches of one colour, as brushes leave them: the most frequent range of luminance around each pixel."""

import numpy as np

from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.pixels import Pixels

# The power of its frequency with which a range of luminance counts: the higher, the narrower the borders of patches.
POWER = 4.0
WEIGHTS = ((np.arange(256) / 255) ** (POWER - 1) + 1e-9).astype(np.float32)
WEIGHTED = WEIGHTS * np.arange(256, dtype=np.float32)


def patches(window: Pixels, radius: float, levels: int) -> Pixels:
    """Return the window, uint8 [h, w, 3], with the mean colours of the most frequent of ``levels`` luminances nearby.

    Every range of luminance counts with a power of its frequency, so that the borders of patches are narrow but smooth.
    Source: the oil painting of OpenCV's module xphoto, whose ranges have hard borders.
    """
    cv2 = load_cv2()
    size = 2 * max(1, round(radius)) + 1
    luminance = cv2.blur(cv2.cvtColor(window, cv2.COLOR_RGB2GRAY), (3, 3))
    level_of = np.arange(256) * levels // 256
    shape = window.shape[:2]
    planes = cv2.split(window)
    totals = [np.zeros(shape, np.float32) for _ in planes]
    counts = np.zeros(shape, np.float32)
    product = np.empty(shape, np.float32)
    for one in range(levels):
        mask = cv2.LUT(luminance, np.where(level_of == one, 255, 0).astype(np.uint8))
        if not cv2.hasNonZero(mask):
            continue
        count = cv2.stackBlur(mask, (size, size))
        weight = cv2.LUT(count, WEIGHTS)
        cv2.add(counts, cv2.LUT(count, WEIGHTED), dst=counts)
        for plane, total in zip(planes, totals, strict=True):
            near = cv2.stackBlur(cv2.bitwise_and(plane, mask), (size, size))
            cv2.multiply(near, weight, dst=product, dtype=cv2.CV_32F)
            cv2.add(total, product, dst=total)
    painted: Pixels = cv2.merge([cv2.divide(total, counts, scale=255, dtype=cv2.CV_8U) for total in totals])
    return painted
