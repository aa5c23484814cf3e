"""How values are written in Human's JSON."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def number(value: float) -> float:
    """Write whole numbers as JavaScript does, without a fraction."""
    value = float(value)
    return int(value) if value.is_integer() else value


def numbers(values: Iterable[float]) -> list[float]:
    """Write several of them."""
    return [number(value) for value in values]


def points(rows: NDArray[np.float32]) -> list[list[float]]:
    """Write points, [n, 2] or [n, 3]."""
    return [[number(value) for value in point] for point in rows.tolist()]
