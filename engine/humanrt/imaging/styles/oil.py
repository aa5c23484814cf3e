"""Oil painting: patches of colour, drawn out along the edges, with the relief that bristles leave."""

import numpy as np

from humanrt.config import OilConfig
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.flow import Flow, flow_reach
from humanrt.imaging.styles.grain import grain, window_of
from humanrt.imaging.styles.patches import Pixels, patches


class Oil:
    """Paints with oil. ``unit`` is the length in pixels that all others are multiples of."""

    def __init__(self, parameters: OilConfig, unit: float, size: tuple[int, int]) -> None:
        self._levels = parameters.levels
        self._relief = parameters.relief
        stroke = unit * parameters.brush
        self._radius = max(1.0, 6.0 * stroke)
        self._sigma = max(1.0, 4.0 * stroke)
        self._reach = max(1.5, 10.0 * stroke)
        self._grain = grain(max(0.7, 1.1 * unit), 1)
        self.halo: int = int(max(self._radius + flow_reach(self._sigma), self._radius + self._reach, 1.6 * self._reach)) + 4

    def paint(self, window: Pixels, top: int, left: int) -> Pixels:
        """Return the window as an oil painting."""
        cv2 = load_cv2()
        painted = patches(window, self._radius, self._levels)
        flow = Flow(cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY), self._sigma)
        painted = flow.smear(painted, self._reach, 3)
        bristles = flow.smear(window_of(self._grain, top, left, window.shape), 1.6 * self._reach, 6)
        # Bright paint is thick; the light is above, on the left.
        height = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY) * 0.12 + bristles * 16.0
        light = cv2.filter2D(height, -1, np.array([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]], np.float32))
        light = np.clip(light * (0.9 * self._relief), -36, 44)
        # More colour than in the photo.
        grey = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY)[..., None]
        painted = grey + (painted - grey) * 1.25 + light[..., None]
        return np.clip(painted, 0, 255).astype(np.uint8)
