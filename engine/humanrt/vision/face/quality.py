"""The quality of a face: how well its embedding can be relied on, measured on the pixels of the aligned face."""

from collections.abc import Sequence
from math import cos
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import blur_effect, edges, luminance, warp
from humanrt.result import Face, FaceQuality
from humanrt.vision.face.alignment import FivePoints, similarity

# The places of the five points in the aligned face, and its side, in pixels: ArcFace's.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
SIDE = 112
# The part of it from the brows to the chin: what is around may be hair, background, or outside of the image.
INNER = slice(32, 104), slice(20, 92)
# The blur effects from which on a face is sharp, and smeared: of the sample faces as they are, and blurred by 3 % or
# more of their height.
SHARP, SMEARED = 0.5, 0.85
# The luminances between which a pixel is neither under- nor overexposed, 0..255.
DARKEST, LIGHTEST = 30, 235
# Half the width and height of what is compared around the eyes and the mouth, in pixels of the aligned face.
PATCH = 14, 9
# The least detail of one of them, as a part of the mean of the three, of faces that nothing covers.
LEAST_DETAIL = 0.6
TINY = 1e-6


def qualities(
    picture: NDArray[Any], faces: Sequence[Face], points: Sequence[FivePoints | None]
) -> list[FaceQuality | None]:
    """Return the quality of each face of an image, uint8 [h, w, 3], by its five points, or four; None without any."""
    return [
        None if of_face is None else _quality(picture, face, of_face)
        for face, of_face in zip(faces, points, strict=True)
    ]


def _quality(picture: NDArray[Any], face: Face, points: FivePoints) -> FaceQuality:
    affine = similarity(TEMPLATE, points)
    pixel = float(np.hypot(*affine[:, 0]))  # of the aligned face, in pixels of the image
    gray = luminance(warp(picture, affine, SIDE, SIDE))
    parts = {
        "sharpness": float(np.clip((SMEARED - blur_effect(gray[INNER])) / (SMEARED - SHARP), 0, 1)),
        "resolution": min(1.0, pixel),
        "frontal": _frontal(face, points),
        "visible": _visible(gray) * _inside(picture, face),
        "light": _light(gray[INNER]),
    }
    return FaceQuality(score=float(np.prod([*parts.values()])), **parts)


def _frontal(face: Face, points: FivePoints) -> float:
    """Return the cosines of yaw and pitch; without a mesh, how near the nose is to the middle between the eyes."""
    if face.rotation is not None:
        angle = face.rotation.angle
        return max(0.0, cos(angle.yaw)) * max(0.0, cos(angle.pitch))
    left, right, nose = points[:3]
    between = right - left
    place = float((nose - left) @ between / max(float(between @ between), TINY))
    return max(0.0, 1 - abs(2 * place - 1))


def _visible(gray: NDArray[np.float32]) -> float:
    """Return how much detail the eyes and the mouth have, the one with the least: what covers a face, has little."""
    along_x, along_y = edges(gray)
    detail = along_x + along_y
    width, height = PATCH
    places = np.round([*TEMPLATE[:2], TEMPLATE[3:].mean(axis=0)]).astype(int).tolist()
    details = [float(detail[y - height : y + height, x - width : x + width].mean()) for x, y in places]
    return min(1.0, min(details) / max(float(np.mean(details)), TINY) / LEAST_DETAIL)


def _inside(picture: NDArray[Any], face: Face) -> float:
    """Return the part of the points of a face that lie in the image."""
    height, width = picture.shape[:2]
    places = face.mesh[:, :2]
    return float(((places >= 0) & (places < (width, height))).all(axis=1).mean()) if len(places) else 1.0


def _light(gray: NDArray[np.float32]) -> float:
    """Return the part of the pixels that are well exposed, times the darker half's mean over that of the other half."""
    exposed = float(((gray >= DARKEST) & (gray <= LIGHTEST)).mean())
    left, right = (float(half.mean()) for half in np.array_split(gray, 2, axis=1))
    return exposed * min(left, right) / max(left, right, TINY)
