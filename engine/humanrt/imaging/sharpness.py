"""Edges and sharpness of pictures.

Source: Crété-Roffet and others, "The blur effect: perception and estimation with a new no-reference perceptual blur
metric" (2007).
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2

Gray: TypeAlias = NDArray[np.float32]

# The length in pixels of the filter that the blur effect compares with.
BLUR = 11
# Pixels at the borders of a picture that are not compared: the filters know nothing beyond.
BORDER = 2
TINY = 1e-6


def luminance(image: NDArray[Any]) -> Gray:
    """Return the luminance of a picture, uint8 [h, w, 3] RGB, as float32 [h, w], 0..255."""
    cv2 = load_cv2()
    gray: Gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return gray


def edges(gray: Gray) -> tuple[Gray, Gray]:
    """Return how much a picture, float32 [h, w], changes at each pixel, along x and along y: Sobel's, absolute."""
    cv2 = load_cv2()
    along_x: Gray = np.abs(cv2.Sobel(gray, cv2.CV_32F, 1, 0))
    along_y: Gray = np.abs(cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    return along_x, along_y


def blur_effect(gray: Gray) -> float:
    """Return the blur effect of a picture, float32 [h, w]: how much of its edges is left if it is blurred once more.

    It is 0 for a sharp picture to 1 for a blurred one or one without any edges, independent of its contrast, and the
    larger of those along x and along y.
    """
    cv2 = load_cv2()
    inner = slice(BORDER, -BORDER)
    effects = []
    for axis, size in enumerate(((BLUR, 1), (1, BLUR))):
        sharp = edges(gray)[axis][inner, inner]
        blurred = edges(cv2.blur(gray, size, borderType=cv2.BORDER_REFLECT))[axis][inner, inner]
        total = float(sharp.sum())
        effects.append(1 - float(np.maximum(sharp - blurred, 0).sum()) / total if total > TINY else 1.0)
    return max(effects)
