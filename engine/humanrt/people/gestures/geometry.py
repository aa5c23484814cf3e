"""What the rules of gestures measure with."""

from math import atan2, copysign, cos, inf, nan, sin

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Points

# The outer corners of the eyes, points of the mesh.
OUTER_CORNERS = {"left": 263, "right": 33}


def quotient(part: float, whole: float) -> float:
    """Divide as JavaScript does: by zero, too."""
    if whole:
        return part / whole
    return copysign(inf, part) if part else nan


def upright(mesh: Points) -> NDArray[np.float64]:
    """Give the rotation, [3, 3], for ``points @ rotation``, that lays the eyes of a face on a horizontal line."""
    x, y, _ = mesh[OUTER_CORNERS["left"]] - mesh[OUTER_CORNERS["right"]]
    angle = atan2(y, x)
    return np.array([[cos(angle), -sin(angle), 0.0], [sin(angle), cos(angle), 0.0], [0.0, 0.0, 1.0]])
