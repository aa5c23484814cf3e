"""Human's JSON, read: the inverse of ``human.py``."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from math import nan
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import HumanRTError, InputError
from humanrt.result.body import Body, Keypoint
from humanrt.result.face import Angle, Emotion, Face, Gaze, Race, Rotation
from humanrt.result.hand import Finger, Hand
from humanrt.result.object import Object
from humanrt.result.person import Gesture, Hands, Person
from humanrt.result.record import Point, Points
from humanrt.result.result import Result

Json: TypeAlias = Mapping[str, Any]
R = TypeVar("R", bound=Face | Body | Hand)

_MODULE_ERROR = re.compile(r"(?:^|; )(face|body|hand|object|gesture|segmentation): ")


def from_human(human: Json | str | bytes) -> Result:
    """Return the Result that Human's JSON describes; see ``Result.from_human()``."""
    try:
        document = human if isinstance(human, Mapping) else json.loads(human)
        return _result(document)
    except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise InputError(
            f"this is not the JSON of a result of Human: {reason}; accepted is what Human's detect(), or to_human(), "
            "returns"
        ) from error


def _result(human: Json) -> Result:
    faces, bodies, hands = _all(human["face"], _face), _all(human["body"], _body), _all(human["hand"], _hand)
    return Result(
        _whole(human["width"], "width"),
        _whole(human["height"], "height"),
        faces,
        bodies,
        hands,
        _all(human["object"], _object),
        _all(human["gesture"], _gesture),
        _all(human["persons"], lambda person: _person(person, human, faces, bodies, hands)),
        errors=_errors(human.get("error")),
        performance={part: _number(milliseconds) for part, milliseconds in human["performance"].items()},
        timestamp=_whole(human["timestamp"], "timestamp"),
    )


def _errors(text: str | None) -> dict[str, Exception]:
    """Return the errors by module; one that names no module, as Human's own do not, is that of ""."""
    if not text:
        return {}
    _, *parts = _MODULE_ERROR.split(text)
    if _MODULE_ERROR.match(text) is None:
        return {"": HumanRTError(text)}
    return {module: HumanRTError(error) for module, error in zip(parts[::2], parts[1::2], strict=True)}


def _face(human: Json) -> Face:
    rotation = human.get("rotation")
    return Face(
        id=_whole(human["id"], "id"),
        score=_number(human["score"]),
        box_score=_number(human["boxScore"]),
        face_score=_number(human["faceScore"]),
        box=_four(human["box"]),
        box_raw=_four(human["boxRaw"]),
        size=_two(human["size"]),
        mesh=_points(human["mesh"]),
        mesh_raw=_points(human["meshRaw"]),
        annotations={name: _group(group, 5) for name, group in human["annotations"].items()},
        rotation=None if rotation is None else _rotation(rotation),
        age=_optional(human.get("age")),
        gender=human.get("gender", "unknown"),
        gender_score=_optional(human.get("genderScore")),
        emotion=_all(human.get("emotion") or (), lambda each: Emotion(_number(each["score"]), each["emotion"])),
        race=_races(human.get("race")),
        embedding=_array(human["embedding"]) if human.get("embedding") else None,
        distance=_optional(human.get("distance")),
        real=_optional(human.get("real")),
        live=_optional(human.get("live")),
    )


def _races(races: Sequence[Json] | None) -> tuple[Race, ...] | None:
    return None if races is None else _all(races, lambda each: Race(_number(each["score"]), each["race"]))


def _rotation(human: Json) -> Rotation:
    angle, gaze = human["angle"], human["gaze"]
    return Rotation(
        Angle(roll=_number(angle["roll"]), yaw=_number(angle["yaw"]), pitch=_number(angle["pitch"])),
        _point(human["matrix"]),
        Gaze(bearing=_number(gaze["bearing"]), strength=_number(gaze["strength"])),
    )


def _body(human: Json) -> Body:
    return Body(
        id=_whole(human["id"], "id"),
        score=_number(human["score"]),
        box=_four(human["box"]),
        box_raw=_four(human["boxRaw"]),
        keypoints=_all(human["keypoints"], _keypoint),
        annotations={
            name: tuple((_point(start), _point(end)) for start, end in lines)
            for name, lines in human["annotations"].items()
        },
    )


