"""Images: batches [batch, height, width, channels], sampled on the grids of TF.js 4.22's CPU kernels.

Positions and interpolated values are computed in float64, as in JavaScript, and rounded once at the end.
"""

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.elementwise import constant
from humanrt.tensors.kernels.promotion import FLOAT32, float_dtype, require_integers

LUMA = np.array([0.2989, 0.5870, 0.1140], np.float32)
OPAQUE = 255

Positions = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]


def resize_bilinear(images: Array, size: Sequence[int], align_corners: bool, half_pixel_centers: bool) -> Array:
    """Resize to [.., height, width, ..], interpolating the four pixels around each sample."""
    height, width = _checked_sizes(images, size, align_corners, half_pixel_centers)
    rows = _grid(images.shape[-3], height, align_corners, half_pixel_centers)
    columns = _grid(images.shape[-2], width, align_corners, half_pixel_centers)
    return _interpolated(images, rows, columns).astype(float_dtype(images.dtype))


def resize_nearest(images: Array, size: Sequence[int], align_corners: bool, half_pixel_centers: bool) -> Array:
    """Resize to [.., height, width, ..], with one pixel for each sample."""
    height, width = _checked_sizes(images, size, align_corners, half_pixel_centers)
    axes = ((images.shape[-3], height), (images.shape[-2], width))
    rows, columns = (_nearest(old, new, align_corners, half_pixel_centers) for old, new in axes)
    return images[..., rows[:, None], columns, :]


def crop_and_resize(
    images: Array, boxes: Array, box_indices: Array, size: Sequence[int], method: str, outside: float
) -> Array:
    """Crop boxes from images and resize them; a sample outside its image has the value ``outside``."""
    if images.ndim != 4 or boxes.shape[1:] != (4,) or box_indices.shape != boxes.shape[:1]:
        raise InputError("accepted: images [b, h, w, c], boxes [n, 4] and box_indices [n]")
    if method not in ("bilinear", "nearest"):
        raise InputError(f"method is {method!r}; accepted: 'bilinear', 'nearest'")
    require_integers(box_indices=box_indices)
    batch, image_height, image_width, channels = images.shape
    if box_indices.size and (box_indices.min() < 0 or box_indices.max() >= batch):
        raise InputError(f"box_indices are {box_indices.min()} to {box_indices.max()}; accepted: 0 to {batch - 1}")
    height, width = _pair(size)
    dtype = float_dtype(images.dtype)
    crops = np.full((len(boxes), height, width, channels), outside, dtype)
    for crop, box, image in zip(crops, boxes.astype(np.float64), box_indices, strict=True):
        rows, inner_rows = _samples(box[0], box[2], image_height, height)
        columns, inner_columns = _samples(box[1], box[3], image_width, width)
        if method == "bilinear":
            pixels = _interpolated(images[image], rows, columns)
        else:
            pixels = images[image][_round(rows)[:, None], _round(columns)]
        crop[np.ix_(inner_rows, inner_columns)] = pixels
    return crops


def flip_left_right(images: Array) -> Array:
    """Return images mirrored."""
    _require_rank(images, 4)
    return np.array(images[:, :, ::-1], order="C")


def rotate_with_offset(
    images: Array, radians: float, fill: float | Sequence[float], center: float | tuple[float, float]
) -> Array:
    """Rotate about ``center``, a fraction of the size, with the nearest pixel, or ``fill`` outside the image."""
    _require_rank(images, 4)
    _, height, width, channels = images.shape
    center_x, center_y = center if isinstance(center, Sequence) else (center, center)
    center_x, center_y = center_x * width, center_y * height
    x, y = np.arange(width) - center_x, (np.arange(height) - center_y)[:, None]
    sine, cosine = math.sin(radians), math.cos(radians)
    columns = _round(x * cosine - y * sine + center_x)
    rows = _round(x * sine + y * cosine + center_y)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    rotated = np.empty_like(images, order="C")
    rotated[...] = _fill_values(fill, images, channels)
    rotated[:, inside] = images[:, rows[inside], columns[inside]]
    return rotated


