"""Iris: refines the points around the eyes, and adds five for each iris.

Source: Ablavatski and others, "Real-time Pupil Tracking from Monocular Video for Digital Puppetry" (2020); the crops
and the merging with the mesh are those of Human's src/face/iris.ts. Everything is in pixels of the mesh model's input.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import crop
from humanrt.vision.face.crop import Crops
from humanrt.vision.face.landmarks import MESH_ANNOTATIONS
from humanrt.vision.rounding import round_half_up

INPUT_SIZE = 64
OUTPUTS = ("points",)
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
IRIS = slice(71, 76)
ABOVE, BELOW = 2, 4
# In EyeUpper0 and EyeLower0, the points above and below the middle of the eye.
UPPER_CENTER, LOWER_CENTER = 3, 4
# From this difference in depth between the eyes on, a face looks aside and only the nearer eye's lids are refined.
ASIDE = 30.0

Mesh = NDArray[np.float32]


class Eye(NamedTuple):
    """Where an eye's crop lies in the face's, and whether the crop was mirrored."""

    side: str
    start: NDArray[np.float64]  # [2]: x, y
    size: NDArray[np.float64]  # [2]: width, height; rounding may make them differ by one
    mirrored: bool


def eyes_of(mesh: Mesh, scale: float) -> tuple[Eye, Eye]:
    """Place the crops of both eyes of a face, mesh [468, 3]: ``scale`` times as wide as the eye, square.

    The model knows right eyes, so the left one is mirrored.
    """
    return _eye(mesh, "left", scale), _eye(mesh, "right", scale)


def prepare(crops: Crops, faces: Sequence[tuple[Eye, Eye]], *, quirks: bool) -> NDArray[np.float32]:
    """Cut the eyes out of faces' crops: float32 [2 n, 64, 64, 3], 0..1.

    ``quirks`` mirrors the right eye too, as Human does; but not on its way out.
    """
    cuts = []
    for face, eyes in zip(crops, faces, strict=True):
        for eye in eyes:
            cut, _ = crop(face, (*eye.start, *(eye.start + eye.size)), INPUT_SIZE, INPUT_SIZE)
            cuts.append(cut[:, ::-1] if eye.mirrored or quirks else cut)
    return np.stack(cuts).astype(np.float32) * np.float32(1 / 255)


def refine(mesh: Mesh, eyes: tuple[Eye, Eye], outputs: NDArray[np.float32]) -> Mesh:
    """Put the model's points, two rows of [228], into a mesh [468, 3]; returns [478, 3], the left iris first."""
    refined = mesh.copy()
    points = {eye.side: _decode(eye, row) for eye, row in zip(eyes, outputs.reshape(2, 76, 3), strict=True)}
    difference = mesh[CORNERS["left"][0], 2] - mesh[CORNERS["right"][0], 2]
    if abs(difference) < ASIDE:
        for side in points:
            _merge(refined, points[side], side, CONTOURS)
    else:
        side = "left" if difference < 0 else "right"
        _merge(refined, points[side], side, ("EyeUpper0", "EyeLower0"))
    return np.concatenate([refined, *(_iris(refined, points[side], side) for side in ("left", "right"))])


def _eye(mesh: Mesh, side: str, scale: float) -> Eye:
    corners = mesh[list(CORNERS[side]), :2].astype(np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    center, half = low + (high - low) / 2, scale * (high - low).max() / 2
    start, end = round_half_up(center - half), round_half_up(center + half)
    return Eye(side, start, end - start, mirrored=side == "left")


def _decode(eye: Eye, points: NDArray[np.float32]) -> Mesh:
    """Take the points of one eye, [76, 3], from its crop to the face's."""
    placed = points.copy()
    unit = points[:, :2] / INPUT_SIZE
    if eye.mirrored:
        unit[:, 0] = 1 - unit[:, 0]
    placed[:, :2] = unit * eye.size + eye.start
    return placed


def _merge(mesh: Mesh, points: Mesh, side: str, parts: Iterable[str]) -> None:
    """Put the contours of an eye into the mesh; their depth is the mean of both."""
    for part in parts:
        indices = list(MESH_ANNOTATIONS[f"{side}{part}"])
        new = points[list(CONTOURS[part])]
        mesh[indices, :2] = new[:, :2]
        mesh[indices, 2] = (new[:, 2] + mesh[indices, 2]) / 2


def _iris(mesh: Mesh, points: Mesh, side: str) -> Mesh:
    """Take the iris, [5, 3]; its own depth is not reliable, so it gets that of the lids."""
    iris = points[IRIS].copy()
    above = mesh[MESH_ANNOTATIONS[f"{side}EyeUpper0"][UPPER_CENTER], 2]
    below = mesh[MESH_ANNOTATIONS[f"{side}EyeLower0"][LOWER_CENTER], 2]
    iris[:, 2] = (above + below) / 2
    iris[ABOVE, 2], iris[BELOW, 2] = above, below
    return iris
