"""Filters that read other pixels: sharpening, blur and large pixels, as Human's ``src/image/imagefxshaders.ts``.

Beyond its edge a picture has the colours of the edge. A shader also reads a texture between its pixels: it takes the
nearest pixel of the picture that a chain of filters begins with, and interpolates what a pass has written. ``first``
states that a filter begins the chain.
"""

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.filters.strips import Picture, Stopped, check, store, strips
from humanrt.imaging.opencv import load_cv2

BLUR_WEIGHTS = (
    0.159576912161,
    0.147308056121,
    0.115876621105,
    0.0776744219933,
    0.0443683338718,
    0.0215963866053,
    0.00895781211794,
    0.0044299121055113265,
)
"""The weights of the 15 samples of a blur: the middle one, and those on both sides of it."""

# Fewer columns or rows would make the strips of a large picture too many.
LEAST_IN_STRIP = 32


def sharpen(picture: Picture, amount: float, stopped: Stopped) -> None:
    """Add ``amount`` times the difference between a pixel and each of its four neighbours."""
    cv2 = load_cv2()
    kernel = np.array([[0, -amount, 0], [-amount, 1 + 4 * amount, -amount], [0, -amount, 0]], np.float32)
    height, width = picture.shape[:2]
    above = picture[:1].copy()
    for rows in strips(height, width, stopped):
        below = picture[rows.stop : rows.stop + 1] if rows.stop < height else picture[-1:]
        block = np.concatenate([above, picture[rows], below])
        above = block[-2:-1].copy()
        values = cv2.filter2D(block, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE)[1:-1]
        store(values, picture[rows])


def blur(picture: Picture, size: float, stopped: Stopped, *, first: bool) -> None:
    """Blur vertically, then horizontally; the samples reach ``size`` pixels to each side."""
    cv2 = load_cv2()
    height, width = picture.shape[:2]
    one = np.ones(1, np.float32)
    kernel = _blur_kernel(size, height, nearest=first)
    for columns in strips(width, height, stopped, LEAST_IN_STRIP):
        part = picture[:, columns]
        store(cv2.sepFilter2D(part, cv2.CV_32F, one, kernel, borderType=cv2.BORDER_REPLICATE), part)
    kernel = _blur_kernel(size, width, nearest=False)
    for rows in strips(height, width, stopped):
        part = picture[rows]
        store(cv2.sepFilter2D(part, cv2.CV_32F, kernel, one, borderType=cv2.BORDER_REPLICATE), part)


def _blur_kernel(size: float, length: int, *, nearest: bool) -> NDArray[np.float32]:
    """Return the weights of whole pixels, float32 [2 r + 1]; r is at most the length of the picture."""
    radius = min(ceil(size), length)
    kernel = np.zeros(2 * radius + 1)
    for step in range(-7, 8):
        weight, place = BLUR_WEIGHTS[abs(step)], step * size / 7
        whole = floor(place + 0.5) if nearest else floor(place)
        rest = 0.0 if nearest else place - whole
        for offset, part in ((whole, 1 - rest), (whole + 1, rest)):
            kernel[radius + min(max(offset, -radius), radius)] += weight * part
    return kernel.astype(np.float32)


def pixelate(picture: Picture, size: float, stopped: Stopped, *, passes: int) -> None:
    """Fill squares of ``size`` pixels, from the left edge on, with the colour at their corner.

    ``passes`` is the number of passes before. Without one, squares begin at the top, and the colour is that of the
    first pixel; after one it is the mean of the four pixels around the corner. Human's passes turn a picture upside
    down and back: after an odd number of passes, squares begin at the bottom.
    """
    if size < 1:
        return
    view = picture[::-1] if passes % 2 else picture
    height, width = view.shape[:2]
    column, next_column, across = _corners(width, size, nearest=not passes)
    row, next_row, down = _corners(height, size, nearest=not passes)
    weights = across[:, np.newaxis]
    begins = [0, *(np.flatnonzero(np.diff(row) | np.diff(next_row)) + 1), height]
    # From the end on: a square reads the rows at its beginning, which those before it have not written yet.
    for begin, end in zip(reversed(begins[:-1]), reversed(begins[1:]), strict=True):
        check(stopped)
        one, other = view[row[begin]], view[next_row[begin]]
        line = one * (1 - down[begin]) + other * down[begin]
        line = line[column] * (1 - weights) + line[next_column] * weights
        view[begin:end] = np.rint(line)


def _corners(
    length: int, size: float, *, nearest: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return two places that each of ``length`` pixels is interpolated from, and the weight of the second."""
    edges = np.floor((np.arange(length) + 0.5) / size) * size
    if nearest:
        places = np.minimum(np.floor(edges), length - 1).astype(np.intp)
        return places, places, np.zeros(length, np.float32)
    whole = np.floor(edges - 0.5)
    places = np.clip([whole, whole + 1], 0, length - 1).astype(np.intp)
    return places[0], places[1], (edges - 0.5 - whole).astype(np.float32)
