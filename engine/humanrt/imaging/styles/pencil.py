"""Coloured pencils: strokes in the colours of the picture, crossed in the shadows, on rough paper."""

from functools import cached_property

import numpy as np

from humanrt.config import PencilConfig
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.flow import Flow, flow_reach
from humanrt.imaging.styles.grain import Texture, grain, hatching, window_of
from humanrt.imaging.styles.lines import lines
from humanrt.imaging.styles.pixels import Pixels, rounded

PAPER = 250.0


class Pencil:
    """Draws strokes. ``unit`` is the length in pixels that all others are multiples of."""

    def __init__(self, parameters: PencilConfig, unit: float, size: tuple[int, int]) -> None:
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

    def paint(self, window: Pixels, top: int, left: int) -> Pixels:
        """Return the window as a drawing with coloured pencils."""
        cv2 = load_cv2()
        luminance = cv2.cvtColor(window, cv2.COLOR_RGB2GRAY)
        flow = Flow(luminance, self._sigma)
        ink = lines(luminance, flow, self._width, self._reach, 0.6)
        soft = cv2.GaussianBlur(window, (0, 0), self._blur)
        grey = cv2.cvtColor(soft, cv2.COLOR_RGB2GRAY).astype(np.float32)
        dark = 1 - grey * (1 / 255)
        place = (top, left, window.shape)
        strokes = window_of(self._hatching, *place)
        crossed = window_of(self._crossing, *place)
        rough = window_of(self._grain, *place)
        # How much pigment covers the paper: strokes appear first, then those across them, then the rest.
        first = np.clip(0.25 + 1.35 * dark + 0.30 * strokes + 0.12 * rough, 0, 1)
        second = np.clip(1.5 * dark - 0.55 + 0.30 * crossed + 0.12 * rough, 0, 1)
        cover = np.clip((0.62 * first + 0.38 * second) * self._pressure, 0, 1)
        color = grey[..., None] + (soft - grey[..., None]) * self._saturation
        color = color * 0.82
        drawn = PAPER - (PAPER - color) * cover[..., None]
        drawn *= (1 - 0.6 * ink * np.clip(0.9 + 0.25 * rough, 0, 1))[..., None]
        return rounded(drawn)
