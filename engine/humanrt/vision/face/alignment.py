"""Aligned faces: five points of a face laid onto the template of a model, by a similarity transform.

Source: Umeyama, "Least-Squares Estimation of Transformation Parameters Between Two Point Patterns" (1991), as OpenCV's
modules/objdetect/src/face_recognize.cpp applies it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.errors import ConfigError
from humanrt.imaging import Affine, warp
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.facemesh import CORNERS_OF_MOUTH, MOUTH, NOSE
from humanrt.vision.stage import InputForm
from humanrt.zoo import ALIGNED_POINTS, Alignment, Card

FivePoints = NDArray[np.float64]  # [5, 2]: eyes, tip of the nose, corners of the mouth; left in the image first

# Points of the mesh: the corners of each eye, in the middle of which the eye is taken to be, and the others.
EYES_IN_MESH = ((33, 133), (362, 263))
OTHERS_IN_MESH = (4, 61, 291)
POINTS_OF_MESH = 468
TINY = 1e-12  # for points that coincide, of a damaged model
# Points of detectors with one point for the mouth.
EYES = (0, 1)


class AlignedFaces(NamedTuple):
    """The faces of an image to align, and how: each has five points, or four with one for the mouth."""

    points: Sequence[FivePoints]
    alignment: Alignment
    value_range: tuple[float, float]
    settings: FaceConfig


def points_of(box: FaceBox, mesh: NDArray[np.float32]) -> FivePoints | None:
    """Return the points of a face by which it is aligned: those of the detector if it has five, else of its mesh.

    Without either, they are the four of a detector with one point for the mouth. Returns None if there are none.
    """
    landmarks = box.landmarks
    if len(landmarks) == ALIGNED_POINTS:
        return landmarks
    if len(mesh) >= POINTS_OF_MESH:
        places = mesh[:, :2].astype(np.float64)
        eyes = [places[[*corners]].mean(axis=0) for corners in EYES_IN_MESH]
        return np.stack([*eyes, *places[[*OTHERS_IN_MESH]]])
    return landmarks[[*EYES, NOSE, MOUTH]] if len(landmarks) else None


def aligned(picture: NDArray[Any], form: InputForm, task: AlignedFaces) -> NDArray[np.float32]:
    """Return the faces laid into a model's input, float32 [n, h, w, 3], or [n, 3, h, w] where channels come first.

    ``picture`` is uint8 [h, w, 3]; outside of it the input is black.
    """
    planar = form.height == picture.shape[2]
    height, width = form[1:] if planar else form[:2]
    template = _template(task.alignment, height, width)
    crops = [warp(picture, similarity(template, points), height, width) for points in task.points]
    low, high = task.value_range
    values = np.stack(crops).astype(np.float32) * np.float32((high - low) / 255) + np.float32(low)
    return np.ascontiguousarray(np.moveaxis(values, 3, 1)) if planar else values


def alignment_of(card: Card) -> Alignment:
    """Return how faces are aligned for a model. Raises ``ConfigError`` if its card does not have it."""
    if card.alignment is None:
        raise ConfigError(f"the model card {card.name} has no [alignment], which a model for {card.config_key} needs")
    return card.alignment


def _template(alignment: Alignment, height: int, width: int) -> FivePoints:
    """Return the template in pixels of the input, drawn together to its middle by the margin."""
    middle = np.array([width, height]) / 2
    return (np.array(alignment.template) - middle) / alignment.margin + middle


def similarity(template: FivePoints, points: FivePoints) -> Affine:
    """Return the affine from pixels of the input to the image that moves ``template`` nearest to ``points``."""
    if len(points) < len(template):
        template = np.stack([*template[: NOSE + 1], template[[*CORNERS_OF_MOUTH]].mean(axis=0)])
    from_mean, to_mean = points.mean(axis=0), template.mean(axis=0)
    source, target = points - from_mean, template - to_mean
    left, singular, right = np.linalg.svd(target.T @ source)
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    rotation = left @ np.diag(signs) @ right
    scale = (singular * signs).sum() / max((source**2).sum(), TINY)
    # Of the image to the input; its inverse is returned.
    inverse = rotation.T / max(scale, TINY)
    return np.column_stack([inverse, from_mean - inverse @ to_mean])
