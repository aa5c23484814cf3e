"""The arrays that styles are computed on, and parts of them."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]


class Part(NamedTuple):
    """A part of a window, in its coordinates."""

    top: int
    left: int
    bottom: int
    right: int

    def of(self, window: NDArray[Any]) -> NDArray[Any]:
        """Return the view of a window."""
        return window[self.top : self.bottom, self.left : self.right]

    def grown(self, margin: int, shape: tuple[int, ...]) -> Self:
        """Return this part and ``margin`` pixels around it, as far as a window of ``shape`` goes."""
        top, left = max(0, self.top - margin), max(0, self.left - margin)
        return type(self)(top, left, min(shape[0], self.bottom + margin), min(shape[1], self.right + margin))

    def inside(self, outer: Self) -> Self:
        """Return this part in the coordinates of ``outer``, which contains it."""
        top, left = outer.top, outer.left
        return type(self)(self.top - top, self.left - left, self.bottom - top, self.right - left)


def rounded(colors: Map) -> Pixels:
    """Return colours, float32, as uint8; ``colors`` is overwritten."""
    np.clip(colors, 0, 255, out=colors)
    np.rint(colors, out=colors)
    return colors.astype(np.uint8)
