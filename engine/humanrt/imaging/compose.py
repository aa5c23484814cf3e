"""Laying one picture over another."""

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2


def composite(
    foreground: NDArray[np.uint8], background: NDArray[np.uint8], alpha: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Return ``alpha * foreground + (1 - alpha) * background``, rounded, uint8 [h, w, 3].

    Both pictures are uint8 [h, w, 3], ``alpha`` is float32 [h, w], 0..1.
    """
    blended: NDArray[np.uint8] = load_cv2().blendLinear(foreground, background, alpha, 1 - alpha)
    return blended
