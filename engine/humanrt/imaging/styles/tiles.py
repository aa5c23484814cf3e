"""A style over a whole picture, tile by tile, so that its working memory does not grow with the picture.

Each tile is computed from a window that has ``halo`` pixels more on every side, as far as the picture goes. A style
reads no pixel farther away than its halo, so that a pixel has the same value in every tile that could contain it.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.pixels import Pixels

# Larger tiles need more memory, smaller ones compute more pixels of halos.
TILE_SIDE = 448
# Windows begin at multiples of this, so that what a painter computes at a reduced size is aligned in all of them.
ALIGNMENT = 8
# The fast form computes a picture of this fraction of the width and of the height.
FAST_FACTOR = 2


class Stopped(Exception):  # noqa: N818 - a signal, which users never see
    """The caller is not interested in the picture any more."""


def never() -> bool:
    """Return False, for a call that nothing stops."""
    return False


class Painter(Protocol):
    """A style, prepared for pictures of one size."""

    @property
    def halo(self) -> int:
        """The distance in pixels to the farthest pixel that a pixel of the result depends on."""

    def paint(self, window: Pixels, top: int, left: int) -> Pixels:
        """Return the window, uint8 [h, w, 3] RGB, in this style. ``top`` and ``left`` are its place in the picture."""


def paint_tiles(
    painter: Painter, picture: Pixels, *, fast: bool, stopped: Callable[[], bool] = never, side: int = TILE_SIDE
) -> Pixels:
    """Return a picture, uint8 [h, w, 3] RGB, in a style. ``side`` is that of a tile, a multiple of 8.

    With ``fast`` the painter is one for a picture of half the width and height; what it paints is enlarged.
    ``stopped`` is called before each tile; if it returns True, this raises ``Stopped``.
    """
    height, width = picture.shape[:2]
    result = np.empty_like(picture, order="C")
    halo = margin_of(painter, fast=fast)
    paint = _paint_reduced if fast else _paint
    for top in range(0, height, side):
        first_row, last_row = max(0, top - halo), min(height, top + side + halo)
        for left in range(0, width, side):
            if stopped():
                raise Stopped
            first_column, last_column = max(0, left - halo), min(width, left + side + halo)
            window = np.ascontiguousarray(picture[first_row:last_row, first_column:last_column])
            painted = paint(painter, window, first_row, first_column)
            tile = result[top : top + side, left : left + side]
            row, column = top - first_row, left - first_column
            tile[...] = painted[row : row + tile.shape[0], column : column + tile.shape[1]]
    return result


def margin_of(painter: Painter, *, fast: bool) -> int:
    """Return by how many pixels a window is larger than its tile, on each side."""
    # To enlarge a pixel takes two more on each side.
    margin = (painter.halo + 2) * FAST_FACTOR if fast else painter.halo
    return -(-margin // ALIGNMENT) * ALIGNMENT


def _paint(painter: Painter, window: Pixels, top: int, left: int) -> Pixels:
    return painter.paint(window, top, left)


def _paint_reduced(painter: Painter, window: Pixels, top: int, left: int) -> Pixels:
    cv2 = load_cv2()
    height, width = window.shape[:2]
    # With even sides the centres of the pixels, reduced and enlarged, are at the same places in every window.
    window = cv2.copyMakeBorder(window, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    full = (window.shape[1], window.shape[0])
    reduced = cv2.resize(window, (full[0] // 2, full[1] // 2), interpolation=cv2.INTER_AREA)
    painted = painter.paint(reduced, top // 2, left // 2)
    enlarged: Pixels = cv2.resize(painted, full, interpolation=cv2.INTER_CUBIC)
    return enlarged
