"""Rows of a table, which ``Result.rows()`` returns."""

from typing import NamedTuple

from humanrt.result.record import Box


class Row(NamedTuple):
    """One detection: a line of a table, whose columns are the fields.

    A column that the kind of detection does not have is None, or empty.
    """

    kind: str
    """ "face", "body", "hand" or "object"."""
    id: int
    """The ``id`` of the record."""
    person: int | None
    """The ``id`` of the person that it belongs to."""
    score: float
    """The confidence, 0..1."""
    x: float
    """The left edge of the box in pixels."""
    y: float
    """The upper edge of the box in pixels."""
    width: float
    """The width of the box in pixels."""
    height: float
    """The height of the box in pixels."""
    label: str = ""
    """The class of a hand or an object."""
    points: int | None = None
    """The number of points of a face, body or hand."""
    age: float | None = None
    """The age in years."""
    gender: str = ""
    """The gender, empty if it is unknown."""
    emotion: str = ""
    """The emotion with the highest score."""
    distance: float | None = None
    """The distance of a face from the camera in metres."""
    real: float | None = None
    """The score that a face is real, 0..1."""
    live: float | None = None
    """The score that a face is live, 0..1."""
    quality: float | None = None
    """The quality of a face, 0..1."""
    gestures: str = ""
    """The gestures of this face, body or hand, with commas between them."""

    @property
    def box(self) -> Box:
        """The box in pixels."""
        return self.x, self.y, self.width, self.height

    @property
    def text(self) -> str:
        """A description for people: class, points, gender, age and emotion."""
        points = "" if self.points is None else f"{self.points} points"
        age = "" if self.age is None else f"{self.age:.0f} years"
        return ", ".join(filter(None, (self.label, points, self.gender, age, self.emotion)))
