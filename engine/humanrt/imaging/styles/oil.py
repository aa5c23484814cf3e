"""Oil painting: patches of colour, drawn out along the edges, with the relief that bristles leave."""

from functools import cached_property

import numpy as np

from humanrt.config import OilConfig
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.flow import Flow, flow_reach
from humanrt.imaging.styles.grain import STEPS, Texture, grain, window_of
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
        self.halo: int = int(max(flow_reach(self._sigma), self._reach + self._radius, 1.6 * self._reach)) + 6

    @cached_property
    def _grain(self) -> Texture:
        return grain(self._hair, 1)

    def paint(self, window: Pixels, top: int, left: int, part: Part) -> Pixels:
        """Return a part of the window as an oil painting."""
        cv2 = load_cv2()
        outer = part.grown(2, window.shape)  # for the relief
        core = part.inside(outer)
        flow = Flow(cv2.cvtColor(window, cv2.COLOR_RGB2GRAY), self._sigma, outer)
        near = outer.grown(int(self._reach + self._radius) + 3, window.shape)
        colors = patches(near.of(window), self._radius, self._levels)
        painted = flow.smear(colors, self._reach, 3, top=near.top, left=near.left)
        near = outer.grown(int(1.6 * self._reach) + 2, window.shape)
        grains = window_of(self._grain, top, left, near)
        grains *= STEPS  # bytes are smeared faster than floats
        grains += 128
        bristles = flow.smear(grains.astype(np.uint8), 1.6 * self._reach, 5, top=near.top, left=near.left)
        # Bright paint is thick.
        grey = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY)
        bristles *= 16 / STEPS
        light = core.of(cv2.filter2D(cv2.scaleAdd(grey, 0.12, bristles), -1, LIGHT))
        light *= 0.9 * self._relief
        np.clip(light, DARKEST, BRIGHTEST, out=light)
        # Paint has more colour than a photo: grey + 1.25 * (painted - grey).
        light -= 0.25 * core.of(grey)
        painted = core.of(painted)
        painted *= 1.25
        painted += light[..., None]
        return rounded(painted)
