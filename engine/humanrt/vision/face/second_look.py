"""The second look: the mesh model runs again, on a crop that fits the first mesh and is turned by its eyes.

Source: MediaPipe's face_landmark_landmarks_to_roi.pbtxt, which crops a face of a video by its mesh in the frame before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, sin
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import crop_turned
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.facemesh import (
    FACEMESH,
    INPUT_SIZE,
    CroppedFaces,
    Crops,
    Floats,
    Meshes,
    MeshFamily,
    Placed,
    to_image,
    to_unit,
)
from humanrt.vision.stage import Family, InputForm

# The outer corners of the eyes in the mesh, left in the image first.
LEFT, RIGHT = 33, 263
# Side of the crop, as a multiple of the longer side of the mesh.
SCALE = 1.5


class FirstLook(NamedTuple):
    """Where the faces were cut out of the image, and their meshes, in pixels of the mesh model's input."""

    placed: Placed
    meshes: Sequence[Floats]


class TurnedFaces(NamedTuple):
    """The input of the mesh model, the crops from which it was made, and where these were cut out of the image."""

    pixels: Floats  # [n, 192, 192, 3], 0..1
    crops: Crops
    placed: Placed


class Seen(NamedTuple):
    """The meshes of the second look, in pixels of the mesh model's input, and where its crops were cut out."""

    meshes: Meshes
    placed: Placed


@dataclass(frozen=True)
class SecondLook(Family[FirstLook, TurnedFaces, Seen]):
    """A mesh model that runs a second time. ``outputs`` are those of ``mesh``."""

    mesh: MeshFamily = FACEMESH

    def prepare(self, source: NDArray[Any], form: InputForm, task: FirstLook) -> TurnedFaces:
        """Cut the faces out of the image, around their meshes."""
        del form
        rows = zip(task.meshes, *task.placed, strict=True)
        places = [_around(to_image(mesh, box, angle)) for mesh, box, angle in rows]
        boxes, angles = [box for box, _ in places], [angle for _, angle in places]
        crops = np.stack([crop_turned(source, (*box.start, *box.end), angle, INPUT_SIZE)[0] for box, angle in places])
        return TurnedFaces(to_unit(crops), crops, Placed(boxes, angles))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: TurnedFaces, task: FirstLook) -> Seen:
        """Decode the outputs as those of the first look."""
        del task
        faces = CroppedFaces(prepared.pixels, prepared.crops)
        return Seen(self.mesh.decode(outputs, faces, prepared.placed), prepared.placed)


def in_first_crop(points: Sequence[Floats], seen: Placed, first: Placed) -> list[Floats]:
    """Transform meshes of the second look to pixels of the first look's input; the depth is scaled alike."""
    return [_moved(*row) for row in zip(points, *seen, *first, strict=True)]


def _moved(points: Floats, seen: FaceBox, seen_angle: float, first: FaceBox, angle: float) -> Floats:
    places = to_image(points, seen, seen_angle)
    unit = INPUT_SIZE / first.extent
    places[:, :2] = (places[:, :2] - first.center) @ _rotation(angle) * unit + INPUT_SIZE / 2
    places[:, 2] *= seen.extent[0] / INPUT_SIZE * unit[0]
    return places.astype(np.float32)


def _around(mesh: NDArray[np.float64]) -> tuple[FaceBox, float]:
    """Return the square around a mesh in pixels of the image, and how far it is turned, in radians, clockwise."""
    x, y = mesh[RIGHT, :2] - mesh[LEFT, :2]
    angle = atan2(y, x)
    rotation = _rotation(angle)
    upright = mesh[:, :2] @ rotation
    low, high = upright.min(axis=0), upright.max(axis=0)
    center, half = rotation @ (low + high) / 2, max((high - low).max(), 1.0) * SCALE / 2
    square = np.array([2 * half, 2 * half])
    return FaceBox(center - half, center + half, np.zeros((0, 2)), 0.0, square), angle


def _rotation(angle: float) -> NDArray[np.float64]:
    return np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
