"""Darkening what is outside of a face, for the models that describe it.

Source: Human's src/face/mask.ts.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Box, Points
from humanrt.vision.face.landmarks import MESH_ANNOTATIONS

SILHOUETTE = list(MESH_ANNOTATIONS["silhouette"])
# How far the outline of a face is moved outwards, in parts of the crop, and what is left of the light outside of it.
MARGIN = 0.1
LIGHT = 0.5
TINY = 1e-9  # pixels; a box that lies outside of the picture has no size


def outline_in_crop(mesh: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """Take the outline, [36, 2], in parts of the crop: ``mesh`` is in pixels of it."""
    return mesh[SILHOUETTE, :2].astype(np.float64) / size


def outline_in_box(mesh: Points, box: Box) -> NDArray[np.float64]:
    """Take the outline in parts of the face's box, as Human does.

    That is not its crop: since then the box was moved to the mesh and cut to the picture, and in the crop a turned face
    is upright.
    """
    return (mesh[SILHOUETTE, :2].astype(np.float64) - box[:2]) / np.maximum(box[2:], TINY)


def darkened(crop: NDArray[Any], outline: NDArray[np.float64]) -> NDArray[Any]:
    """Darken a crop, [h, w, 3], where it is outside of ``outline``, [n, 2] in parts of the crop."""
    polygon = np.where(outline > 0.5, outline + MARGIN, outline - MARGIN)
    height, width = crop.shape[:2]
    inside = _inside(polygon, np.arange(width) / width, np.arange(height) / height)
    light = np.where(inside, 1.0, LIGHT)[..., np.newaxis]
    masked: NDArray[Any] = (crop * light).astype(crop.dtype)
    return masked


def _inside(polygon: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points of a grid, [len(y), len(x)], are inside: a ray from there crosses an odd number of edges."""
    inside = np.zeros((len(y), len(x)), np.bool_)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, 1, axis=0), strict=True):
        between = (y1 > y) != (y2 > y)
        crossing = (x2 - x1) * (y[between] - y1) / (y2 - y1) + x1
        inside[between] ^= x < crossing[:, np.newaxis]
    return inside
