"""Sketch: graphite lines on white paper, with hatched shadows."""

from functools import cached_property

import numpy as np

from humanrt.config import SketchConfig
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.flow import Flow, flow_reach
from humanrt.imaging.styles.grain import Texture, grain, hatching, window_of
from humanrt.imaging.styles.lines import lines
from humanrt.imaging.styles.pixels import Part, Pixels, rounded

PAPER = 252.0
# Added to dark areas, where a quotient would be noise.
FLOOR = np.float32(40)


class Sketch:
    """Draws lines. ``unit`` is the length in pixels that all others are multiples of."""

    def __init__(self, parameters: SketchConfig, unit: float, size: tuple[int, int]) -> None:
        del size
        self._detail = parameters.detail
        self._shading = parameters.shading
        self._unit = unit
        self._width = max(0.7, 1.1 * unit)
        self._sigma = max(1.5, 3.0 * unit)
        self._reach = max(2.0, 6.0 * unit)
        self._blur = max(2.0, 9.0 * unit)
        self.halo: int = int(max(flow_reach(self._sigma), 2 * self._blur, 7 * self._width + self._reach)) + 4

    @cached_property
    def _grain(self) -> Texture:
        return grain(max(0.6, 0.7 * self._unit), 2)

    @cached_property
    def _hatching(self) -> Texture:
        return hatching(-48, max(8.0, 36.0 * self._unit), max(0.55, 0.8 * self._unit), 10)

    def paint(self, window: Pixels, top: int, left: int, part: Part) -> Pixels:
        """Return a part of the window as a sketch."""
        cv2 = load_cv2()
        luminance = cv2.cvtColor(window, cv2.COLOR_RGB2GRAY)
        ink = lines(luminance, Flow(luminance, self._sigma, part), self._width, self._reach, self._detail)
        paper = window_of(self._grain, top, left, part)
        ink *= 0.85 * np.clip(0.92 + 0.12 * paper, 0, 1)
        # The picture divided by its blurred form: shadows beside edges, and white areas.
        size = 2 * int(2 * self._blur) + 1
        around = part.of(cv2.stackBlur(luminance, (size, size)))
        drawn = np.minimum((part.of(luminance) + FLOOR) / (around + FLOOR), 1)
        shade = part.of(cv2.GaussianBlur(luminance, (0, 0), self._width)) * np.float32(-1 / 255)
        shade += 0.7
        np.clip(shade, 0, 1, out=shade)
        strokes = window_of(self._hatching, top, left, part)
        shade *= np.clip(0.95 + 0.4 * strokes + 0.08 * paper, 0.1, 1.4) * np.float32(self._shading)
        drawn *= (1 - np.minimum(shade, 1)) * (1 - ink) * PAPER
        page: Pixels = cv2.cvtColor(rounded(drawn), cv2.COLOR_GRAY2RGB)
        return page
