"""The shapes that results are made of.

Pixels are counted from the top left corner of the original picture, x to the right, y down. Values that end in ``_raw``
are 0..1 of the picture's width and height.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[float, float, float, float]  # x, y, width, height
Point: TypeAlias = tuple[float, ...]  # x, y, and z where the model has depth
Points: TypeAlias = NDArray[np.float32]  # [n, 2] or [n, 3]
