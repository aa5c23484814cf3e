"""Objects."""

from dataclasses import dataclass

from humanrt.result.record import Box, Record


@dataclass(frozen=True)
class Object(Record):
    """One object."""

    id: int
    """The number of the object in its Result."""
    score: float
    """The confidence, 0..1."""
    class_: int
    """The number of the class, from 1 for "person"."""
    label: str
    """The name of the class, "cup" for instance."""
    box: Box
    """The box in pixels, clipped to the picture."""
    box_raw: Box
    """``box`` as fractions of the picture's size."""
