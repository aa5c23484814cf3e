"""The geometry of pictures: resizing, cropping, turning, and the way back to the original's coordinates.

Pictures are uint8 or float32 [h, w, 3]. Coordinates are pixels of the picture, x to the right, y down; a whole number
is the centre of a pixel. Corners are ``(left, top, right, bottom)``; a crop with left and right exchanged is mirrored.
Everything is sampled bilinearly in one warp, on the grids of TF.js 4.22 (its CPU kernels ResizeBilinear, CropAndResize,
RotateWithOffset). uint8 stays uint8, which costs at most half a grey level and saves a copy of the picture in float32.
"""

from math import cos, sin
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2

Pixel = TypeVar("Pixel", np.uint8, np.float32)
Corners: TypeAlias = tuple[float, float, float, float]
Point: TypeAlias = tuple[float, float]

Affine: TypeAlias = NDArray[np.float64]
"""Float64 [2, 3]: maps (x, y, 1) of a picture that was computed here to (x, y) of the original."""

# The distance in pixels by which a sample may lie outside of the picture: rounding must not blacken a crop that ends at
# its edge.
EDGE_TOLERANCE = 1e-3


def resize(image: NDArray[Pixel], height: int, width: int) -> tuple[NDArray[Pixel], Affine]:
    """Resize a picture to [height, width, 3], as TF.js's ``resizeBilinear`` with both of its flags off."""
    affine = np.array([[image.shape[1] / width, 0.0, 0.0], [0.0, image.shape[0] / height, 0.0]])
    return _warp(image, affine, height, width, load_cv2().BORDER_REPLICATE), affine


def scaled(image: NDArray[Pixel], height: int, width: int) -> tuple[NDArray[Pixel], Affine]:
    """Scale a picture to [height, width, 3] on OpenCV's grid: the edges of both pictures coincide.

    A picture that is more than twice as large is scaled to twice the size first, and the mean of four pixels taken. The
    affine maps continuous coordinates, in which a pixel extends from a whole number to the next.
    """
    cv2 = load_cv2()
    affine = np.array([[image.shape[1] / width, 0.0, 0.0], [0.0, image.shape[0] / height, 0.0]])
    if image.shape[0] > 2 * height and image.shape[1] > 2 * width:
        image = cv2.resize(image, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), affine
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), affine


