"""Attention mesh: a mesh model with refined lips and eyes, and with irises.

Source: Grishchenko and others, "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time" (2020); the order of
its points in the mesh is that of Human's src/face/attention.ts. All points are in pixels of the model's input.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.vision.decoding import sigmoid
from humanrt.vision.face.facemesh import CroppedFaces, Floats, Meshes, MeshFamily, Placed
from humanrt.vision.face.landmarks import MESH_ANNOTATIONS

# The outputs of the model card, with left and right as in the image. Elsewhere left is the person's left, as in the
# mesh.
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


@dataclass(frozen=True)
class Attention(MeshFamily):
    """The mesh with irises; of the model's two files one stops before the sigmoid of the flag (``logit``)."""

    logit: bool = False

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: CroppedFaces, task: Placed) -> Meshes:
        """Decode the flags and, for each face, a row of every part."""
        del task
        flags, *parts = outputs
        meshes = [self.refine(*rows) for rows in zip(*parts, strict=True)]
        return Meshes(prepared.crops, (sigmoid(flags) if self.logit else flags).reshape(-1, 1), meshes)

    def refine(self, *rows: Floats) -> Floats:
        """Merge one face's parts, a row of each of ``PARTS``, into its mesh, [478, 3], the left iris first.

        The parts are flat: their depth is the mesh's, that of an iris the mean of its eye's.
        """
        points, *parts = rows
        lips, right_eye, left_eye, right_iris, left_iris = (part.reshape(-1, 2) for part in parts)
        mesh = points.reshape(-1, 3).copy()
        for indices, part in ((LIPS, lips), (LEFT_EYE, left_eye), (RIGHT_EYE, right_eye)):
            mesh[indices, :2] = part
        left_depth, right_depth = self.iris_depths(mesh)
        return np.concatenate([mesh, _with_depth(left_iris, left_depth), _with_depth(right_iris, right_depth)])

    def iris_depths(self, mesh: Floats) -> tuple[np.float32, np.float32]:
        """Return the depths of the left and the right iris."""
        return mesh[LEFT_EYE, 2].mean(), mesh[RIGHT_EYE, 2].mean()


ATTENTION_LOGIT = Attention(("flag_logit", *PARTS), logit=True)
ATTENTION = Attention(("flag", *PARTS))


def _with_depth(iris: Floats, depth: np.float32) -> Floats:
    return np.column_stack([iris, np.full(len(iris), depth)])
