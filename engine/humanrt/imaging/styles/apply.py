"""A style applied to a picture, and the memory that this takes."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from humanrt.config import StyleConfig
from humanrt.imaging.encode import check_picture
from humanrt.imaging.styles.oil import Oil
from humanrt.imaging.styles.pencil import Pencil
from humanrt.imaging.styles.sketch import Sketch
from humanrt.imaging.styles.tiles import FAST_FACTOR, Pixels, paint_tiles
from humanrt.imaging.styles.watercolor import Watercolor

STYLES: Mapping[str, Callable[[Any, float], Any]] = {
    "sketch": Sketch,
    "pencil": Pencil,
    "oil": Oil,
    "watercolor": Watercolor,
}


def unit_of(height: int, width: int) -> float:
    return max(0.35, math.sqrt(height * width) / 1000)


def apply_style(picture: Pixels, config: StyleConfig, check: Callable[[], None] = lambda: None, **more) -> Pixels:
    check_picture(picture)
    height, width = picture.shape[:2]
    if config.fast:
        height, width = -(-height // FAST_FACTOR), -(-width // FAST_FACTOR)
    painter = STYLES[config.name](getattr(config, config.name), unit_of(height, width), height, width)
    return paint_tiles(painter, picture, fast=config.fast, check=check, **more)


def style_memory(height: int, width: int) -> int:
    return 0
