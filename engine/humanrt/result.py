"""What detect() gives back: frozen records in the coordinates of the original picture.

Pixels are counted from the top left corner, x to the right, y down. Values that end in ``_raw`` are 0..1 of the
picture's width and height. Field names and meanings are Human's; ``to_human()`` gives its JSON.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from humanrt.tensors import Tensor

Points = NDArray[np.float32]
Box = tuple[float, float, float, float]  # x, y, width, height
Gender = Literal["male", "female", "unknown"]


@dataclass(frozen=True)
class Angle:
    """Where a face is turned, in radians."""

    roll: float
    yaw: float
    pitch: float


@dataclass(frozen=True)
class Gaze:
    """Where the eyes look: bearing in radians, strength 0..1; both 0 without the iris model."""

    bearing: float
    strength: float


@dataclass(frozen=True)
class Rotation:
    """How a face is turned; ``matrix`` is the 3 x 3 rotation, row by row."""

    angle: Angle
    matrix: tuple[float, ...]
    gaze: Gaze


@dataclass(frozen=True)
class Emotion:
    """One of "angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", and how much of it, 0..1."""

    score: float
    emotion: str


@dataclass(frozen=True)
class Race:
    """One of "white", "black", "asian", "indian", "other", and how sure the model is, 0..1."""

    score: float
    race: str


@dataclass(frozen=True, eq=False)
class Face:
    """One face.

    ``mesh`` is float32 [n, 3] in pixels (z grows away from the viewer, in pixels of the mesh model's input) and
    ``mesh_raw`` the same over the picture's size: 468 points with the mesh model, 478 with the irises as well, the
    detector's 6 without it, and none where faceboxes, which has no landmarks, is the detector. ``annotations`` groups
    the points of ``mesh`` by name. Scores are 0..1; ``box`` is in pixels, ``size`` is the detected box's width and
    height. ``tensor`` is the face's crop, float32 [h, w, 3], 0..1, when ``face.detector.return_`` asked for it: in
    ``auto`` mode it goes with its Result, or when nobody holds it; in ``manual`` mode it is the caller's.
    ``distance`` is that from the camera in metres, after an average iris. ``age`` is in years, ``embedding`` tells
    faces apart (float32 [1024] with the description model), ``real`` and ``live`` are scores 0..1; what its model was
    not asked for is None.
    """

    id: int
    score: float
    box_score: float
    face_score: float
    box: Box
    box_raw: Box
    size: tuple[float, float]
    mesh: Points
    mesh_raw: Points
    annotations: Mapping[str, Points]
    rotation: Rotation | None = None
    age: float | None = None
    gender: Gender = "unknown"
    gender_score: float | None = None
    emotion: tuple[Emotion, ...] = ()
    race: tuple[Race, ...] | None = None
    embedding: NDArray[np.float32] | None = None
    distance: float | None = None
    real: float | None = None
    live: float | None = None
    tensor: Tensor | None = None

    def to_human(self) -> dict[str, Any]:
        """Give the face as the JSON-ready dict that Human gives, without the tensor."""
        # The detector's points have no depth, and Human writes none, but in meshRaw.
        axes = 3 if self.rotation is not None else 2
        human: dict[str, Any] = {
            "id": self.id,
            "score": _number(self.score),
            "boxScore": _number(self.box_score),
            "faceScore": _number(self.face_score),
            "box": _numbers(self.box),
            "boxRaw": _numbers(self.box_raw),
            "size": _numbers(self.size),
            "mesh": _points(self.mesh[:, :axes]),
            "meshRaw": _points(self.mesh_raw),
            # Without the iris model Human writes null for each of the five points of an iris.
            "annotations": {name: _points(points[:, :axes]) or [None] * 5 for name, points in self.annotations.items()},
            "gender": self.gender,
            "emotion": [{"score": _number(each.score), "emotion": each.emotion} for each in self.emotion],
            "embedding": [] if self.embedding is None else [_number(value) for value in self.embedding.tolist()],
        }
        # Human leaves these out when they are zero or not there.
        numbers = {
            "age": self.age,
            "genderScore": self.gender_score,
            "distance": self.distance,
            "real": self.real,
            "live": self.live,
        }
        human |= {name: _number(value) for name, value in numbers.items() if value}
        if self.race is not None:
            human["race"] = [{"score": _number(each.score), "race": each.race} for each in self.race]
        if self.rotation is not None:
            angle, gaze = self.rotation.angle, self.rotation.gaze
            human["rotation"] = {
                "angle": {"pitch": _number(angle.pitch), "yaw": _number(angle.yaw), "roll": _number(angle.roll)},
                "matrix": _numbers(self.rotation.matrix),
                "gaze": {"bearing": _number(gaze.bearing), "strength": _number(gaze.strength)},
            }
        return human


@dataclass(frozen=True, eq=False)
class Result:
    """Everything one detect() found in one picture of ``width`` x ``height`` pixels.

    ``performance`` holds milliseconds measured by this very call; ``timestamp`` is in milliseconds since 1970 (UTC).
    ``with result:`` frees its tensors on leaving; dispose() does it at once.
    """

    width: int
    height: int
    face: tuple[Face, ...] = ()
    performance: Mapping[str, float] = field(default_factory=dict)
    timestamp: int = 0

    def dispose(self) -> None:
        """Free the tensors of this result; doing it again changes nothing."""
        for tensor in self.tensors():
            tensor.dispose()

    def tensors(self) -> Iterator[Tensor]:
        """Go through the tensors of this result."""
        return (face.tensor for face in self.face if face.tensor is not None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()

    def to_human(self) -> dict[str, Any]:
        """Give the result as the JSON-ready dict that Human gives in JavaScript, key for key, without tensors."""
        faces = [face.to_human() for face in self.face]
        return {
            "face": faces,
            "body": [],
            "hand": [],
            "gesture": [],
            "object": [],
            "performance": {name: _number(milliseconds) for name, milliseconds in self.performance.items()},
            "timestamp": self.timestamp,
            "error": None,
            "width": self.width,
            "height": self.height,
            "persons": [self._person(face) for face in faces],
        }

    def _person(self, face: dict[str, Any]) -> dict[str, Any]:
        """Give Human's person for a face; with no bodies and hands, the face is all there is of it."""
        x, y, width, height = face["box"]
        relative = (x / self.width, y / self.height, width / self.width, height / self.height)
        return {
            "id": face["id"],
            "face": face,
            "body": None,
            "hands": {"left": None, "right": None},
            "gestures": [],
            "box": face["box"],
            "boxRaw": _numbers(relative),
        }


def _number(value: float) -> float:
    """Write whole numbers as JavaScript does, without a fraction."""
    value = float(value)
    return int(value) if value.is_integer() else value


def _numbers(values: tuple[float, ...]) -> list[float]:
    return [_number(value) for value in values]


def _points(points: Points) -> list[list[float]]:
    return [[_number(value) for value in point] for point in points.tolist()]
