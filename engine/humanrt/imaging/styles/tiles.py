"""A style over a whole picture, tile by tile, so that its working memory does not grow with the number of pixels.

Each tile is computed from a window that has a margin on every side, as far as the picture goes. A style reads no pixel
farther away than its halo, so that a pixel has the same value in every tile that could contain it.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.pixels import Part, Pixels

# Larger tiles need more memory, smaller ones compute more pixels of margins.
TILE_SIDE = 384
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

    def paint(self, window: Pixels, top: int, left: int, part: Part) -> Pixels:
        """Return ``part`` of the window, uint8 [h, w, 3] RGB, in this style.

        ``top`` and ``left`` are the place of the window in the picture.
        """


def paint_tiles(
    painter: Painter, picture: Pixels, *, fast: bool, stopped: Callable[[], bool] = never, side: int = TILE_SIDE
) -> Pixels:
    """Return a picture, uint8 [h, w, 3] RGB, in a style. ``side`` is that of a tile, a multiple of 8.

    With ``fast`` the painter is one for a picture of half the width and height; what it paints is enlarged.
    ``stopped`` is called before each tile; if it returns True, this raises ``Stopped``.
    """
    height, width = picture.shape[:2]
    result = np.empty_like(picture, order="C")
    margin = margin_of(painter, fast=fast)
    paint = _paint_reduced if fast else _paint
    for top in range(0, height, side):
        for left in range(0, width, side):
            if stopped():
                raise Stopped
            tile = Part(top, left, min(height, top + side), min(width, left + side))
            around = tile.grown(margin, picture.shape)
            window = np.ascontiguousarray(around.of(picture))
            tile.of(result)[...] = paint(painter, window, around.top, around.left, tile.inside(around))
    return result


def margin_of(painter: Painter, *, fast: bool) -> int:
    """Return by how many pixels a window is larger than its tile, on each side."""
    # To enlarge a pixel takes two more on each side.
    margin = (painter.halo + 2) * FAST_FACTOR if fast else painter.halo
    return -(-margin // ALIGNMENT) * ALIGNMENT


def _paint(painter: Painter, window: Pixels, top: int, left: int, part: Part) -> Pixels:
    return painter.paint(window, top, left, part)


def _paint_reduced(painter: Painter, window: Pixels, top: int, left: int, part: Part) -> Pixels:
    cv2 = load_cv2()
    height, width = window.shape[:2]
    # With even sides the centres of the pixels, reduced and enlarged, are at the same places in every window.
    window = cv2.copyMakeBorder(window, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    reduced = cv2.resize(window, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    needed = Part(part.top // 2, part.left // 2, -(-part.bottom // 2), -(-part.right // 2)).grown(2, reduced.shape)
    painted = painter.paint(reduced, top // 2, left // 2, needed)
    enlarged = cv2.resize(painted, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return part.inside(Part(*(2 * edge for edge in needed))).of(enlarged)
