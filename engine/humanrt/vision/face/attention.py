"""Attention mesh: the mesh model that looks at lips and eyes a second time, and finds the irises.

Source: Grishchenko and others, "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time" (2020); which of its
points are which of the mesh's is as in Human's src/face/attention.ts. Everything is in pixels of the model's input.
"""

import numpy as np
from numpy.typing import NDArray

from humanrt.vision.face.landmarks import MESH_ANNOTATIONS

# How sure the model is that it saw a face; of the two files of this model one stops before the sigmoid.
FLAG, FLAG_LOGIT = "flag", "flag_logit"
# As the card has them, left and right in the picture. From here on left is the person's left, as in the mesh.
PARTS = ("mesh", "lips", "left_eye", "right_eye", "left_iris", "right_iris")
LIPS_PARTS = (
    "lipsLowerOuter",
    "lipsUpperOuter",
    "lipsLowerInner",
    "lipsUpperInner",
    "lipsLowerSemiOuter",
    "lipsUpperSemiOuter",
    "lipsLowerSemiInner",
    "lipsUpperSemiInner",
)
EYE_PARTS = (
    "EyeLower0",
    "EyeUpper0",
    "EyeLower1",
    "EyeUpper1",
    "EyeLower2",
    "EyeUpper2",
    "EyebrowLower",
    "EyeLower3",
    "EyebrowUpper",
)
LIPS = [index for part in LIPS_PARTS for index in MESH_ANNOTATIONS[part]]  # 80
LEFT_EYE = [index for part in EYE_PARTS for index in MESH_ANNOTATIONS[f"left{part}"]]  # 71
RIGHT_EYE = [index for part in EYE_PARTS for index in MESH_ANNOTATIONS[f"right{part}"]]  # 71

Floats = NDArray[np.float32]


def refine(*rows: Floats, quirks: bool) -> Floats:
    """Put one face's parts into its mesh: a row of each of PARTS; returns [478, 3], the left iris first.

    The parts are flat: their depth is the mesh's, that of an iris its eye's. ``quirks`` gives each iris the depth of
    the other eye, as Human does.
    """
    points, *parts = rows
    lips, right_eye, left_eye, right_iris, left_iris = (part.reshape(-1, 2) for part in parts)
    mesh = points.reshape(-1, 3).copy()
    for indices, part in ((LIPS, lips), (LEFT_EYE, left_eye), (RIGHT_EYE, right_eye)):
        mesh[indices, :2] = part
    left_depth, right_depth = mesh[LEFT_EYE, 2].mean(), mesh[RIGHT_EYE, 2].mean()
    if quirks:
        left_depth, right_depth = right_depth, left_depth
    return np.concatenate([mesh, _with_depth(left_iris, left_depth), _with_depth(right_iris, right_depth)])


def _with_depth(iris: Floats, depth: np.float32) -> Floats:
    return np.column_stack([iris, np.full(len(iris), depth)])
