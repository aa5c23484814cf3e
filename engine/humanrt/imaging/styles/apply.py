"""A style applied to a picture, and the memory that this takes."""

import math
from collections.abc import Callable
from typing import Any

from humanrt.config import StyleConfig, StyleName
from humanrt.imaging.encode import check_picture
from humanrt.imaging.styles.oil import Oil
from humanrt.imaging.styles.pencil import Pencil
from humanrt.imaging.styles.pixels import Pixels
from humanrt.imaging.styles.sketch import Sketch
from humanrt.imaging.styles.tiles import FAST_FACTOR, TILE_SIDE, Painter, margin_of, never, paint_tiles
from humanrt.imaging.styles.watercolor import Watercolor

STYLES: dict[StyleName, Callable[[Any, float, tuple[int, int]], Painter]] = {
    "sketch": Sketch,
    "pencil": Pencil,
    "oil": Oil,
    "watercolor": Watercolor,
}

# A picture of so many pixels has a unit of one pixel; lengths of strokes are multiples of the unit.
PIXELS_OF_UNIT = 1_000_000
# In smaller pictures strokes keep the size that they have in one of these pixels, so that they stay visible.
SMALLEST_UNIT = 0.35

# Measured with ``tools/bench/images``: the working memory for each pixel of a window, and the textures of a style.
BYTES_OF_WINDOW_PIXEL = 64
BYTES_OF_TEXTURES = 6 * 2**20


def apply_style(
    picture: Pixels, config: StyleConfig, *, stopped: Callable[[], bool] = never, tile_side: int = TILE_SIDE
) -> Pixels:
    """Return a picture, uint8 [h, w, 3] RGB, in the style ``config.name``, as a new array of the same size.

    This blocks for up to some seconds. ``stopped`` is called before each tile of ``tile_side`` pixels; if it returns
    True, this raises ``Stopped``. The same picture and configuration give the same result.

    Raises ``InputError`` if ``picture`` is another array.
    """
    check_picture(picture)
    return paint_tiles(
        _painter(picture.shape[0], picture.shape[1], config), picture, fast=config.fast, stopped=stopped, side=tile_side
    )


def style_memory(height: int, width: int, config: StyleConfig) -> int:
    """Return the bytes that ``apply_style()`` allocates for a picture, its result included."""
    margin = margin_of(_painter(height, width, config), fast=config.fast)
    rows, columns = min(height, TILE_SIDE + 2 * margin), min(width, TILE_SIDE + 2 * margin)
    return 3 * height * width + BYTES_OF_WINDOW_PIXEL * rows * columns + BYTES_OF_TEXTURES


def _painter(height: int, width: int, config: StyleConfig) -> Painter:
    if config.fast:
        height, width = -(-height // FAST_FACTOR), -(-width // FAST_FACTOR)
    unit = max(SMALLEST_UNIT, math.sqrt(height * width / PIXELS_OF_UNIT))
    return STYLES[config.name](getattr(config, config.name), unit, (height, width))
