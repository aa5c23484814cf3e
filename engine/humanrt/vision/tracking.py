"""Ids that stay with faces, bodies, hands and persons from frame to frame, and their smoothed positions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from humanrt.result import Body, Face, Hand, Person
from humanrt.runtime import scheduler
from humanrt.streams.geometry import Move, move_body, move_face, move_hand
from humanrt.streams.session import SessionFrame
from humanrt.streams.smoothing import Filtered, OneEuro
from humanrt.streams.tracking import Seen, Tracks, unit
from humanrt.vision.call import Call

AnyRecord = TypeVar("AnyRecord", Face, Body, Hand)


@dataclass(frozen=True)
class _Smoothed:
    """The smoothed positions of the records of a frame by their ids, and its time in milliseconds."""

    positions: Mapping[int, Mapping[str, Filtered]]
    time: float


async def track_faces(call: Call, frame: SessionFrame, faces: tuple[Face, ...]) -> tuple[Face, ...]:
    """Return the faces of a frame with the ids of their tracks, and smoothed if the configuration says so."""
    return await _tracked(call, frame, "face", faces, move_face)


async def track_bodies(call: Call, frame: SessionFrame, bodies: tuple[Body, ...]) -> tuple[Body, ...]:
    """Return the bodies of a frame with the ids of their tracks, and smoothed if the configuration says so."""
    return await _tracked(call, frame, "body", bodies, move_body)


async def track_hands(call: Call, frame: SessionFrame, hands: tuple[Hand, ...]) -> tuple[Hand, ...]:
    """Return the hands of a frame with the ids of their tracks, and smoothed if the configuration says so."""
    return await _tracked(call, frame, "hand", hands, move_hand)


async def _tracked(
    call: Call,
    frame: SessionFrame,
    name: str,
    records: tuple[AnyRecord, ...],
    move: Callable[[AnyRecord, Move], AnyRecord],
) -> tuple[AnyRecord, ...]:
    settings = call.config.tracking
    if not settings.enabled or call.config.compat is not None:
        return records
    tracks = frame.load(f"{name}.tracks", Tracks) or Tracks()
    if not records and not tracks.ids:
        return records

    def track() -> tuple[AnyRecord, ...]:
        seen = [Seen(record.box, _embedding(record)) for record in records]
        ids, after = tracks.updated(seen, settings.lost_frames)
        frame.save(f"{name}.tracks", after)
        numbered = tuple(replace(record, id=number) for record, number in zip(records, ids, strict=True))
        return _smoothed(call, frame, name, numbered, move) if settings.smoothing else numbered

    return await scheduler.run(track)


def _embedding(record: Face | Body | Hand) -> Any:  # noqa: ANN401 - an Embedding or None
    return unit(record.embedding) if isinstance(record, Face) and record.embedding is not None else None


def _smoothed(
    call: Call,
    frame: SessionFrame,
    name: str,
    records: Sequence[AnyRecord],
    move: Callable[[AnyRecord, Move], AnyRecord],
) -> tuple[AnyRecord, ...]:
    settings = call.config.tracking
    before = frame.load(f"{name}.smoothed", _Smoothed) or _Smoothed({}, frame.time)
    seconds = (frame.time - before.time) / 1000
    filters = [
        OneEuro(
            before.positions.get(record.id, {}),
            seconds,
            settings.min_cutoff,
            settings.beta,
            record.box,
            record.box_raw,
        )
        for record in records
    ]
    moved = tuple(move(record, one) for record, one in zip(records, filters, strict=True))
    positions = {record.id: one.after for record, one in zip(records, filters, strict=True)}
    frame.save(f"{name}.smoothed", _Smoothed(positions, frame.time))
    return moved


@dataclass(frozen=True)
class _Persons:
    """The id of the person of each face and body, by its part and id, and for how many frames it was not there."""

    known: Mapping[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    following: int = 0


def track_persons(call: Call, frame: SessionFrame, persons: tuple[Person, ...]) -> tuple[Person, ...]:
    """Return the persons of a frame with the ids that they had before: those of their faces, else of their bodies."""
    settings = call.config.tracking
    if not settings.enabled or call.config.compat is not None:
        return persons
    before = frame.load("persons", _Persons) or _Persons()
    ids: dict[int, int] = {}
    for part in ("face", "body"):
        for i, person in enumerate(persons):
            record = person.face if part == "face" else person.body
            number, _ = before.known.get((part, record.id), (None, 0)) if record is not None else (None, 0)
            if i not in ids and number is not None and number not in ids.values():
                ids[i] = number
    following = before.following
    for i in range(len(persons)):
        if i not in ids:
            ids[i], following = following, following + 1
    known = {key: (number, lost + 1) for key, (number, lost) in before.known.items() if lost < settings.lost_frames}
    for i, person in enumerate(persons):
        known["face", person.face.id] = (ids[i], 0)
        if person.body is not None:
            known["body", person.body.id] = (ids[i], 0)
    frame.save("persons", _Persons(known, following))
    return tuple(replace(person, id=ids[i]) for i, person in enumerate(persons))
