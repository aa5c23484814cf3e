"""Numbers as Human's JavaScript records them."""

from math import floor, trunc
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.vision.precision import Precision, Values

HIGHEST_SCORE = 0.99


class HumanPrecision(Precision):
    """Rounds, truncates and caps as Human does."""

    def rounded(self, value: float, digits: int) -> float:
        """Round as ``Math.round`` does: halves go up, also below zero."""
        return floor(value * 10.0**digits + 0.5) / 10.0**digits

    def truncated(self, value: float, digits: int) -> float:
        """Truncate as ``Math.trunc`` does."""
        return trunc(value * 10.0**digits) / 10.0**digits

    def capped(self, score: float) -> float:
        """Truncate to two decimals, and to 0.99 at most."""
        return min(HIGHEST_SCORE, self.truncated(score, 2))

    def whole(self, pixels: Values) -> Values:
        """Truncate to whole pixels."""
        whole: Values = np.trunc(pixels)
        return whole

    def image(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Convert to float32, as TF.js does."""
        return picture.astype(np.float32)

    def levels(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Truncate to gray levels, 0..255."""
        return np.clip(np.trunc(values), 0, 255).astype(np.uint8)

    def alpha(self, alpha: NDArray[np.float32]) -> NDArray[np.float32]:
        """Truncate to whole levels of 0..255."""
        truncated: NDArray[np.float32] = np.trunc(alpha * np.float32(255)) / np.float32(255)
        return truncated

    def threshold(self, value: float, unset: float) -> float:
        """Return ``unset`` for 0."""
        return value or unset


HUMAN = HumanPrecision()
