"""The crops of faces darkened outside of the face, for the models that describe it.

Source: Human's src/face/mask.ts.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Face
from humanrt.vision.face.facemesh import INPUT_SIZE, Crops
from humanrt.vision.face.landmarks import MESH_ANNOTATIONS

SILHOUETTE = list(MESH_ANNOTATIONS["silhouette"])
# How far the outline of a face is moved outwards, over the crop's size, and the brightness that is left outside of it.
MARGIN = 0.1
LIGHT = 0.5

# Returns a face's outline over the size of its crop, from its mesh and its record.
Outline: TypeAlias = Callable[[NDArray[np.float32], Face], NDArray[np.float64]]


def outline_in_crop(mesh: NDArray[np.float32], face: Face) -> NDArray[np.float64]:
    """Return a face's outline, [36, 2], over the size of its crop; ``mesh`` is in pixels of the mesh model's input."""
    del face
    return mesh[SILHOUETTE, :2].astype(np.float64) / INPUT_SIZE


def darken(
    crops: Crops, meshes: Sequence[NDArray[np.float32]], faces: Sequence[Face | None], outline: Outline
) -> Crops:
    """Return the crops, darkened outside of each face that has a mesh."""
    return np.stack(
        [
            crop if face is None or face.rotation is None else darkened(crop, outline(mesh, face))
            for crop, mesh, face in zip(crops, meshes, faces, strict=True)
        ]
    )


def darkened(crop: NDArray[Any], outline: NDArray[np.float64]) -> NDArray[Any]:
    """Return a crop, [h, w, 3], darkened outside of ``outline``, [n, 2] over the crop's size."""
    polygon = np.where(outline > 0.5, outline + MARGIN, outline - MARGIN)
    height, width = crop.shape[:2]
    inside = _inside(polygon, np.arange(width) / width, np.arange(height) / height)
    light = np.where(inside, 1.0, LIGHT)[..., np.newaxis]
    masked: NDArray[Any] = (crop * light).astype(crop.dtype)
    return masked


def _inside(polygon: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points of a grid, [len(y), len(x)], are inside: a ray from there crosses an odd number of edges."""
    inside = np.zeros((len(y), len(x)), np.bool_)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, 1, axis=0), strict=True):
        between = (y1 > y) != (y2 > y)
        crossing = (x2 - x1) * (y[between] - y1) / (y2 - y1) + x1
        inside[between] ^= x < crossing[:, np.newaxis]
    return inside
