"""Type: measured, and drawn in place, in the TrueType fonts that OpenCV contains or in one of a file.

The size of a font is that of its em square in pixels, as in CSS: capitals are three quarters of it high.
"""

import re
from collections.abc import Sequence
from math import ceil
from threading import local
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.drawing.fontfile import is_font
from humanrt.drawing.options import Color
from humanrt.errors import ConfigError
from humanrt.imaging.opencv import load_cv2

# Semibold: a thin stroke fades on a photograph.
WEIGHT = 550
# Of the font size: the height of a line, the room beside it, and its baseline under the top of the line.
LINE, PADDING, BASELINE = 1.36, 0.36, 1.02
# The share of the picture that a label's background covers.
OPACITY = 0.75
# OpenCV finds a font by a name of its own or by a path, and has no other fonts of the system.
BUILT_IN = ("sans", "italic", "uni")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_fonts = local()


class Type(NamedTuple):
    """A font in one size, and the distance of lines."""

    font: str
    """A name of ``BUILT_IN`` or a path."""
    size: int
    """The size of the font in pixels."""
    line_height: int
    """The distance of two baselines in pixels."""

    def measure(self, lines: Sequence[str]) -> tuple[int, int]:
        """Return the width and height of a label of these lines, its margin included."""
        cv2, font = load_cv2(), _load(self.font)
        widths = (cv2.getTextSize((0, 0), _clean(line), (0, 0), font, self.size, WEIGHT)[2] for line in lines)
        width = ceil(max(widths) + 2 * PADDING * self.size)
        return width, ceil(LINE * self.size) + (len(lines) - 1) * self.line_height

    def draw(
        self,
        image: NDArray[np.uint8],
        lines: Sequence[str],
        corner: tuple[int, int],
        color: Color,
        shadow: Color | None,
    ) -> None:
        """Draw a label whose top left corner is here, on a translucent ground of the colour ``shadow``."""
        cv2, font = load_cv2(), _load(self.font)
        left, top = corner
        if shadow is not None:
            width, height = self.measure(lines)
            _cover(image, (left, top, left + width, top + height), shadow, self.size / 4)
        x, baseline = left + round(PADDING * self.size), top + round(BASELINE * self.size)
        for i, line in enumerate(lines):
            place = x, baseline + i * self.line_height
            cv2.putText(image, _clean(line), place, color, font, self.size, WEIGHT)


def _clean(line: str) -> str:
    """Return a line with a replacement character for each control character and surrogate: OpenCV crashes at those."""
    return UNPRINTABLE.sub("\ufffd", line)


def _cover(image: NDArray[np.uint8], corners: tuple[int, int, int, int], color: Color, radius: float) -> None:
    """Cover a rectangle, with round corners, with a translucent colour."""
    cv2 = load_cv2()
    left, top, right, bottom = corners
    window = image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if not window.size:
        return
    mask = np.zeros((bottom - top, right - left), np.uint8)
    edge = min(round(radius), (bottom - top) // 2, (right - left) // 2)
    opacity = round(255 * OPACITY)
    for x, y in ((edge, 0), (0, edge)):
        cv2.rectangle(mask, (x, y), (right - left - 1 - x, bottom - top - 1 - y), opacity, cv2.FILLED)
    for x in (edge, right - left - 1 - edge):
        for y in (edge, bottom - top - 1 - edge):
            cv2.circle(mask, (x, y), edge, opacity, cv2.FILLED, cv2.LINE_AA)
    weights = mask[max(-top, 0) :, max(-left, 0) :][: window.shape[0], : window.shape[1], None] / np.float32(255)
    window[...] = window * (1 - weights) + weights * np.array(color, np.float32)


def _load(name: str) -> object:
    """Return a font of OpenCV, one for each thread: it keeps the letters that it has rasterized.

    Raises ``ConfigError`` if there is no such font.
    """
    fonts: dict[str, object] = vars(_fonts).setdefault("by_name", {})
    if name not in fonts:
        font = load_cv2().FontFace(name) if name in BUILT_IN or is_font(name) else None
        if font is None or not font.getName():
            raise ConfigError(
                f"draw.font is {name!r}, which is not a font or is damaged; it must be {', '.join(BUILT_IN)} or the "
                "path of a TrueType file"
            )
        fonts[name] = font
    return fonts[name]
