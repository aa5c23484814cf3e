"""Patches of one colour, as brushes leave them: the most frequent range of luminance around each pixel."""

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2

Pixels = NDArray[np.uint8]


def patches(window: Pixels, radius: float, levels: int, power: float = 4.0) -> Pixels:
    """Return the window, uint8 [h, w, 3], with the mean colours of the most frequent of ``levels`` luminances nearby.

    Every range of luminance counts with a power of its frequency, so that the borders of patches are narrow but smooth.
    Source: the oil painting of OpenCV's module xphoto, whose ranges have hard borders.
    """
    cv2 = load_cv2()
    size = 2 * max(1, round(radius)) + 1
    luminance = cv2.blur(cv2.cvtColor(window, cv2.COLOR_RGB2GRAY), (3, 3))
    level = cv2.LUT(luminance, (np.arange(256) * levels // 256).astype(np.uint8))
    weights = ((np.arange(256) / 255) ** (power - 1)).astype(np.float32)
    weights[0] = 1e-12
    total = np.zeros(window.shape, np.float32)
    counts = np.zeros(window.shape[:2], np.float32)
    share = np.empty((*window.shape[:2], 4), np.uint8)
    for one in range(levels):
        mask = cv2.compare(level, one, cv2.CMP_EQ)
        if not mask.any():
            continue
        share[..., :3] = cv2.bitwise_and(window, window, mask=mask)
        share[..., 3] = mask
        near = cv2.stackBlur(share, (size, size))
        count = near[..., 3]
        weight = cv2.LUT(count, weights)
        counts += weight * count
        total += near[..., :3] * weight[..., None]
    total *= (255 / np.maximum(counts, 1e-9))[..., None]
    return np.clip(total, 0, 255, out=total).astype(np.uint8)
