"""Crops of faces: cut out of the image upright, and resized for the models that describe a face."""

from collections.abc import Sequence
from math import atan2, pi
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import crop, crop_rotated, resize
from humanrt.vision.face.box import FaceBox
from humanrt.vision.stage import InputForm

# [n, h, w, 3], 0..255: the faces of one image, upright.
Crops: TypeAlias = NDArray[np.uint8] | NDArray[np.float32]
Floats: TypeAlias = NDArray[np.float32]

# Human's weights of red, green and blue.
LUMINANCE = np.array([[0.2989], [0.5870], [0.1140]], np.float32)
# Landmarks of the detector on the axis of a face.
NOSE, MOUTH = 2, 3
# Faces rotated by less than this, in radians, are cut out as they are: the mesh model copes, and resampling blurs.
LEAST_ANGLE = 0.2


def face_angle(box: FaceBox) -> float:
    """Return how far a face is rotated in the image, in radians, clockwise.

    0 for a face that is nearly upright or has no landmarks.
    """
    if not len(box.landmarks):
        return 0.0
    mouth, nose = box.landmarks[MOUTH], box.landmarks[NOSE]
    angle = pi / 2 - atan2(mouth[1] - nose[1], nose[0] - mouth[0])
    angle -= 2 * pi * ((angle + pi) // (2 * pi))
    return angle if abs(angle) > LEAST_ANGLE else 0.0


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


def resized(crops: Crops, form: InputForm, margin: float = 0.0) -> Floats:
    """Resize crops to a model's input, float32 [n, height, width, 3], 0..1.

    ``margin`` is the part of the width and height that is cut off each side first: ``crop`` of Human's configuration.
    """
    if margin:
        return cropped(crops, form, (margin, margin, 1 - margin, 1 - margin))
    return _unit([resize(face, form.height, form.width)[0] for face in crops])


def cropped(crops: Crops, form: InputForm, part: tuple[float, float, float, float]) -> Floats:
    """Resize a part of each crop, given by left, top, right, bottom over the crop's size, as ``resized()`` does."""
    height, width = crops.shape[1:3]
    left, top, right, bottom = part
    box = (left * width, top * height, right * width, bottom * height)
    return _unit([crop(face, box, form.height, form.width)[0] for face in crops])


def gray(pixels: Floats) -> Floats:
    """Convert [n, h, w, 3] to luminance, [n, h, w, 1]."""
    return pixels @ LUMINANCE


def _unit(faces: Sequence[NDArray[Any]]) -> Floats:
    return to_unit(np.stack(faces))
