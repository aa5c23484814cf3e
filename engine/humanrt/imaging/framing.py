"""A picture, or a turned part of it, in a frame: nothing is stretched, and what is not picture is black.

One warp each, straight into the frame; the picture itself is never padded. Coordinates and samples as in
``transform.py``.
"""

from math import cos, sin
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.transform import Affine, Box, resize

Pixel = TypeVar("Pixel", np.uint8, np.float32)


def fit(image: NDArray[Pixel], height: int, width: int) -> tuple[NDArray[Pixel], Affine]:
    """Scale a picture so that it just fits, and put it into the middle of [height, width, 3].

    It keeps its proportions to the nearest pixel of the frame; the affine knows the rest.
    """
    image_height, image_width = image.shape[:2]
    scale = min(height / image_height, width / image_width)
    inner_height, inner_width = max(1, round(image_height * scale)), max(1, round(image_width * scale))
    inner, affine = resize(image, inner_height, inner_width)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    framed = np.zeros((height, width, 3), image.dtype)
    framed[top : top + inner_height, left : left + inner_width] = inner
    affine[:, 2] = affine[:, :2] @ (-left, -top)
    return framed, affine


def crop_turned(image: NDArray[Pixel], box: Box, angle: float, size: int) -> tuple[NDArray[Pixel], Affine]:
    """Turn a box by ``angle``, in radians, clockwise, about its middle, and scale what it covers to [size, size, 3].

    On the grid of ``resize``: the first sample is the box's corner, the last one lies a step before the other.
    """
    left, top, right, bottom = box
    center = np.array([left + right, top + bottom]) / 2
    extent = np.array([right - left, bottom - top])
    axes = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    affine = np.column_stack([axes * extent / size, center - axes @ extent / 2])
    cv2 = load_cv2()
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned: NDArray[Pixel] = cv2.warpAffine(image, affine, (size, size), flags=flags, borderMode=cv2.BORDER_CONSTANT)
    return turned, affine