def rgb_to_grayscale(images: Array) -> Array:
    """Return the luma of red, green and blue in one channel."""
    if images.ndim < 2 or images.shape[-1] != 3:
        raise InputError("accepted: [..., 3], two axes or more")
    gray = np.sum(images.astype(FLOAT32, copy=False) * LUMA, axis=-1, keepdims=True, dtype=np.float64)
    return gray.astype(FLOAT32).astype(images.dtype)


def _checked_sizes(
    images: Array, size: Sequence[int], align_corners: bool, half_pixel_centers: bool
) -> tuple[int, int]:
    if images.ndim not in (3, 4) or not images.shape[-3] or not images.shape[-2]:
        raise InputError("accepted: [h, w, c] and [b, h, w, c], h and w at least 1")
    if align_corners and half_pixel_centers:
        raise InputError("align_corners and half_pixel_centers exclude each other")
    return _pair(size)


def _pair(size: Sequence[int]) -> tuple[int, int]:
    height, width = map(operator.index, size)
    if min(height, width) < 1:
        raise InputError(f"the size is {height} x {width}; accepted: 1 x 1 and more")
    return height, width


def _require_rank(images: Array, rank: int) -> None:
    if images.ndim != rank:
        raise InputError("accepted: [b, h, w, c]")


def _ratio(old: int, new: int, align_corners: bool) -> float:
    return (old - 1) / (new - 1) if align_corners and new > 1 else old / new


def _grid(old: int, new: int, align_corners: bool, half_pixel_centers: bool) -> Positions:
    """Return the positions of ``new`` samples on an axis of ``old`` pixels."""
    ratio, steps = _ratio(old, new, align_corners), np.arange(new)
    positions: Positions = ratio * (steps + 0.5) - 0.5 if half_pixel_centers else ratio * steps
    return np.clip(positions, 0, old - 1)


def _nearest(old: int, new: int, align_corners: bool, half_pixel_centers: bool) -> Indices:
    positions = _ratio(old, new, align_corners) * (np.arange(new) + 0.5 * half_pixel_centers)
    pixels = _round(positions) if align_corners else np.floor(positions).astype(np.intp)
    return np.minimum(pixels, old - 1)


def _samples(start: float, end: float, old: int, new: int) -> tuple[Positions, NDArray[np.bool_]]:
    """Return the positions of those of ``new`` samples, ``start`` to ``end`` in 0..1, that are on an axis; a mask."""
    if new > 1:
        positions = start * (old - 1) + np.arange(new) * ((end - start) * (old - 1) / (new - 1))
    else:
        positions = np.array([0.5 * (start + end) * (old - 1)])
    inside = (positions >= 0) & (positions <= old - 1)
    return positions[inside], inside


def _interpolated(images: Array, rows: Positions, columns: Positions) -> Array:
    """Sample [.., h, w, c] bilinearly at the crossings of rows and columns, positions in 0..h - 1 and 0..w - 1."""
    top, bottom = np.floor(rows).astype(np.intp)[:, None], np.ceil(rows).astype(np.intp)[:, None]
    left, right = np.floor(columns).astype(np.intp), np.ceil(columns).astype(np.intp)
    down, along = (rows[:, None] - top)[..., None], (columns - left)[:, None]

    def pixels(y: Indices, x: Indices) -> Array:
        return images[..., y, x, :].astype(np.float64)

    upper = _between(pixels(top, left), pixels(top, right), along)
    lower = _between(pixels(bottom, left), pixels(bottom, right), along)
    return _between(upper, lower, down)


def _between(one: Array, other: Array, fraction: Array) -> Array:
    value: Array = one + (other - one) * fraction
    return value


def _fill_values(fill: float | Sequence[float], images: Array, channels: int) -> Array:
    """Return the value of a pixel outside the image. As in TF.js, a colour without alpha is opaque."""
    if not isinstance(fill, Sequence):
        return constant(fill, images)
    values = [*fill[:3], OPAQUE] if len(fill) > 2 else fill
    if len(values) < channels:
        raise InputError(
            f"fill_value has {len(fill)} numbers for {channels} channels; accepted: one, or one for each channel"
        )
    return np.array([constant(value, images) for value in values[:channels]])


def _round(positions: Positions) -> Indices:
    """Round halves up, as in JavaScript."""
    rounded: Indices = np.floor(positions + 0.5).astype(np.intp)
    return rounded
