"""Human's JSON: the objects that Human's ``detect()`` returns in JavaScript, key for key.

The keys are those of Human's src/result.ts. Human leaves some keys out and fills others with null; where it does, this
file does. Numbers are written as JavaScript writes them.
"""

from collections.abc import Iterable
from functools import singledispatch
from math import isfinite
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.result.body import Body, Keypoint
from humanrt.result.face import Face, Rotation
from humanrt.result.hand import Hand
from humanrt.result.object import Object
from humanrt.result.person import Gesture, Person
from humanrt.result.result import Result

Json: TypeAlias = dict[str, Any]


@singledispatch
def to_human(record: object) -> Json:
    """Return a Result or one of its records as the JSON-ready dict of Human, without tensors."""
    raise InputError(f"Human's JSON has no form for {type(record).__name__}; to_dict() has one")


@to_human.register
def _result(result: Result) -> Json:
    return {
        "face": [to_human(face) for face in result.face],
        "body": [to_human(body) for body in result.body],
        "hand": [to_human(hand) for hand in result.hand],
        "gesture": [to_human(gesture) for gesture in result.gesture],
        "object": [to_human(thing) for thing in result.object],
        "performance": {part: _number(milliseconds) for part, milliseconds in result.performance.items()},
        "canvas": None,  # the drawing in a browser; in Node Human writes null, too
        "timestamp": result.timestamp,
        "error": "; ".join(f"{module}: {error}" if module else str(error) for module, error in result.errors.items())
        or None,
        "width": result.width,
        "height": result.height,
        "persons": [to_human(person) for person in result.persons],
    }


@to_human.register
def _face(face: Face) -> Json:
    # The landmarks of a detector have no depth. Human writes none for them except in meshRaw.
    axes = 3 if face.rotation is not None else 2
    human: Json = {
        "id": face.id,
        "score": _number(face.score),
        "boxScore": _number(face.box_score),
        "faceScore": _number(face.face_score),
        "box": _numbers(face.box),
        "boxRaw": _numbers(face.box_raw),
        "size": _numbers(face.size),
        "mesh": _points(face.mesh[:, :axes]),
        "meshRaw": _points(face.mesh_raw),
        # Without the iris model Human writes null for each of the five points of an iris.
        "annotations": {name: _group(group[:, :axes]) or [None] * 5 for name, group in face.annotations.items()},
        "gender": face.gender,
        "emotion": [{"score": _number(each.score), "emotion": each.emotion} for each in face.emotion],
        "embedding": [] if face.embedding is None else _numbers(face.embedding.tolist()),
    }
    # Human leaves these out when they are zero or missing.
    optional = {
        "age": face.age,
        "genderScore": face.gender_score,
        "distance": face.distance,
        "real": face.real,
        "live": face.live,
    }
    human |= {name: _number(value) for name, value in optional.items() if value}
    if face.race is not None:
        human["race"] = [{"score": _number(each.score), "race": each.race} for each in face.race]
    if face.rotation is not None:
        human["rotation"] = _rotation(face.rotation)
    return human


def _rotation(rotation: Rotation) -> Json:
    angle, gaze = rotation.angle, rotation.gaze
    return {
        "angle": {"pitch": _number(angle.pitch), "yaw": _number(angle.yaw), "roll": _number(angle.roll)},
        "matrix": _numbers(rotation.matrix),
        "gaze": {"bearing": _number(gaze.bearing), "strength": _number(gaze.strength)},
    }


@to_human.register
def _body(body: Body) -> Json:
    return {
        "id": body.id,
        "score": _number(body.score),
        "box": _numbers(body.box),
        "boxRaw": _numbers(body.box_raw),
        "keypoints": [to_human(keypoint) for keypoint in body.keypoints],
        "annotations": {
            name: [[_numbers(start), _numbers(end)] for start, end in lines] for name, lines in body.annotations.items()
        },
    }


@to_human.register
def _keypoint(keypoint: Keypoint) -> Json:
    human: Json = {
        "part": keypoint.part,
        "score": _number(keypoint.score),
        "position": _numbers(keypoint.position),
        "positionRaw": _numbers(keypoint.position_raw),
    }
    if keypoint.distance is not None:
        human["distance"] = _numbers(keypoint.distance)
    return human


@to_human.register
def _hand(hand: Hand) -> Json:
    fingers = {name: {"curl": finger.curl, "direction": finger.direction} for name, finger in hand.landmarks.items()}
    return {
        "id": hand.id,
        "score": _number(hand.score),
        "boxScore": _number(hand.box_score),
        "fingerScore": _number(hand.finger_score),
        "box": _numbers(hand.box),
        "boxRaw": _numbers(hand.box_raw),
        "label": hand.label,
        "keypoints": _points(hand.keypoints),
        # Where Human annotates points that are missing, it writes null for each of them, and for the fingers.
        "annotations": {
            name: _group(group) or [None] * (1 if name == "palm" else 4) for name, group in hand.annotations.items()
        },
        "landmarks": None if hand.annotations and not hand.landmarks else fingers,
    }


@to_human.register
def _object(thing: Object) -> Json:
    return {
        "id": thing.id,
        "score": _number(thing.score),
        "class": thing.class_,
        "label": thing.label,
        "box": _numbers(thing.box),
        "boxRaw": _numbers(thing.box_raw),
    }


@to_human.register
def _gesture(gesture: Gesture) -> Json:
    return {gesture.part: gesture.id, "gesture": gesture.gesture}


@to_human.register
def _person(person: Person) -> Json:
    left, right = person.hands.left, person.hands.right
    return {
        "id": person.id,
        "face": to_human(person.face),
        "body": person.body and to_human(person.body),
        "hands": {"left": left and to_human(left), "right": right and to_human(right)},
        "gestures": [to_human(gesture) for gesture in person.gestures],
        "box": _numbers(person.box),
        "boxRaw": _numbers(person.box_raw),
    }


def _number(value: float) -> float | None:
    """Return an int for an integral value, which JavaScript writes without a fraction; None for inf and NaN."""
    value = float(value)
    if not isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def _numbers(values: Iterable[float]) -> list[float | None]:
    return [_number(value) for value in values]


def _points(rows: NDArray[np.float32]) -> list[list[float | None]]:
    return [_numbers(point) for point in rows.tolist()]


def _group(rows: NDArray[np.float32]) -> list[list[float | None] | None]:
    """Return the points of an annotation; those that are missing, NaN in every axis, are null."""
    return [None if all(each is None for each in point) else point for point in _points(rows)]
