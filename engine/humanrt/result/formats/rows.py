"""Results as the rows of a table, with a function for each module. ``vision/modules.py`` names them."""

from collections.abc import Sequence
from typing import NamedTuple

from humanrt.result import Hand, Person, Result, Row


class Summary(NamedTuple):
    """The detections of one module.

    ``number`` of them are announced as ``noun``, in the plural, unless it is 0. ``note`` is a line of its own.
    """

    noun: str
    number: int
    rows: Sequence[Row] = ()
    note: str = ""


def to_rows(result: Result) -> list[Row]:
    """Return a row for each face, body, hand and object."""
    return [*_faces(result), *_bodies(result), *_hands(result), *_objects(result)]


def summarize_faces(result: Result) -> Summary:
    """Return a row for each face."""
    return Summary("faces", len(result.face), _faces(result))


def summarize_bodies(result: Result) -> Summary:
    """Return a row for each body."""
    return Summary("bodies", len(result.body), _bodies(result))


def summarize_hands(result: Result) -> Summary:
    """Return a row for each hand."""
    return Summary("hands", len(result.hand), _hands(result))


def summarize_objects(result: Result) -> Summary:
    """Return a row for each object."""
    return Summary("objects", len(result.object), _objects(result))


def summarize_gestures(result: Result) -> Summary:
    """Return a note of all gestures."""
    gestures = ", ".join(f"{each.part} {each.id} {each.gesture}" for each in result.gesture)
    return Summary("gestures", 0, note=f"gestures: {gestures}" if gestures else "")


def summarize_segments(result: Result) -> Summary:
    """Return a note of all segments."""
    if result.segmentation is None:
        return Summary("segments", 0)
    legend = result.segmentation.legend
    segments = ", ".join(f"{segment.name} {segment.area} pixels" for segment in legend) or "none"
    return Summary("segments", len(legend), note=f"segments: {segments}")


def _faces(result: Result) -> list[Row]:
    persons = {person.face.id: person.id for person in result.persons}
    return [
        Row(
            "face",
            face.id,
            persons.get(face.id),
            face.score,
            *face.box,
            points=len(face.mesh),
            age=face.age,
            gender="" if face.gender == "unknown" else face.gender,
            emotion=face.emotion[0].emotion if face.emotion else "",
            distance=face.distance,
            real=face.real,
            live=face.live,
            quality=None if face.quality is None else face.quality.score,
            gestures=_gestures(result, ("face", "iris"), face.id),
        )
        for face in result.face
    ]


def _bodies(result: Result) -> list[Row]:
    persons = {person.body.id: person.id for person in result.persons if person.body is not None}
    return [
        Row(
            "body",
            body.id,
            persons.get(body.id),
            body.score,
            *body.box,
            points=len(body.keypoints),
            gestures=_gestures(result, ("body",), body.id),
        )
        for body in result.body
    ]


def _hands(result: Result) -> list[Row]:
    persons = {hand.id: person.id for person in result.persons for hand in _hands_of(person)}
    return [
        Row(
            "hand",
            hand.id,
            persons.get(hand.id),
            hand.score,
            *hand.box,
            label=hand.label,
            points=len(hand.keypoints),
            gestures=_gestures(result, ("hand",), hand.id),
        )
        for hand in result.hand
    ]


def _hands_of(person: Person) -> list[Hand]:
    return [hand for hand in (person.hands.left, person.hands.right) if hand is not None]


def _objects(result: Result) -> list[Row]:
    return [Row("object", thing.id, None, thing.score, *thing.box, label=thing.label) for thing in result.object]


def _gestures(result: Result, parts: tuple[str, ...], number: int) -> str:
    return ", ".join(each.gesture for each in result.gesture if each.part in parts and each.id == number)
