"""Faces."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from humanrt.result.formats import number, numbers, points
from humanrt.result.geometry import Box, Points
from humanrt.tensors import Tensor

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
    mesh: Points = field(repr=False)
    mesh_raw: Points = field(repr=False)
    annotations: Mapping[str, Points] = field(repr=False)
    rotation: Rotation | None = None
    age: float | None = None
    gender: Gender = "unknown"
    gender_score: float | None = None
    emotion: tuple[Emotion, ...] = ()
    race: tuple[Race, ...] | None = None
    embedding: NDArray[np.float32] | None = field(default=None, repr=False)
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
            "score": number(self.score),
            "boxScore": number(self.box_score),
            "faceScore": number(self.face_score),
            "box": numbers(self.box),
            "boxRaw": numbers(self.box_raw),
            "size": numbers(self.size),
            "mesh": points(self.mesh[:, :axes]),
            "meshRaw": points(self.mesh_raw),
            # Without the iris model Human writes null for each of the five points of an iris.
            "annotations": {name: points(group[:, :axes]) or [None] * 5 for name, group in self.annotations.items()},
            "gender": self.gender,
            "emotion": [{"score": number(each.score), "emotion": each.emotion} for each in self.emotion],
            "embedding": [] if self.embedding is None else [number(value) for value in self.embedding.tolist()],
        }
        # Human leaves these out when they are zero or not there.
        optional = {
            "age": self.age,
            "genderScore": self.gender_score,
            "distance": self.distance,
            "real": self.real,
            "live": self.live,
        }
        human |= {name: number(value) for name, value in optional.items() if value}
        if self.race is not None:
            human["race"] = [{"score": number(each.score), "race": each.race} for each in self.race]
        if self.rotation is not None:
            angle, gaze = self.rotation.angle, self.rotation.gaze
            human["rotation"] = {
                "angle": {"pitch": number(angle.pitch), "yaw": number(angle.yaw), "roll": number(angle.roll)},
                "matrix": numbers(self.rotation.matrix),
                "gaze": {"bearing": number(gaze.bearing), "strength": number(gaze.strength)},
            }
        return human
