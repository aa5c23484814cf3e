"""Human's triangulation of the face mesh, and the contours in it.

``face_triangles.txt`` is ``TRI468`` of Human's src/face/facemeshcoords.ts: 880 lines of three indices. The contours are
its pairs (``pairsLips``, ``pairsLeftEye`` and so on) as paths. The indices are those of MediaPipe's face mesh.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MESH_POINTS, POINTS_WITH_IRISES = 468, 478
# The centre of each iris is followed by four points of its edge.
IRISES = (468, 473)

CONTOURS: dict[str, tuple[int, ...]] = {
    "face": (
        *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152),
        *(148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10),
    ),
    "lipsOuter": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61),
    "lipsInner": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78),
    "leftEye": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263),
    "rightEye": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33),
    "leftBrowLower": (276, 283, 282, 295, 285),
    "leftBrowUpper": (300, 293, 334, 296, 336),
    "rightBrowLower": (46, 53, 52, 65, 55),
    "rightBrowUpper": (70, 63, 105, 66, 107),
}
LIPS = frozenset(CONTOURS["lipsOuter"] + CONTOURS["lipsInner"])
EYES = frozenset(CONTOURS["leftEye"] + CONTOURS["rightEye"])


@cache
def triangles() -> NDArray[np.int64]:
    """Return the indices of the corners of the mesh's triangles, int64 [880, 3]; read-only."""
    text = Path(__file__).with_name("face_triangles.txt").read_text(encoding="ascii")
    corners = np.array(text.split(), np.int64).reshape(-1, 3)
    corners.flags.writeable = False
    return corners


@cache
def edges() -> NDArray[np.int64]:
    """Return the indices of the ends of the mesh's edges, each once, int64 [1348, 2]; read-only."""
    corners = triangles()
    pairs = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    unique = np.unique(pairs, axis=0)
    unique.flags.writeable = False
    return unique
