"""How JavaScript, and so Human, rounds."""

from math import floor, trunc

import numpy as np
from numpy.typing import NDArray


def round_half_up(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to whole numbers as Math.round does: halves go up, also below zero."""
    return np.floor(values + 0.5)


def rounded(value: float, digits: int) -> float:
    """Round one number to ``digits`` decimals in the same way."""
    return floor(value * 10.0**digits + 0.5) / 10.0**digits


def truncated(value: float, digits: int) -> float:
    """Cut one number off after ``digits`` decimals."""
    return trunc(value * 10.0**digits) / 10.0**digits
