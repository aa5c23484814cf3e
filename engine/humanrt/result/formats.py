"""How values are written in Human's JSON."""

from collections.abc import Iterable
from math import isfinite

import numpy as np
from numpy.typing import NDArray


def number(value: float) -> float | None:
    """Write whole numbers as JavaScript does, without a fraction, and what JSON has no number for as null."""
    value = float(value)
    if not isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def numbers(values: Iterable[float]) -> list[float | None]:
    """Write several of them."""
    return [number(value) for value in values]


def points(rows: NDArray[np.float32]) -> list[list[float | None]]:
    """Write points, [n, 2] or [n, 3]."""
    return [[number(value) for value in point] for point in rows.tolist()]
