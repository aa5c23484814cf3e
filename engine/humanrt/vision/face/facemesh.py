"""FaceMesh: 468 points on the surface of a face, and how sure the model is that it saw one.

Source: Kartynnik and others, "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (2019); the crop
and the way back to the picture are those of Human's src/face/facemeshutil.ts.
"""

from collections.abc import Sequence
from math import atan2, cos, pi, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import crop, crop_rotated, rotate
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.crop import Crops

INPUT_SIZE = 192
OUTPUTS = ("flag", "mesh")
# Landmarks of the detector that lie on a face's axis.
NOSE, MOUTH = 2, 3
# Faces turned less than this, in radians, are left as they are: the mesh copes, and resampling costs sharpness.
LEAST_TURN = 0.2


def turn(box: FaceBox) -> float:
    """Tell how far a face is turned in the picture, in radians, clockwise; 0 if nearly upright or without landmarks."""
    if not len(box.landmarks):
        return 0.0
    mouth, nose = box.landmarks[MOUTH], box.landmarks[NOSE]
    angle = pi / 2 - atan2(mouth[1] - nose[1], nose[0] - mouth[0])
    angle -= 2 * pi * ((angle + pi) // (2 * pi))
    return angle if abs(angle) > LEAST_TURN else 0.0


def cut(
    picture: NDArray[np.uint8],
    boxes: Sequence[FaceBox],
    turns: Sequence[float],
    size: int = INPUT_SIZE,
    *,
    quirks: bool = False,
) -> Crops:
    """Cut the faces out of a picture, uint8 [h, w, 3], turned upright, to ``size`` x ``size``.

    ``quirks`` turns the whole picture to the nearest pixel first, as Human does, and computes in float32 to come out
    where Human does; otherwise each crop is sampled once, in uint8.
    """
    source: NDArray[Any] = picture.astype(np.float32) if quirks else picture
    crops = []
    for box, angle in zip(boxes, turns, strict=True):
        corners, center = (*box.start, *box.end), (*box.center,)
        if quirks and angle:
            upright, _ = crop(rotate(source, angle, center), corners, size, size)
        else:
            upright, _ = crop_rotated(source, corners, angle, center, size, size)
        crops.append(upright)
    return np.stack(crops)


def prepare(crops: Crops) -> NDArray[np.float32]:
    """Make the input of faces' crops: float32 [n, 192, 192, 3], 0..1."""
    return crops.astype(np.float32) * np.float32(1 / 255)


def decode(mesh: NDArray[np.float32], box: FaceBox, angle: float, *, quirks: bool) -> NDArray[np.float64]:
    """Take one face's mesh, [468 or 478, 3], to the picture, in pixels; ``quirks`` cuts to whole ones."""
    points = mesh.astype(np.float64)
    scaled = (points[:, :2] - INPUT_SIZE / 2) * (box.extent / INPUT_SIZE)
    rotation = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    points[:, :2] = scaled @ rotation.T + box.center
    return np.trunc(points) if quirks else points
