"""Sketch: graphite lines on white paper, with soft shadows."""

from functools import cached_property

import numpy as np

from humanrt.config import SketchConfig
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.flow import Flow, flow_reach
from humanrt.imaging.styles.grain import Texture, grain, hatching, window_of
from humanrt.imaging.styles.lines import lines
from humanrt.imaging.styles.pixels import Pixels, rounded

PAPER = 252.0
# Added to dark areas, where a quotient would be noise.
FLOOR = np.float32(40)


class Sketch:
    """Draws lines. ``unit`` is the length in pixels that all others are multiples of."""

    def __init__(self, parameters: SketchConfig, unit: float, size: tuple[int, int]) -> None:
        self._detail = parameters.detail
        self._shading = parameters.shading
        self._width = max(0.7, 1.1 * unit)
        self._sigma = max(1.5, 3.0 * unit)
        self._reach = max(2.0, 6.0 * unit)
        self._blur = max(2.0, 9.0 * unit)
        self._unit = unit
        self.halo: int = int(max(flow_reach(self._sigma), 2 * self._blur, 7 * self._width + self._reach)) + 4

    @cached_property
    def _grain(self) -> Texture:
        return grain(max(0.6, 0.7 * self._unit), 2)

    @cached_property
    def _hatching(self) -> Texture:
        return hatching(-48, max(8.0, 36.0 * self._unit), max(0.55, 0.8 * self._unit), 10)

    def paint(self, window: Pixels, top: int, left: int) -> Pixels:
        """Return the window as a sketch."""
        cv2 = load_cv2()
        luminance = cv2.cvtColor(window, cv2.COLOR_RGB2GRAY)
        flow = Flow(luminance, self._sigma)
        ink = lines(luminance, flow, self._width, self._reach, self._detail)
        # The picture divided by its blurred form: shadows beside edges, and white areas.
        size = 2 * int(2 * self._blur) + 1
        around = cv2.stackBlur(luminance, (size, size))
        tone = np.minimum((luminance + FLOOR) / (around + FLOOR), 1)
        dark = 1 - cv2.GaussianBlur(luminance, (0, 0), self._width) * np.float32(1 / 255)
        paper = window_of(self._grain, top, left, window.shape)
        strokes = window_of(self._hatching, top, left, window.shape)
        shade = np.clip(dark - 0.3, 0, 1) * self._shading * np.clip(0.95 + 0.4 * strokes + 0.08 * paper, 0.1, 1.4)
        drawn = tone * (1 - np.clip(shade, 0, 1)) * (1 - 0.85 * ink * np.clip(0.92 + 0.12 * paper, 0, 1))
        drawn *= PAPER
        page: Pixels = cv2.cvtColor(rounded(drawn), cv2.COLOR_GRAY2RGB)
        return page
