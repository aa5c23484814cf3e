"""Faces."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.result.record import Box, Points, Record
from humanrt.tensors import Tensor

Gender: TypeAlias = Literal["male", "female", "unknown"]


@dataclass(frozen=True)
class Angle:
    """The orientation of a face as Euler angles in radians, -pi..pi; all 0 for an upright face that looks ahead."""

    roll: float
    """Rotation in the picture plane."""
    yaw: float
    """Rotation to the side."""
    pitch: float
    """Rotation up or down."""


@dataclass(frozen=True)
class Gaze:
    """The direction of the eyes in the picture plane; both fields are 0 without the iris model."""

    bearing: float
    """Direction in radians, -pi..pi."""
    strength: float
    """Deviation from straight ahead, 0..1."""


@dataclass(frozen=True)
class Rotation:
    """The orientation of a face in space."""

    angle: Angle
    """The Euler angles of ``matrix``."""
    matrix: tuple[float, ...]
    """The rotation matrix, 3 x 3, nine values row by row."""
    gaze: Gaze
    """The direction of the eyes."""


@dataclass(frozen=True)
class Emotion:
    """An emotion and its score."""

    score: float
    """The score, 0..1."""
    emotion: str
    """One of "angry", "disgust", "fear", "happy", "sad", "surprise" and "neutral"."""


@dataclass(frozen=True)
class Race:
    """A race and its score."""

    score: float
    """The score, 0..1."""
    race: str
    """One of "white", "black", "asian", "indian" and "other"."""


@dataclass(frozen=True)
class FaceQuality:
    """How well the embedding of a face can be relied on. All values are 0..1, and 1 is best.

    They are measured on the aligned face, 112 x 112 pixels, without a model.
    """

    score: float
    """The product of the others."""
    sharpness: float
    """By the blur effect of Crété-Roffet and others (2007): 1 for sharp photos, about
    a half with a blur of 2 % of the face's height."""
    resolution: float
    """Pixels of the picture for each of the aligned face along one axis, at most 1."""
    frontal: float
    """The product of the cosines of yaw and pitch; without a mesh, by the place of the nose between the eyes."""
    visible: float
    """The part of the face's points that lie in the picture, times the detail of the eyes and the mouth, of the one
    with the least: what covers a face has less. Not measured is what covers all three."""
    light: float
    """The part of the face that is neither under- nor overexposed, times the mean luminance of its darker half over
    that of the lighter one: light from one side."""


@dataclass(frozen=True, eq=False)
class Face(Record):
    """One face; a field whose model was off is None, or empty."""

    id: int
    """The index of the face in its Result; in a session the number of its track."""
    score: float
    """The confidence that this is a face, 0..1: ``face_score`` with the mesh model, else ``box_score``; of yunet and
    faceboxes always ``box_score``."""
    box_score: float
    """The detector's confidence, 0..1."""
    face_score: float
    """The mesh model's confidence, 0..1; 0 without the mesh model."""
    box: Box
    """The face in pixels, as annotators draw it, clipped to the picture: the detector's box, or the one around the mesh
    where the detector's is another. With ``compat="human"`` it is ``crop``."""
    box_raw: Box
    """``box`` as fractions of the picture's size."""
    size: tuple[float, float]
    """Width and height of the detected box times ``face.detector.scale``, in pixels."""
    mesh: Points = field(repr=False)
    """The points of the face, float32 [n, 3]: x and y in pixels; z in pixels of the mesh model's input, away from the
    camera. n is 468 with the mesh model, 478 with irises; without a mesh, 6 landmarks of the detector, 5 of yunet, with
    z = 0, or none for faceboxes."""
    mesh_raw: Points = field(repr=False)
    """``mesh`` as fractions of the picture's size, z of the size of the mesh model's input."""
    annotations: Mapping[str, Points] = field(repr=False)
    """The points of ``mesh`` by the name of the part of the face, "noseTip" for instance."""
    rotation: Rotation | None = None
    """The orientation of the face; None without the mesh model."""
    age: float | None = None
    """The age in years."""
    gender: Gender = "unknown"
    """The gender; "unknown" below the configured confidence."""
    gender_score: float | None = None
    """The score of ``gender``, 0..1."""
    emotion: tuple[Emotion, ...] = ()
    """The emotions above ``face.emotion.min_confidence``, highest score first."""
    race: tuple[Race, ...] | None = None
    """The races above ``face.gear.min_confidence``, highest score first."""
    embedding: NDArray[np.float32] | None = field(default=None, repr=False)
    """A vector by which faces are compared, float32 [d]: d is 1024 for faceres, 192 or 256 for
    mobilefacenet, 128 for sface."""
    distance: float | None = None
    """The distance from the camera in metres, computed from the average width of an iris."""
    real: float | None = None
    """The score that the face is real and not a picture of one, 0..1."""
    live: float | None = None
    """The score that the face is live and not replayed, 0..1."""
    quality: FaceQuality | None = None
    """The quality of the face, if ``face.quality`` is enabled; None without landmarks."""
    crop: Box | None = None
    """What the models are given that run after the detector, in pixels, clipped to the picture: Human's ``box``, larger
    than the face. None only in records that were not detected."""
    tensor: Tensor | None = None
    """The crop of the face, float32 [h, w, 3], 0..1, if ``face.detector.return_`` is set. With ``deallocate="auto"`` it
    is freed with its Result, or when nothing refers to it; with "manual" the caller frees it."""
