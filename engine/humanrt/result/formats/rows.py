"""Results as the rows of a table, with a function for each module. ``vision/modules.py`` names them."""

from collections.abc import Sequence
from typing import NamedTuple

from humanrt.result import Box, Face, Result


class Row(NamedTuple):
    """One detection: its kind, score, box in pixels, and a description."""

    kind: str
    score: float
    box: Box
    text: str


class Summary(NamedTuple):
    """The detections of one module.

    ``number`` of them are announced as ``noun``, in the plural, unless it is 0. ``note`` is a line of its own.
    """

    noun: str
    number: int
    rows: Sequence[Row] = ()
    note: str = ""


def summarize_faces(result: Result) -> Summary:
    """Return a row for each face."""
    rows = [Row("face", face.score, face.box, _description(face)) for face in result.face]
    return Summary("faces", len(rows), rows)


def summarize_bodies(result: Result) -> Summary:
    """Return a row for each body."""
    rows = [Row("body", body.score, body.box, f"{len(body.keypoints)} points") for body in result.body]
    return Summary("bodies", len(rows), rows)


def summarize_hands(result: Result) -> Summary:
    """Return a row for each hand."""
    rows = [Row("hand", hand.score, hand.box, f"{hand.label}, {len(hand.keypoints)} points") for hand in result.hand]
    return Summary("hands", len(rows), rows)


def summarize_objects(result: Result) -> Summary:
    """Return a row for each object."""
    rows = [Row("object", thing.score, thing.box, thing.label) for thing in result.object]
    return Summary("objects", len(rows), rows)


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


def _description(face: Face) -> str:
    parts = [f"{len(face.mesh)} points"]
    if face.gender != "unknown":
        parts.append(face.gender)
    if face.age is not None:
        parts.append(f"{face.age:.0f} years")
    parts += [emotion.emotion for emotion in face.emotion[:1]]
    return ", ".join(parts)
