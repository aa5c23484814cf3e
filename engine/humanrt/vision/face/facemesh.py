"""FaceMesh: 468 points on the surface of a face, and the probability that the crop shows one.

Source: Kartynnik and others, "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (2019); the crop
and the way back to the image are those of Human's src/face/facemeshutil.ts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import atan2, cos, sin
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import crop_rotated
from humanrt.vision.face.box import FaceBox
from humanrt.vision.stage import Family, InputForm

INPUT_SIZE = 192
# Landmarks of the detector: the eyes, left in the image of an upright face first, and two on the axis of a face.
LEFT_EYE, RIGHT_EYE, NOSE, MOUTH = 0, 1, 2, 3
CORNERS_OF_MOUTH = 3, 4  # of detectors with five landmarks
# [n, h, w, 3], 0..255: the faces of one image, upright.
Crops: TypeAlias = NDArray[np.uint8] | NDArray[np.float32]
Floats: TypeAlias = NDArray[np.float32]

# The rotation of a face in the image, in radians, clockwise.
Turn: TypeAlias = Callable[[FaceBox], float]

# Cuts faces out of an image: image, boxes, angles in radians, side of the crops in pixels.
Cut: TypeAlias = Callable[[NDArray[np.uint8], Sequence[FaceBox], Sequence[float], int], Crops]


def face_angle(box: FaceBox) -> float:
    """Return how far a face is rotated in the image, by the line between its eyes, in radians, clockwise.

    0 for a face without landmarks.
    """
    if not len(box.landmarks):
        return 0.0
    x, y = box.landmarks[RIGHT_EYE] - box.landmarks[LEFT_EYE]
    return atan2(y, x)


def cut_faces(picture: NDArray[np.uint8], boxes: Sequence[FaceBox], angles: Sequence[float], size: int) -> Crops:
    """Cut the faces out of an image, uint8 [h, w, 3], rotated upright, to [n, size, size, 3].

    Each crop is sampled once, bilinearly.
    """
    crops = []
    for box, angle in zip(boxes, angles, strict=True):
        upright, _ = crop_rotated(picture, (*box.start, *box.end), angle, (*box.center,), size, size)
        crops.append(upright)
    return np.stack(crops)


def to_unit(crops: Crops) -> Floats:
    """Return crops as float32, 0..1."""
    return crops.astype(np.float32) * np.float32(1 / 255)


class Placed(NamedTuple):
    """Where faces are in the image, and how far each is rotated, in radians, clockwise."""

    boxes: Sequence[FaceBox]
    angles: Sequence[float]


class CroppedFaces(NamedTuple):
    """The input of a mesh model and the crops from which it was made."""

    pixels: Floats  # [n, 192, 192, 3], 0..1
    crops: Crops


class Meshes(NamedTuple):
    """The faces of an image: crop, probability of a face in it, and points in pixels of the mesh model's input."""

    crops: Crops
    flags: Floats  # [n, 1], 0..1
    points: list[Floats]  # each [468 or 478, 3]


@dataclass(frozen=True)
class MeshFamily(Family[Placed, CroppedFaces, Meshes]):
    """Models that put a mesh on the crop of a face."""

    cut: Cut = cut_faces

    def prepare(self, source: NDArray[Any], form: InputForm, task: Placed) -> CroppedFaces:
        """Cut the faces out of the image."""
        del form
        crops = self.cut(source, task.boxes, task.angles, INPUT_SIZE)
        return CroppedFaces(to_unit(crops), crops)


@dataclass(frozen=True)
class FaceMesh(MeshFamily):
    """The mesh without irises."""

    outputs: tuple[str, ...] = ("flag", "mesh")

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: CroppedFaces, task: Placed) -> Meshes:
        """Decode the flags, [n, 1], and the points, [n, 1404]."""
        flags, points = outputs
        return Meshes(prepared.crops, flags.reshape(len(task.boxes), -1), list(points.reshape(len(task.boxes), -1, 3)))


FACEMESH = FaceMesh()


def to_image(mesh: Floats, box: FaceBox, angle: float) -> NDArray[np.float64]:
    """Transform one face's mesh, [468 or 478, 3] in pixels of the model's input, to pixels of the image."""
    points = mesh.astype(np.float64)
    scaled = (points[:, :2] - INPUT_SIZE / 2) * (box.extent / INPUT_SIZE)
    rotation = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    points[:, :2] = scaled @ rotation.T + box.center
    return points
