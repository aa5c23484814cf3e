"""How fast a measured value grows, with its confidence interval."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

BINS = 30
"""Successive samples are averaged into so many at most: neighbours depend on each other, and the interval would be too
narrow."""

Z = 1.959964  # the quantile of the normal distribution for 95 %


class Slope(NamedTuple):
    """A slope by least squares, in units of the value for each unit of x, and its interval of 95 % confidence."""

    value: float
    low: float
    high: float


def slope(x: Sequence[float], y: Sequence[float]) -> Slope | None:
    """Return the slope of samples in the order of x; None for fewer than three, or if all have the same x."""
    count = min(BINS, len(x))
    if count < 3:
        return None
    columns = [[float(part.mean()) for part in np.array_split(np.asarray(each, np.float64), count)] for each in (x, y)]
    xs, ys = (np.array(column) - np.mean(column) for column in columns)
    spread = float(xs @ xs)
    if spread == 0:
        return None
    value = float(xs @ ys) / spread
    residual = ys - value * xs
    error = (float(residual @ residual) / (count - 2) / spread) ** 0.5
    half = _student(count - 2) * error
    return Slope(value, value - half, value + half)


def _student(freedom: int) -> float:
    """Return the quantile of Student's distribution for 95 % (Abramowitz and Stegun 26.7.5)."""
    if freedom < 3:  # where the series is not good enough
        return {1: 12.7062, 2: 4.3027}[freedom]
    terms = (
        Z,
        (Z**3 + Z) / 4,
        (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
        (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
        (79 * Z**9 + 776 * Z**7 + 1482 * Z**5 - 1920 * Z**3 - 945 * Z) / 92160,
    )
    return float(sum(term / freedom**power for power, term in enumerate(terms)))
