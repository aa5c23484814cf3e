"""Watercolour: washes with uneven pigment, which is denser at their borders, on rough paper.

Source of the pigment's density: Bousseau, Kaplan, Thollot and Sillion, "Interactive watercolor rendering with temporal
coherence and abstraction", 2006.
"""

import numpy as np

from humanrt.config import WatercolorConfig
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.grain import grain, window_of
from humanrt.imaging.styles.patches import Pixels, patches


class Watercolor:
    """Paints with watercolours. ``unit`` is the length in pixels that all others are multiples of."""

    def __init__(self, parameters: WatercolorConfig, unit: float) -> None:
        self._pigment = parameters.pigment
        self._levels = 9
        wash = unit * parameters.wash
        self._radius = max(1.0, 5.0 * wash)
        self._wobble = 1.8 * wash
        self._edge = max(0.8, 1.6 * unit)
        self._rows, self._columns = grain(max(1.0, 6 * unit), 6), grain(max(1.0, 6 * unit), 7)
        self._paper = grain(max(0.6, 0.9 * unit), 8)
        self._clouds = grain(max(2.0, 28 * unit), 9)
        self.halo: int = int(self._radius + 5 * self._wobble + 8 * self._edge) + 6

    def paint(self, window: Pixels, top: int, left: int) -> Pixels:
        """Return the window as a watercolour."""
        cv2 = load_cv2()
        place = (top, left, window.shape)
        height, width = window.shape[:2]
        washed = patches(window, self._radius, self._levels)
        # Borders of washes are uneven.
        columns = np.arange(width, dtype=np.float32) + window_of(self._columns, *place) * self._wobble
        rows = np.arange(height, dtype=np.float32)[:, None] + window_of(self._rows, *place) * self._wobble
        washed = cv2.remap(washed, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        grey = cv2.cvtColor(washed, cv2.COLOR_RGB2GRAY)
        border = cv2.GaussianBlur(cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), (0, 0), self._edge)
        border = np.minimum(border * np.float32(1 / 22), 1.0)
        clouds = window_of(self._clouds, *place)
        paper = window_of(self._paper, *place)
        density = 1 + self._pigment * (0.55 * border + 0.22 * clouds + 0.13 * paper) - 0.25
        color = washed.astype(np.float32) * (1 / 255)
        grey1 = grey[..., None] * np.float32(1 / 255)
        color = grey1 + (color - grey1) * 1.35
        color = 0.04 + 0.96 * np.clip(color, 0, 1) ** 0.8
        color -= (color - color * color) * (density - 1)[..., None]
        color *= 252
        return np.clip(color, 0, 255).astype(np.uint8)
