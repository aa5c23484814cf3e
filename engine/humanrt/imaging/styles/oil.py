"""Oil painting: patches of colour, drawn out along the edges, with the relief that bristles leave."""

from functools import cached_property

import numpy as np

from humanrt.config import OilConfig
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.flow import Flow, flow_reach
from humanrt.imaging.styles.grain import Texture, grain, window_of
from humanrt.imaging.styles.patches import patches
from humanrt.imaging.styles.pixels import Part, Pixels, rounded

# The light comes from above, on the left.
LIGHT = np.array([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]], np.float32)
DARKEST, BRIGHTEST = -36, 44


class Oil:
    """Paints with oil. ``unit`` is the length in pixels that all others are multiples of."""

    def __init__(self, parameters: OilConfig, unit: float, size: tuple[int, int]) -> None:
        del size
        self._levels = parameters.levels
        self._relief = parameters.relief
        stroke = unit * parameters.brush
        self._radius = max(1.0, 6.0 * stroke)
        self._sigma = max(1.0, 4.0 * stroke)
        self._reach = max(1.5, 10.0 * stroke)
        self._hair = max(0.7, 1.1 * unit)
        from_patch = max(flow_reach(self._sigma), self._reach)
        self.halo: int = int(max(self._radius + from_patch, 1.6 * self._reach)) + 4

    @cached_property
    def _grain(self) -> Texture:
        return grain(self._hair, 1)

    def paint(self, window: Pixels, top: int, left: int, part: Part) -> Pixels:
        """Return a part of the window as an oil painting."""
        cv2 = load_cv2()
        colors = patches(window, self._radius, self._levels)
        outer = part.grown(2, window.shape)  # for the relief
        core = part.inside(outer)
        flow = Flow(cv2.cvtColor(colors, cv2.COLOR_RGB2GRAY), self._sigma, outer)
        painted = flow.smear(colors, self._reach, 3)
        everything = Part(0, 0, *window.shape[:2])
        bristles = flow.smear(window_of(self._grain, top, left, everything), 1.6 * self._reach, 5)
        # Bright paint is thick.
        grey = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY)
        bristles *= 16
        light = core.of(cv2.filter2D(cv2.scaleAdd(grey, 0.12, bristles), -1, LIGHT))
        light *= 0.9 * self._relief
        np.clip(light, DARKEST, BRIGHTEST, out=light)
        # Paint has more colour than a photo: grey + 1.25 * (painted - grey).
        light -= 0.25 * core.of(grey)
        painted = core.of(painted)
        painted *= 1.25
        painted += light[..., None]
        return rounded(painted)
