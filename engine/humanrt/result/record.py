"""The parts that all records share: coordinates, and the way into Human's JSON.

Pixels are counted from the top left corner of the original picture, x to the right, y down. Values of fields whose
names end in ``_raw`` are fractions of the picture's width and height: 0..1 inside of the picture.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[float, float, float, float]
"""x and y of the top left corner, width, height."""

Point: TypeAlias = tuple[float, ...]
"""x, y; and z for models with depth."""

Points: TypeAlias = NDArray[np.float32]
"""x, y or x, y, z of n points, float32 [n, 2] or [n, 3]; read-only."""


class Record:
    """A frozen record that can be written as Human's JSON."""

    def to_human(self) -> dict[str, Any]:
        """Return the record as the JSON-ready dict of Human, key for key; tensors are left out."""
        from humanrt.result.formats.human import to_human  # formats import the records

        return to_human(self)
