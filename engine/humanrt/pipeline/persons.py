"""Persons: which body, hands and gestures belong to which face, as in Human's src/util/persons.ts."""

from collections.abc import Sequence

from humanrt.result import Body, Face, Gesture, Hand, Person


def join_persons(
    faces: Sequence[Face],
    bodies: Sequence[Body],
    hands: Sequence[Hand],
    gestures: Sequence[Gesture],
    size: tuple[int, int],
) -> tuple[Person, ...]:
    """Make a person of each face; ``size`` is the picture's width and height."""
    return ()
