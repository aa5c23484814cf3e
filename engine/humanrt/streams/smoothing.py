"""Positions without jitter: the One Euro filter.

Source: Casiez and others, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive Systems"
(2012). Speeds are measured in sizes of the record, so that near and far faces are smoothed alike, and positions in
pixels as those in fractions of the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import pi
from typing import NamedTuple

import numpy as np

from humanrt.result import Box
from humanrt.streams.geometry import Floats, Known, Rows, aligned, wrapped

# The cutoff frequency, in Hz, of the filter of the speed.
SPEED_CUTOFF = 1.0


class Filtered(NamedTuple):
    """The positions and the speeds of one array of a record in the last frame."""

    positions: Known
    speeds: Known


@dataclass
class OneEuro:
    """A ``Move`` that smooths the positions of one record, ``seconds`` after those of ``before``.

    ``box`` and ``box_raw`` are those of the record. ``after`` is the state for the next frame.
    """

    before: Mapping[str, Filtered]
    seconds: float
    min_cutoff: float
    beta: float
    box: Box
    box_raw: Box
    after: dict[str, Filtered] = field(default_factory=dict)

    def __call__(self, name: str, values: Floats, rows: Rows = (), *, circular: bool = False) -> Floats:
        """Return the positions smoothed; those that were not there before as they are."""
        known = self.before.get(name)
        positions = aligned(known and known.positions, values, rows)
        change = wrapped(values - positions) if circular else values - positions
        speeds = aligned(known and known.speeds, values, rows)
        seconds = max(self.seconds, 1e-6)
        speed = speeds + _part(SPEED_CUTOFF, seconds) * (change / seconds - speeds)
        moved = positions + _part(self.min_cutoff + self.beta * np.abs(speed) / self._size(name), seconds) * change
        smooth = np.where(np.isnan(moved), values, wrapped(moved) if circular else moved)
        speed = np.where(np.isnan(speed), 0.0, speed)
        self.after[name] = Filtered(Known(rows, smooth), Known(rows, speed))
        return smooth

    def _size(self, name: str) -> float:
        """Return the size of the record in the unit of an array; 1 for angles and metres."""
        if name in ("angles", "strength", "distance"):
            return 1.0
        size = max((self.box_raw if name.endswith("_raw") else self.box)[2:])
        return max(size, 1e-6) if np.isfinite(size) else 1.0


def _part(cutoff: float | Floats, seconds: float) -> float | Floats:
    """Return how much of a change a low-pass filter lets through in so many seconds."""
    turn = 2 * pi * cutoff * seconds
    return turn / (turn + 1)
