"""The box of a detected face, on its way from the detector to the other face models."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Box
from humanrt.vision.rounding import round_half_up

Point = NDArray[np.float64]  # [2]: x, y


@dataclass(frozen=True, eq=False)
class FaceBox:
    """A box in pixels of the picture; it may reach outside. ``size`` is what Human reports as the face's size."""

    start: Point  # top left
    end: Point  # bottom right
    landmarks: NDArray[np.float64]  # [6, 2]: both eyes, nose, mouth, both ears
    confidence: float
    size: Point  # width, height

    @property
    def center(self) -> Point:
        """The middle of the box."""
        return self.start + (self.end - self.start) / 2

    @property
    def extent(self) -> Point:
        """Width and height."""
        return np.abs(self.end - self.start)

    def squared(self, scale: float) -> "FaceBox":
        """Grow the box ``scale`` times around its centre and make it square, in whole pixels."""
        size = self.extent * scale
        half = size.max() / 2
        start, end = round_half_up(self.center - half), round_half_up(self.center + half)
        return replace(self, start=start, end=end, size=round_half_up(size))

    def centered_on(self, points: NDArray[np.float64]) -> "FaceBox":
        """Move the box, its extent kept, to the middle of what ``points`` [n, 2 or more] span."""
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        center, half = low + (high - low) / 2, self.extent / 2
        return replace(self, start=center - half, end=center + half)

    def clamped(self, width: int, height: int) -> "FaceBox":
        """Cut the box to the picture; one that lies outside turns inside out."""
        return replace(self, start=np.maximum(self.start, 0), end=np.minimum(self.end, (width, height)))

    def pixels(self, *, whole: bool) -> Box:
        """Give the box as x, y, width and height; ``whole`` cuts the fractions off as Human does."""
        values = np.concatenate([self.start, self.end - self.start])
        x, y, width, height = (np.trunc(values) if whole else values).tolist()
        return x, y, width, height

    def relative(self, width: int, height: int) -> Box:
        """Give the box over the picture's size."""
        picture = np.array([width, height], np.float64)
        x, y, box_width, box_height = np.concatenate([self.start / picture, (self.end - self.start) / picture]).tolist()
        return x, y, box_width, box_height
