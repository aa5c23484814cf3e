"""FaceMesh: 468 points on the surface of a face, and how sure the model is that it saw one.

Source: Kartynnik and others, "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (2019); the crop
and the way back to the picture are those of Human's src/face/facemeshutil.ts.
"""

from collections.abc import Sequence
from math import atan2, cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import crop, crop_rotated, rotate
from humanrt.tasks.face_box import FaceBox

INPUT_SIZE = 192
OUTPUTS = ("flag", "mesh")
# Landmarks of the detector that lie on a face's axis.
NOSE, MOUTH = 2, 3
# Faces turned less than this, in radians, are left as they are: the mesh copes, and resampling costs sharpness.
LEAST_TURN = 0.2


def turn(box: FaceBox) -> float:
    """Tell how far a face is turned in the picture, in radians, clockwise; 0 when it is nearly upright."""
    mouth, nose = box.landmarks[MOUTH], box.landmarks[NOSE]
    angle = pi / 2 - atan2(mouth[1] - nose[1], nose[0] - mouth[0])
    angle -= 2 * pi * ((angle + pi) // (2 * pi))
    return angle if abs(angle) > LEAST_TURN else 0.0


def prepare(
    picture: NDArray[np.uint8],
    boxes: Sequence[FaceBox],
    turns: Sequence[float],
    size: int = INPUT_SIZE,
    *,
    quirks: bool = False,
) -> NDArray[np.float32]:
    """Cut the faces out of a picture, uint8 [h, w, 3], turned upright: float32 [faces, size, size, 3], 0..1.

    ``quirks`` turns the whole picture to the nearest pixel first, as Human does; otherwise each crop is sampled once.
    """
    crops = []
    for box, angle in zip(boxes, turns, strict=True):
        corners, center = (*box.start, *box.end), (*box.center,)
        if quirks and angle:
            cut, _ = crop(rotate(picture, angle, center), corners, size, size)
        else:
            cut, _ = crop_rotated(picture, corners, angle, center, size, size)
        crops.append(cut)
    return np.stack(crops).astype(np.float32) * np.float32(1 / 255)


def decode(mesh: NDArray[np.float32], box: FaceBox, angle: float, *, quirks: bool) -> NDArray[np.float64]:
    """Take one face's row of the output, [1404], to the picture: [468, 3], pixels; ``quirks`` cuts to whole ones."""
    points = mesh.reshape(-1, 3).astype(np.float64)
    scaled = (points[:, :2] - INPUT_SIZE / 2) * (box.extent / INPUT_SIZE)
    rotation = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    points[:, :2] = scaled @ rotation.T + box.center
    return np.trunc(points) if quirks else points
