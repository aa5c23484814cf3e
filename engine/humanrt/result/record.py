"""The parts that all records share: coordinates, and the way into JSON.

Pixels are counted from the top left corner of the original picture, x to the right, y down. Values of fields whose
names end in ``_raw`` are fractions of the picture's width and height: 0..1 inside of the picture.
"""

import json
from collections.abc import Iterable
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
    """A frozen record that can be written as JSON."""

    def to_dict(
        self,
        *,
        only: str | Iterable[str] | None = None,
        without: str | Iterable[str] = (),
        decimals: int | None = 3,
    ) -> dict[str, Any]:
        """Return the record as a dict of plain values, ready for JSON, by the names of its fields.

        ``only`` and ``without`` are paths of fields, "face.box" for instance. Mesh points, annotations, embeddings,
        rotation matrices, distances of keypoints and fractions of the picture's size are left out, unless ``only``
        names them. In a Result, persons have the ``id`` of their face, body and hands, unless ``only`` names
        "persons.face" and so on. Floats are rounded to ``decimals``, or not with None; those that are not finite are
        None. Tensors are always left out.

        Raises ``InputError`` if there is no such field, or ``decimals`` is not a whole number from 0 on.
        """
        from humanrt.result.formats.plain import to_dict  # formats import the records

        return to_dict(self, only, without, decimals)

    def to_json(
        self,
        *,
        only: str | Iterable[str] | None = None,
        without: str | Iterable[str] = (),
        decimals: int | None = 3,
    ) -> str:
        """Return ``to_dict()`` with the same arguments as JSON, in one line."""
        written = self.to_dict(only=only, without=without, decimals=decimals)
        return json.dumps(written, separators=(",", ":"), allow_nan=False)

    def to_human(self) -> dict[str, Any]:
        """Return the record as the JSON-ready dict of Human, key for key; tensors are left out.

        Raises ``InputError`` for a record that Human's JSON does not have: ``Segmentation`` and ``Segment``.
        """
        from humanrt.result.formats.human import to_human  # formats import the records

        return to_human(self)