def resize_into(plane: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Resize one channel, [h, w], to the size of ``out``, and write it there. The grid is that of ``resize()``."""
    height, width = out.shape
    affine = np.array([[plane.shape[1] / width, 0.0, 0.0], [0.0, plane.shape[0] / height, 0.0]])
    cv2 = load_cv2()
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(plane, affine, (width, height), dst=out, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def resize_square(image: NDArray[Pixel], size: int) -> tuple[NDArray[Pixel], Affine]:
    """Pad a picture with black to a square, the picture in the middle, and resize it to [size, size, 3].

    As in Human, both paddings are rounded down: the "square" is one pixel short if width - height is odd.
    """
    height, width = image.shape[:2]
    side = max(height, width)
    pad_x, pad_y = (side - width) // 2, (side - height) // 2
    cv2 = load_cv2()
    padded = cv2.copyMakeBorder(image, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_CONSTANT, value=0)
    square, affine = resize(padded, size, size)
    affine[:, 2] -= pad_x, pad_y
    return square, affine


def fit(image: NDArray[Pixel], height: int, width: int) -> tuple[NDArray[Pixel], Affine]:
    """Resize a picture so that it just fits into [height, width, 3], and place it in the middle, on black.

    Its proportions are kept to the nearest pixel of the result; the affine has the exact ones.
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


def crop(image: NDArray[Pixel], corners: Corners, height: int, width: int) -> tuple[NDArray[Pixel], Affine]:
    """Crop a picture and resize the crop to [height, width, 3], as TF.js's ``cropAndResize``. Outside it is black.

    As in TF.js, and as Human calls it, corners are divided by the size of the picture and then multiplied by the
    distance between its first and last pixel, so that the crop of the whole picture (0, 0, w, h) extends from 0 to
    w - 1.
    """
    return crop_rotated(image, corners, 0.0, (0.0, 0.0), height, width)


def crop_rotated(
    image: NDArray[Pixel], corners: Corners, angle: float, center: Point, height: int, width: int
) -> tuple[NDArray[Pixel], Affine]:
    """Turn a picture about ``center``, crop it, and resize the crop to [height, width, 3].

    The pixel (x, y) of the turned picture is that of the original at ``center + R (x - cx, y - cy)`` with
    ``R = [[cos, -sin], [sin, cos]]``; ``angle`` is in radians. The result is that of TF.js's ``cropAndResize`` after
    ``rotateWithOffset(image, angle, 0, center)``, except that the whole picture is never turned: TF.js's turned picture
    has the size of the original, so that its corners are lost. TF.js takes the nearest pixel; this interpolates.
    """
    image_height, image_width = image.shape[:2]
    left, top, right, bottom = corners
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


def crop_turned(image: NDArray[Pixel], corners: Corners, angle: float, size: int) -> tuple[NDArray[Pixel], Affine]:
    """Turn a rectangle clockwise about its centre, and resize what it covers to [size, size, 3]. Outside it is black.

    ``angle`` is in radians. The grid is that of ``resize()``: the first sample lies on the rectangle's first corner,
    the last one a step before the opposite corner.
    """
    left, top, right, bottom = corners
    center = np.array([left + right, top + bottom]) / 2
    extent = np.array([right - left, bottom - top])
    axes = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    affine = np.column_stack([axes * extent / size, center - axes @ extent / 2])
    return _warp(image, affine, size, size, load_cv2().BORDER_CONSTANT), affine


def warp(image: NDArray[Pixel], affine: Affine, height: int, width: int) -> NDArray[Pixel]:
    """Return a picture of [height, width, 3], whose places ``affine`` maps to ``image``; outside it is black."""
    return _warp(image, affine, height, width, load_cv2().BORDER_CONSTANT)


def rotate(image: NDArray[Pixel], angle: float, center: Point) -> NDArray[Pixel]:
    """Turn a whole picture as TF.js's ``rotateWithOffset``: to the nearest pixel, with black corners.

    For comparisons with Human: ``crop_rotated()`` is more accurate and takes less time.
    """
    cv2 = load_cv2()
    height, width = image.shape[:2]
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    turned: NDArray[Pixel] = cv2.warpAffine(image, _rotation(angle, center)[:2], (width, height), flags=flags)
    return turned


def map_points(affine: Affine, points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Map points, [n, 2], of a picture that was computed here to coordinates of the original."""
    return points @ affine[:, :2].T + affine[:, 2]


def normalize(image: NDArray[Pixel], scale: float, offset: float) -> NDArray[np.float32]:
    """Compute the input of a model, float32 [1, h, w, 3], as ``pixel * scale + offset``."""
    values = image[np.newaxis].astype(np.float32)
    values *= np.float32(scale)
    values += np.float32(offset)
    return values


def planar(image: NDArray[np.uint8], below: int = 0, right: int = 0, *, bgr: bool = True) -> NDArray[np.float32]:
    """Return a uint8 picture in RGB as a model's input in BGR, float32 [1, 3, h + below, w + right], 0 to 255.

    What is added below and at the right is black. Without ``bgr`` the channels stay in their order.
    """
    height, width = image.shape[:2]
    # OpenCV's blobFromImage() has a temporary copy in float32: fresh memory costs ten times what the copies do.
    pixels = np.empty((1, 3, height + below, width + right), np.float32)
    pixels[:, :, height:] = 0
    pixels[:, :, :height, width:] = 0
    planes = load_cv2().split(image)
    for i, plane in enumerate(reversed(planes) if bgr else planes):
        pixels[0, i, :height, :width] = plane
    return pixels


def composite(
    foreground: NDArray[np.uint8], background: NDArray[np.uint8], alpha: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Return ``alpha * foreground + (1 - alpha) * background``, rounded, uint8 [h, w, 3].

    Both pictures are uint8 [h, w, 3]; ``alpha`` is float32 [h, w], 0 to 1.
    """
    blended: NDArray[np.uint8] = load_cv2().blendLinear(foreground, background, alpha, 1 - alpha)
    return blended


def _warp(image: NDArray[Pixel], affine: Affine, height: int, width: int, border: int) -> NDArray[Pixel]:
    cv2 = load_cv2()
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped: NDArray[Pixel] = cv2.warpAffine(image, affine, (width, height), flags=flags, borderMode=border)
    return warped


def mean_squared_difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Return the mean of the squared differences of the values of two pictures of one size, 0 to 255**2."""
    cv2 = load_cv2()
    return float(cv2.norm(first, second, cv2.NORM_L2SQR)) / first.size


def _grids(*axes: tuple[float, float, int, int]) -> list[tuple[float, float]]:
    """Return the distance between the samples along each axis, and the first of them.

    An axis is the start and the end of a stretch, the length of the axis in pixels, and the number of samples.
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
