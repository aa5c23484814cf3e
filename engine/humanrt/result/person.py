"""Persons, and their gestures."""

from dataclasses import dataclass
from typing import Literal

from humanrt.result.body import Body
from humanrt.result.face import Face
from humanrt.result.hand import Hand
from humanrt.result.record import Box, Record


@dataclass(frozen=True)
class Gesture(Record):
    """One gesture of a face, its irises, a body or a hand."""

    part: Literal["face", "iris", "body", "hand"]
    """The part of the person that the gesture was derived from."""
    id: int
    """The ``id`` of the face, body or hand; for an iris, of its face."""
    gesture: str
    """The gesture in Human's words, "looking left" for instance."""


@dataclass(frozen=True, eq=False)
class Hands:
    """The two hands of a person; left and right are the person's own."""

    left: Hand | None = None
    """The left hand, if it was found."""
    right: Hand | None = None
    """The right hand, if it was found."""


@dataclass(frozen=True, eq=False)
class Person(Record):
    """A face, and the body, hands and gestures that belong to it."""

    id: int
    """The index of the person in its Result; in a session it stays with the person."""
    face: Face
    """The face."""
    body: Body | None
    """The body, if one belongs to the face."""
    hands: Hands
    """The hands."""
    gestures: tuple[Gesture, ...]
    """The gestures of the face, its irises, the body and the hands."""
    box: Box
    """The box around all of these in pixels."""
    box_raw: Box
    """``box`` as fractions of the picture's size."""
