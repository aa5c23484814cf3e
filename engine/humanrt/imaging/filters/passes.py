"""All filters of a configuration, in the order of Human's ``src/image/image.ts``.

Human's filters are shaders of WebGL, which only browsers have. Each pass computes in float32 and writes 8 bits, so that
every filter rounds and clips; so does each of them here. Differences are listed in ``engine/docs/filters.md``.
"""

import os
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from humanrt.config import FilterConfig
from humanrt.imaging.accepted import PictureSource
from humanrt.imaging.decode import RGB_BYTES
from humanrt.imaging.filters.colour import (
    Matrix,
    apply_matrix,
    apply_table,
    equalize,
    extremes,
    hue,
    named,
    saturation,
)
from humanrt.imaging.filters.neighbours import blur, pixelate, sharpen
from humanrt.imaging.filters.strips import Picture, Stopped, never
from humanrt.imaging.header import check_size
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.room import Room
from humanrt.imaging.source import read_into
from humanrt.tensors import Tensor

FILMS = ("sepia", "vintage", "sepia", "kodachrome", "technicolor", "polaroid")
"""The filters that are a fixed matrix of colours. Human applies sepia twice."""

Pass: TypeAlias = Callable[[Picture, int, Stopped], None]
"""Changes a picture; it is called with the number of passes before."""

# Each of these is read to a picture that nobody else has.
READ_TO_A_COPY = (str, os.PathLike, bytes, bytearray, memoryview, Tensor)


def read_filtered(
    room: Room,
    source: PictureSource,
    filters: FilterConfig,
    *,
    bgr: bool,
    max_pixels: int,
    max_bytes: int,
    stopped: Stopped = never,
) -> Picture:
    """Read a picture as ``read_into()`` does, and return it with ``filters``; nobody else has the result.

    Raises ``InputError`` as ``read_into()``, and if the picture would be resized to more than ``max_pixels``.
    """
    pixels = read_into(room, source, bgr=bgr, max_pixels=max_pixels, max_bytes=max_bytes)
    width, height = filtered_size(pixels.shape[1], pixels.shape[0], filters)
    check_size(width, height, max_pixels)
    room.hold(RGB_BYTES * width * height)
    return filter_picture(pixels, filters, in_place=isinstance(source, READ_TO_A_COPY), stopped=stopped)


def filtered_size(width: int, height: int, filters: FilterConfig) -> tuple[int, int]:
    """Return the width and height of a filtered picture. If one of the two is set, the other follows in proportion."""
    if not filters.width and not filters.height:
        return width, height
    return (
        filters.width or max(1, width * filters.height // height),
        filters.height or max(1, height * filters.width // width),
    )


def filter_picture(
    pixels: Picture, filters: FilterConfig, *, in_place: bool = False, stopped: Stopped = never
) -> Picture:
    """Return a picture, uint8 [h, w, 3] RGB, with ``filters``; ``enabled`` and ``return_`` have no effect.

    With ``in_place`` the result may be ``pixels``, which is overwritten; otherwise it is a new array. Besides the
    result, filters allocate strips of some MB. ``stopped`` is called between strips.

    Raises ``asyncio.CancelledError`` if ``stopped()`` is true.
    """
    picture = _placed(pixels, filters, in_place)
    for passed, apply in enumerate(_passes(filters, _brightness(picture, filters, stopped))):
        apply(picture, passed, stopped)
    if filters.equalization:
        equalize(picture, stopped)
    return picture


def _placed(pixels: Picture, filters: FilterConfig, in_place: bool) -> Picture:
    """Return the picture resized and mirrored, as Human draws it on its canvas."""
    cv2 = load_cv2()
    height, width = pixels.shape[:2]
    size = filtered_size(width, height, filters)
    if size != (width, height):
        smaller = size[0] <= width and size[1] <= height
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
        in_place = True
    if filters.flip:
        return np.asarray(cv2.flip(pixels, 1, dst=pixels if in_place and pixels.flags.writeable else None))
    return pixels if in_place and pixels.flags.writeable else pixels.copy()


def _brightness(picture: Picture, filters: FilterConfig, stopped: Stopped) -> float:
    """Return the change of brightness: the one that is set, else the automatic one if that is on."""
    if filters.brightness or not filters.auto_brightness:
        return filters.brightness
    return 1 - float(extremes(picture, stopped)[1].max()) / 255


def _passes(filters: FilterConfig, brightness: float) -> Iterator[Pass]:
    """Yield the passes in Human's order."""
    if brightness:
        yield lambda picture, _, stopped: apply_table(picture, brightness + 1, 0, stopped)
    if filters.contrast:
        yield _contrast(filters.contrast)
    if filters.sharpness:
        yield lambda picture, _, stopped: sharpen(picture, filters.sharpness, stopped)
    if filters.blur:
        yield lambda picture, passed, stopped: blur(picture, filters.blur, stopped, first=not passed)
        yield lambda *_: None  # a blur is two passes
    if filters.saturation:
        yield _matrix(saturation(filters.saturation))
    if filters.hue:
        yield _matrix(hue(filters.hue))
    if filters.negative:
        yield _contrast(-2)
    for name in FILMS:
        if getattr(filters, name):
            yield _matrix(named(name))
    if filters.pixelate:
        yield lambda picture, passed, stopped: pixelate(picture, filters.pixelate, stopped, passes=passed)


def _contrast(amount: float) -> Pass:
    """Return the pass of a change of contrast; with -2, which is Human's negative, a value v becomes 256 - v."""
    return lambda picture, _, stopped: apply_table(picture, amount + 1, -128 * amount, stopped)


def _matrix(matrix: Matrix) -> Pass:
    return lambda picture, _, stopped: apply_matrix(picture, matrix, stopped)
