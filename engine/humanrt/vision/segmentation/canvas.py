"""The one canvas that all masks of a picture are drawn on, however many they are.

Its arrays have the picture's size and are made once: a mask costs no memory of its own.
"""

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import resize_into
from humanrt.vision.segmentation.segmenter import Bytes, Floats


class Canvas:
    """A label map, uint8 [h, w], that is painted plane by plane."""

    def __init__(self, height: int, width: int) -> None:
        self.labels: Bytes = np.zeros((height, width), np.uint8)
        self._values: Floats = np.empty((height, width), np.float32)
        self._inside: NDArray[np.bool_] = np.empty((height, width), np.bool_)

    def paint(self, plane: Floats, level: float, label: int, mask: Bytes) -> None:
        """Scale a plane to the picture; where it is over ``level``, paint the label and set the mask to 1."""
        resize_into(plane, self._values)
        np.greater(self._values, level, out=self._inside)
        np.copyto(self.labels, label, where=self._inside)
        np.copyto(mask, 1, where=self._inside)

    def compete(self, plane: Floats, label: int, best: Floats) -> None:
        """Scale a plane to the picture; where it is over ``best``, raise that and paint the label."""
        resize_into(plane, self._values)
        np.greater(self._values, best, out=self._inside)
        np.copyto(best, self._values, where=self._inside)
        np.copyto(self.labels, label, where=self._inside)

    def where(self, label: int) -> NDArray[np.bool_]:
        """Return which pixels have a label, bool [h, w]; good until the next call."""
        return np.equal(self.labels, label, out=self._inside)

    def area(self, label: int) -> int:
        """Count the pixels that have a label."""
        return int(np.count_nonzero(self.where(label)))
