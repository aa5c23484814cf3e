"""The geometry of pictures: what a model sees of them, and where that was.

Pictures are uint8 or float32 [h, w, 3]. Coordinates are pixels of the picture, x to the right, y down; a whole number
is the centre of a pixel. A box is ``(left, top, right, bottom)``; with left and right exchanged the crop is mirrored.
Everything is sampled bilinearly in one warp, on the grids of TF.js 4.22 (its CPU kernels ResizeBilinear, CropAndResize,
RotateWithOffset). uint8 stays uint8: at most half a grey level is lost, and the picture needs no copy in float32.
"""

from math import cos, sin
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2

Pixel = TypeVar("Pixel", np.uint8, np.float32)
Box = tuple[float, float, float, float]
Point = tuple[float, float]

# Float64 [2, 3]: takes (x, y, 1) of the picture made to (x, y) of the original.
Affine = NDArray[np.float64]

# How far, in pixels, a sample may lie outside of the picture: rounding must not blacken a crop that ends at its edge.
EDGE_TOLERANCE = 1e-3


def resize(image: NDArray[Pixel], height: int, width: int) -> tuple[NDArray[Pixel], Affine]:
    """Scale a picture to [height, width, 3], as TF.js's ``resizeBilinear`` with both of its flags off."""
    affine = np.array([[image.shape[1] / width, 0.0, 0.0], [0.0, image.shape[0] / height, 0.0]])
    return _warp(image, affine, height, width, load_cv2().BORDER_REPLICATE), affine


def resize_into(plane: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Scale one channel, [h, w], to the size of ``out`` and write it there, on the grid of ``resize``."""
    height, width = out.shape
    affine = np.array([[plane.shape[1] / width, 0.0, 0.0], [0.0, plane.shape[0] / height, 0.0]])
    cv2 = load_cv2()
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(plane, affine, (width, height), dst=out, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def resize_square(image: NDArray[Pixel], size: int) -> tuple[NDArray[Pixel], Affine]:
    """Pad a picture with black to a square, the picture in the middle, and scale it to [size, size, 3].

    As in Human, both paddings are rounded down: the "square" is one pixel short where width - height is odd.
    """
    height, width = image.shape[:2]
    side = max(height, width)
    pad_x, pad_y = (side - width) // 2, (side - height) // 2
    cv2 = load_cv2()
    padded = cv2.copyMakeBorder(image, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_CONSTANT, value=0)
    square, affine = resize(padded, size, size)
    affine[:, 2] -= pad_x, pad_y
    return square, affine


def crop(image: NDArray[Pixel], box: Box, height: int, width: int) -> tuple[NDArray[Pixel], Affine]:
    """Cut a box out and scale it to [height, width, 3], as TF.js's ``cropAndResize``; outside the picture it is black.

    As there, and as Human calls it, a box is first divided by the picture's size and then spread over its pixels'
    centres, so that the crop of the whole picture (0, 0, w, h) runs from 0 to w - 1.
    """
    return crop_rotated(image, box, 0.0, (0.0, 0.0), height, width)


def crop_rotated(
    image: NDArray[Pixel], box: Box, angle: float, center: Point, height: int, width: int
) -> tuple[NDArray[Pixel], Affine]:
    """Turn a picture about ``center`` and cut a box out of the turned picture, scaled to [height, width, 3].

    The pixel (x, y) of the turned picture is that of the original at ``center + R (x - cx, y - cy)`` with
    ``R = [[cos, -sin], [sin, cos]]``; ``angle`` is in radians. The same crop as TF.js's ``cropAndResize`` after
    ``rotateWithOffset(image, angle, 0, center)``, but the whole picture is never turned, and so nothing is lost of it:
    TF.js's turned picture has the original's size, and black corners. Where it takes the nearest pixel this
    interpolates.
    """
    image_height, image_width = image.shape[:2]
    left, top, right, bottom = box
    axes = ((left, right, image_width, width), (top, bottom, image_height, height))
    (x_step, x_start), (y_step, y_start) = grids = _grids(*axes)
    affine = _rotation(angle, center) @ np.array([[x_step, 0.0, x_start], [0.0, y_step, y_start], [0.0, 0.0, 1.0]])
    cut = _warp(image, affine, height, width, load_cv2().BORDER_CONSTANT)
    if not angle:
        for (step, start), length, samples in zip(
            grids, (image_width, image_height), (cut.swapaxes(0, 1), cut), strict=True
        ):
            places = start + step * np.arange(len(samples))
            samples[(places < -EDGE_TOLERANCE) | (places > length - 1 + EDGE_TOLERANCE)] = 0
    return cut, affine


def rotate(image: NDArray[Pixel], angle: float, center: Point) -> NDArray[Pixel]:
    """Turn a whole picture as TF.js's ``rotateWithOffset``: the nearest pixel, black where there is none.

    ``crop_rotated`` gives a crop of it at less cost and better; this is for comparing with Human.
    """
    cv2 = load_cv2()
    height, width = image.shape[:2]
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    turned: NDArray[Pixel] = cv2.warpAffine(image, _rotation(angle, center)[:2], (width, height), flags=flags)
    return turned


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


def map_points(affine: Affine, points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Take points, [n, 2], of a picture made here to the coordinates of the original."""
    return points @ affine[:, :2].T + affine[:, 2]


def normalize(image: NDArray[Pixel], scale: float, offset: float) -> NDArray[np.float32]:
    """Make a model's input, float32 [1, h, w, 3], with ``pixel * scale + offset``."""
    values = image[np.newaxis].astype(np.float32)
    values *= np.float32(scale)
    values += np.float32(offset)
    return values


def _warp(image: NDArray[Pixel], affine: Affine, height: int, width: int, border: int) -> NDArray[Pixel]:
    cv2 = load_cv2()
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped: NDArray[Pixel] = cv2.warpAffine(image, affine, (width, height), flags=flags, borderMode=border)
    return warped


def _grids(*axes: tuple[float, float, int, int]) -> list[tuple[float, float]]:
    """Return the distance between the samples along each axis, and the first of them.

    An axis is the start and the end of a stretch, the axis' length in pixels, and the number of samples.
    """
    grids = []
    for start, end, length, count in axes:
        first, last = start / length * (length - 1), end / length * (length - 1)
        grids.append(((last - first) / (count - 1), first) if count > 1 else (0.0, (first + last) / 2))
    return grids


def _rotation(angle: float, center: Point) -> NDArray[np.float64]:
    x, y = center
    cosine, sine = cos(angle), sin(angle)
    return np.array([[cosine, -sine, x - cosine * x + sine * y], [sine, cosine, y - sine * x - cosine * y]])
