"""The arrays that styles are computed on."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]


def rounded(colors: Map) -> Pixels:
    """Return colours, float32, as uint8; ``colors`` is overwritten."""
    np.clip(colors, 0, 255, out=colors)
    np.rint(colors, out=colors)
    return colors.astype(np.uint8)
