"""Iris: refines the points around the eyes and adds five for each iris.

Source: Ablavatski and others, "Real-time Pupil Tracking from Monocular Video for Digital Puppetry" (2020); the crops
and the merging with the mesh are those of Human's src/face/iris.ts. Everything is in pixels of the mesh model's input.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import crop
from humanrt.vision.decoding import round_half_up
from humanrt.vision.face.landmarks import MESH_ANNOTATIONS
from humanrt.vision.stage import Family, InputForm

INPUT_SIZE = 64
# The corners of each eye in the mesh, outer and inner.
CORNERS = {"left": (263, 362), "right": (33, 133)}
# Of the model's 76 points, those that are also in the mesh, by the part's name without its side; the last five are the
# iris: centre, right, above, left, below.
CONTOURS = {
    "EyeUpper0": range(9, 16),
    "EyeUpper1": range(25, 32),
    "EyeUpper2": range(41, 48),
    "EyeLower0": range(9),
    "EyeLower1": range(16, 25),
    "EyeLower2": range(32, 41),
    "EyeLower3": range(54, 63),
    "EyebrowUpper": range(63, 71),
    "EyebrowLower": range(48, 54),
}
# Of the brows, which the crop of an eye hardly shows, the mesh has the better points.
REFINED = tuple(part for part in CONTOURS if not part.startswith("Eyebrow"))
IRIS = slice(71, 76)
ABOVE, BELOW = 2, 4
# In EyeUpper0 and EyeLower0, the points above and below the middle of the eye.
UPPER_CENTER, LOWER_CENTER = 3, 4
# From this difference in depth between the eyes on, the face is in profile and only the nearer eye's lids are refined.
ASIDE = 30.0

Mesh = NDArray[np.float32]


class Eye(NamedTuple):
    """The position of an eye's crop in the face's, and whether it is mirrored."""

    side: str
    start: NDArray[np.float64]  # [2]: x, y
    size: NDArray[np.float64]  # [2]: width, height; rounding may make them differ by one
    mirrored: bool


class IrisTask(NamedTuple):
    """The meshes of the faces, each [468, 3], and how many times as wide as an eye its crop is."""

    meshes: Sequence[Mesh]
    scale: float


class CroppedEyes(NamedTuple):
    """The model's input, two images for each face, and where each was cut from."""

    pixels: NDArray[np.float32]  # [2 n, 64, 64, 3], 0..1
    eyes: Sequence[tuple[Eye, Eye]]


@dataclass(frozen=True)
class Iris(Family[IrisTask, CroppedEyes, list[Mesh]]):
    """Models that refine the eyes of a mesh. The source is the faces' crops; the model knows right eyes only."""

    outputs: tuple[str, ...] = ("points",)
    parts: tuple[str, ...] = REFINED

    def prepare(self, source: NDArray[Any], form: InputForm, task: IrisTask) -> CroppedEyes:
        """Cut the eyes out of the faces' crops, the left ones mirrored."""
        del form
        eyes = [(_eye(mesh, "left", task.scale), _eye(mesh, "right", task.scale)) for mesh in task.meshes]
        cuts = [self.cut(face, eye) for face, both in zip(source, eyes, strict=True) for eye in both]
        return CroppedEyes(np.stack(cuts).astype(np.float32) * np.float32(1 / 255), eyes)

    def cut(self, face: NDArray[Any], eye: Eye) -> NDArray[Any]:
        """Cut one eye out of a face's crop."""
        cut, _ = crop(face, (*eye.start, *(eye.start + eye.size)), INPUT_SIZE, INPUT_SIZE)
        return cut[:, ::-1] if eye.mirrored else cut

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: CroppedEyes, task: IrisTask) -> list[Mesh]:
        """Return the refined meshes, each [478, 3]; the output has two rows for each face."""
        (rows,) = outputs
        pairs = rows.reshape(len(task.meshes), 2, -1)
        return [refine(*face, self.parts) for face in zip(task.meshes, prepared.eyes, pairs, strict=True)]


IRIS_MODEL = Iris()


def refine(mesh: Mesh, eyes: tuple[Eye, Eye], outputs: NDArray[np.float32], parts: Sequence[str]) -> Mesh:
    """Merge the model's points, two rows of [228], into a mesh, [468, 3]; return [478, 3], the left iris first.

    ``parts`` are the contours that are refined, of ``CONTOURS``.
    """
    refined = mesh.copy()
    points = {eye.side: _decode(eye, row) for eye, row in zip(eyes, outputs.reshape(2, 76, 3), strict=True)}
    difference = mesh[CORNERS["left"][0], 2] - mesh[CORNERS["right"][0], 2]
    if abs(difference) < ASIDE:
        for side in points:
            _merge(refined, points[side], side, parts)
    else:
        side = "left" if difference < 0 else "right"
        _merge(refined, points[side], side, ("EyeUpper0", "EyeLower0"))
    return np.concatenate([refined, *(_iris(refined, points[side], side) for side in ("left", "right"))])


def _eye(mesh: Mesh, side: str, scale: float) -> Eye:
    corners = mesh[list(CORNERS[side]), :2].astype(np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    center, half = low + (high - low) / 2, scale * (high - low).max() / 2
    start, end = round_half_up(np.stack([center - half, center + half]))
    return Eye(side, start, end - start, mirrored=side == "left")


def _decode(eye: Eye, points: NDArray[np.float32]) -> Mesh:
    """Transform the points of one eye, [76, 3], from its crop to the face's."""
    placed = points.copy()
    unit = points[:, :2] / INPUT_SIZE
    if eye.mirrored:
        unit[:, 0] = 1 - unit[:, 0]
    placed[:, :2] = unit * eye.size + eye.start
    return placed


def _merge(mesh: Mesh, points: Mesh, side: str, parts: Iterable[str]) -> None:
    """Write the contours of an eye into the mesh; their depth is the mean of both."""
    for part in parts:
        indices = list(MESH_ANNOTATIONS[f"{side}{part}"])
        new = points[list(CONTOURS[part])]
        mesh[indices, :2] = new[:, :2]
        mesh[indices, 2] = (new[:, 2] + mesh[indices, 2]) / 2


def _iris(mesh: Mesh, points: Mesh, side: str) -> Mesh:
    """Return the iris, [5, 3], with the depth of the lids: its own is not reliable."""
    iris = points[IRIS].copy()
    above = mesh[MESH_ANNOTATIONS[f"{side}EyeUpper0"][UPPER_CENTER], 2]
    below = mesh[MESH_ANNOTATIONS[f"{side}EyeLower0"][LOWER_CENTER], 2]
    iris[:, 2] = (above + below) / 2
    iris[ABOVE, 2], iris[BELOW, 2] = above, below
    return iris
