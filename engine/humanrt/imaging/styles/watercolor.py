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
from humanrt.imaging.styles.pixels import Map, Part, Pixels, rounded

LEVELS = 7
PAPER = 251.0
SATURATION = 1.35
# Pigment is never black: colours begin here.
DARKEST = 0.14


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
        self._edge_reach = int(4 * self._edge) + 3
        self.halo: int = int(self._radius + 5 * self._wobble + self._edge_reach) + 4

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

    def paint(self, window: Pixels, top: int, left: int, part: Part) -> Pixels:
        """Return a part of the window as a watercolour."""
        cv2 = load_cv2()
        outer = part.grown(self._edge_reach, window.shape)
        core = part.inside(outer)
        washed = self._washes(window, top, left, outer)
        grey = cv2.cvtColor(washed, cv2.COLOR_RGB2GRAY)
        border = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        border = core.of(cv2.GaussianBlur(border, (0, 0), self._edge)) * np.float32(1 / 18)
        clouds = window_of(self._clouds, top, left, part)
        paper = window_of(self._paper, top, left, part)
        density = 0.75 * np.minimum(border, 1) + 0.3 * clouds + 0.09 * paper
        density *= self._pigment
        density += 0.72
        painted = self._painted(top, left, part, clouds)
        density *= painted + 0.45 * np.clip(4 * painted * (1 - painted), 0, 1)
        # The colour is grey + SATURATION * (washed - grey), of 0..255, and its darkest is raised.
        scale = (1 - DARKEST) / 255
        color = core.of(washed) * np.float32(SATURATION * scale)
        color += (core.of(grey) * np.float32((1 - SATURATION) * scale) + DARKEST)[..., None]
        np.clip(color, 0.05, 1, out=color)
        # Light passes through the pigment, which absorbs more of it the denser it is.
        cv2.log(color, dst=color)
        density *= 0.9
        color *= density[..., None]
        cv2.exp(color, dst=color)
        paper *= 2
        paper += PAPER
        color *= paper[..., None]
        return rounded(color)

    def _washes(self, window: Pixels, top: int, left: int, part: Part) -> Pixels:
        """Return a part of the window as patches of colour with uneven borders."""
        cv2 = load_cv2()
        columns = window_of(self._columns, top, left, part) * np.float32(self._wobble)
        columns += np.arange(part.left, part.right, dtype=np.float32)
        rows = window_of(self._rows, top, left, part) * np.float32(self._wobble)
        rows += np.arange(part.top, part.bottom, dtype=np.float32)[:, None]
        even = patches(window, self._radius, LEVELS)
        washed: Pixels = cv2.remap(even, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        return washed

    def _painted(self, top: int, left: int, part: Part, clouds: Map) -> Map:
        """Return where the brush reached, 0..1: the paper stays white at the edge of the picture."""
        margin = 10 * self._unit
        down = np.arange(top + part.top, top + part.bottom, dtype=np.float32)
        across = np.arange(left + part.left, left + part.right, dtype=np.float32)
        down, across = np.minimum(down, self._size[0] - 1 - down), np.minimum(across, self._size[1] - 1 - across)
        reached = window_of(self._rows, top, left, part)
        reached += 2.0 * clouds
        reached *= 0.35 * margin
        reached += np.minimum(down[:, None], across) - margin
        reached *= 1 / (3 * self._unit + 1)
        reached += 0.5
        return np.clip(reached, 0, 1, out=reached)
