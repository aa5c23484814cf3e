"""How exactly images are resized and results recorded.

The families and recorders of ``vision/`` resize images as they are and record every number as computed. ``compat/``
passes a subclass that converts, rounds, truncates and caps as Human does.
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Values = TypeVar("Values", bound=NDArray[np.floating[Any]])


class Precision:
    """Records numbers as they are. Every method takes the decimals, the cap or the default that Human has there."""

    def rounded(self, value: float, digits: int) -> float:
        """Return ``value``; Human rounds it to ``digits`` decimals."""
        del digits
        return value

    def truncated(self, value: float, digits: int) -> float:
        """Return ``value``; Human truncates it to ``digits`` decimals."""
        del digits
        return value

    def capped(self, score: float) -> float:
        """Return ``score``; Human truncates it to two decimals, and to 0.99 at most."""
        return score

    def whole(self, pixels: Values) -> Values:
        """Return coordinates in pixels; Human truncates them to whole pixels."""
        return pixels

    def image(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Return an image that is to be resized; Human converts it to float32 first."""
        return picture

    def levels(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return values rounded to gray levels, 0..255; Human truncates them."""
        return np.clip(np.rint(values), 0, 255).astype(np.uint8)

    def alpha(self, alpha: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return alpha, 0..1; Human truncates it to whole levels of 0..255."""
        return alpha

    def threshold(self, value: float, unset: float) -> float:
        """Return a threshold of the configuration; Human takes 0 for "not set", and ``unset`` in its place."""
        del unset
        return value


EXACT = Precision()