def _keypoint(human: Json) -> Keypoint:
    distance = human.get("distance")
    return Keypoint(
        human["part"],
        _number(human["score"]),
        _point(human["position"]),
        _point(human["positionRaw"]),
        None if distance is None else _point(distance),
    )


def _hand(human: Json) -> Hand:
    fingers: Json = human.get("landmarks") or {}
    return Hand(
        id=_whole(human["id"], "id"),
        score=_number(human["score"]),
        box_score=_number(human["boxScore"]),
        finger_score=_number(human["fingerScore"]),
        box=_four(human["box"]),
        box_raw=_four(human["boxRaw"]),
        label=human["label"],
        keypoints=_points(human["keypoints"]),
        annotations={name: _group(group, 1 if name == "palm" else 4) for name, group in human["annotations"].items()},
        landmarks={name: Finger(finger["curl"], finger["direction"]) for name, finger in fingers.items()},
    )


def _object(human: Json) -> Object:
    box, box_raw = _four(human["box"]), _four(human["boxRaw"])
    return Object(_whole(human["id"], "id"), _number(human["score"]), human["class"], human["label"], box, box_raw)


def _gesture(human: Json) -> Gesture:
    for part in ("face", "iris", "body", "hand"):
        if part in human:
            return Gesture(part, human[part], human["gesture"])
    raise ValueError(f"a gesture is of none of face, iris, body and hand: {dict(human)}")


def _person(human: Json, result: Json, faces: Sequence[Face], bodies: Sequence[Body], hands: Sequence[Hand]) -> Person:
    face = _one_of(human["face"], result["face"], faces, _face)
    assert face is not None  # noqa: S101 - the line above has read it
    return Person(
        id=_whole(human["id"], "id"),
        face=face,
        body=_one_of(human["body"], result["body"], bodies, _body),
        hands=Hands(*(_one_of(human["hands"][side], result["hand"], hands, _hand) for side in ("left", "right"))),
        gestures=_all(human["gestures"], _gesture),
        box=_four(human["box"]),
        box_raw=_four(human["boxRaw"]),
    )


def _one_of(human: Json | None, written: Sequence[Json], records: Sequence[R], read: Callable[[Json], R]) -> R | None:
    """Return the record of the result that a person repeats, or another one if none is equal."""
    if human is None:
        return None
    return next((record for each, record in zip(written, records, strict=True) if each == human), None) or read(human)


T = TypeVar("T")


def _all(values: Sequence[Any], read: Callable[[Any], T]) -> tuple[T, ...]:
    return tuple(read(value) for value in values)


def _whole(value: object, name: str) -> int:
    """Return a whole number, which JSON may write as a float."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r} instead of a whole number")
    return value


def _number(value: float | str | None) -> float:
    """Return a number; null is NaN, which JSON does not have."""
    return nan if value is None else float(value)


def _optional(value: float | None) -> float | None:
    return None if value is None else float(value)


def _point(values: Sequence[float | None]) -> Point:
    return tuple(_number(value) for value in values)


def _two(values: Sequence[float | None]) -> tuple[float, float]:
    first, second = _point(values)
    return first, second


def _four(values: Sequence[float | None]) -> tuple[float, float, float, float]:
    x, y, width, height = _point(values)
    return x, y, width, height


def _group(rows: Sequence[Sequence[float | None] | None], missing: int) -> Points:
    """Return the points of an annotation: none for ``missing`` nulls, NaN for other nulls; see ``human.py``."""
    return _points([]) if list(rows) == [None] * missing else _points([row or (None,) * 3 for row in rows])


def _points(rows: Sequence[Sequence[float | None]]) -> Points:
    """Return points as [n, 3]; the depth of those without is 0."""
    points = [_point(row) for row in rows]
    return _array([(*point, 0.0) if len(point) == 2 else point for point in points]).reshape(-1, 3)


def _array(values: Sequence[Any]) -> NDArray[np.float32]:
    """Return a read-only array: float32 where it holds the values exactly, float64 else."""
    exact = np.array(values, np.float64)
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float32)
    array: NDArray[Any] = rounded if np.array_equal(rounded, exact, equal_nan=True) else exact
    array.flags.writeable = False
    return array
