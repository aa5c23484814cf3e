"""Watercolour: washes of uneven pigment, denser at their borders, on rough paper that stays white at its edge.

Source of the pigment's density: Bousseau, Kaplan, Thollot and Sillion, "Interactive watercolor rendering with temporal
coherence and abstraction", 2006.
"""

from functools import cached_property

import numpy as np

from humanrt.config import WatercolorConfig
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.grain import Texture, grain, window_of
from humanrt.imaging.styles.patches import patches
from humanrt.imaging.styles.pixels import Pixels, rounded

LEVELS = 7


class Watercolor:
    """Paints with watercolours. ``unit`` is the length in pixels that all others are multiples of."""

    def __init__(self, parameters: WatercolorConfig, unit: float, size: tuple[int, int]) -> None:
        self._pigment = parameters.pigment
        self._size = size
        self._unit = unit
        wash = unit * parameters.wash
        self._radius = max(1.0, 7.0 * wash)
        self._wobble = 0.85 * wash
        self._edge = max(0.7, 1.1 * unit)
        self.halo: int = int(self._radius + 5 * self._wobble + 4 * self._edge) + 4

    @cached_property
    def _rows(self) -> Texture:
        return grain(max(1.0, 6 * self._unit), 6)

    @cached_property
    def _columns(self) -> Texture:
        return grain(max(1.0, 6 * self._unit), 7)

    @cached_property
    def _paper(self) -> Texture:
        return grain(max(0.6, 0.8 * self._unit), 8)

    @cached_property
    def _clouds(self) -> Texture:
        return grain(max(2.0, 22 * self._unit), 9)

    def paint(self, window: Pixels, top: int, left: int) -> Pixels:
        """Return the window as a watercolour."""
        cv2 = load_cv2()
        place = (top, left, window.shape)
        height, width = window.shape[:2]
        washed = patches(window, self._radius, LEVELS)
        # Borders of washes are uneven.
        uneven_rows, uneven_columns = window_of(self._rows, *place), window_of(self._columns, *place)
        columns = np.arange(width, dtype=np.float32) + uneven_columns * self._wobble
        rows = np.arange(height, dtype=np.float32)[:, None] + uneven_rows * self._wobble
        washed = cv2.remap(washed, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        grey = cv2.cvtColor(washed, cv2.COLOR_RGB2GRAY)
        border = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        border = np.minimum(cv2.GaussianBlur(border, (0, 0), self._edge) * np.float32(1 / 18), 1.0)
        clouds = window_of(self._clouds, *place)
        paper = window_of(self._paper, *place)
        density = 0.72 + self._pigment * (0.75 * border + 0.30 * clouds + 0.09 * paper)
        # The paper stays white where the brush did not reach, at the edge of the picture.
        margin = 10 * self._unit
        down = np.arange(top, top + height, dtype=np.float32)[:, None]
        across = np.arange(left, left + width, dtype=np.float32)
        last_row, last_column = self._size[0] - 1, self._size[1] - 1
        distance = np.minimum(np.minimum(down, last_row - down), np.minimum(across, last_column - across))
        reached = distance + (uneven_rows + 2.0 * clouds) * (0.35 * margin) - margin
        painted = np.clip(reached / (3 * self._unit + 1) + 0.5, 0, 1)
        density *= painted + 0.45 * np.clip(4 * painted * (1 - painted), 0, 1)
        color = washed.astype(np.float32)
        brightness = grey[..., None].astype(np.float32)
        color = brightness + (color - brightness) * 1.35
        color = np.clip(color * np.float32(0.86 / 255) + np.float32(0.14), 0.05, 1)
        # Light passes through the pigment, which absorbs more of it the denser it is.
        density *= 0.9
        color = cv2.exp(cv2.log(color) * density[..., None])
        color *= (251 + 2.0 * paper)[..., None]
        return rounded(color)
