"""Coloured pencils: strokes in the colours of the picture, crossed in the shadows, on rough paper."""

from functools import cached_property

import numpy as np

from humanrt.config import PencilConfig
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.flow import Flow, flow_reach
from humanrt.imaging.styles.grain import Texture, grain, hatching, window_of
from humanrt.imaging.styles.lines import lines
from humanrt.imaging.styles.pixels import Part, Pixels, rounded

PAPER = 250.0
DETAIL = 0.6
# Pigment is darker than the colour of the picture, as paper shows between strokes.
DARKER = 0.82


class Pencil:
    """Draws strokes. ``unit`` is the length in pixels that all others are multiples of."""

    def __init__(self, parameters: PencilConfig, unit: float, size: tuple[int, int]) -> None:
        del size
        self._saturation = 1.5 * parameters.color
        self._pressure = parameters.pressure
        self._width = max(0.7, 1.0 * unit)
        self._sigma = max(1.5, 3.0 * unit)
        self._reach = max(2.0, 5.0 * unit)
        self._blur = max(0.7, 1.5 * unit)
        self._stroke = max(8.0, 32.0 * unit), max(0.55, 0.8 * unit)
        self._rough = max(0.6, 0.6 * unit)
        self.halo: int = int(max(flow_reach(self._sigma), 7 * self._width + self._reach)) + 4

    @cached_property
    def _hatching(self) -> Texture:
        return hatching(-52, *self._stroke, 3)

    @cached_property
    def _crossing(self) -> Texture:
        return hatching(-20, *self._stroke, 4)

    @cached_property
    def _grain(self) -> Texture:
        return grain(self._rough, 5)

    def paint(self, window: Pixels, top: int, left: int, part: Part) -> Pixels:
        """Return a part of the window as a drawing with coloured pencils."""
        cv2 = load_cv2()
        luminance = cv2.cvtColor(window, cv2.COLOR_RGB2GRAY)
        ink = lines(luminance, Flow(luminance, self._sigma, part), self._width, self._reach, DETAIL)
        soft = np.ascontiguousarray(part.of(cv2.GaussianBlur(window, (0, 0), self._blur)))
        grey = cv2.cvtColor(soft, cv2.COLOR_RGB2GRAY)
        rough = window_of(self._grain, top, left, part)
        ink *= 0.6 * np.clip(0.9 + 0.25 * rough, 0, 1)
        # How much pigment covers the paper: strokes appear first, then those across them, then the rest.
        dark = grey * np.float32(-1 / 255) + 1
        rough *= 0.12
        first = 0.3 * window_of(self._hatching, top, left, part)
        first += 1.35 * dark + 0.25 + rough
        second = 0.3 * window_of(self._crossing, top, left, part)
        second += 1.5 * dark - 0.55 + rough
        cover = 0.62 * np.clip(first, 0, 1, out=first) + 0.38 * np.clip(second, 0, 1, out=second)
        cover *= self._pressure
        np.minimum(cover, 1, out=cover)
        # The colour is grey + saturation * (soft - grey), and what is not covered is paper.
        drawn = soft * np.float32(DARKER * self._saturation)
        drawn += ((1 - self._saturation) * DARKER * grey - PAPER)[..., None]
        drawn *= cover[..., None]
        drawn += PAPER
        drawn *= (1 - ink)[..., None]
        return rounded(drawn)
