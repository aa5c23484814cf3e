"""PoseNet: 17 points of each of several bodies, assembled from the bottom up.

Source: Papandreou and others, "PersonLab: Person Pose Estimation and Instance Segmentation with a Bottom-Up,
Part-Based, Geometric Embedding Model" (2018), 3.1; the constants are those of Human's src/body/posenet.ts. Points are x
and y in pixels of the input.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import fit, map_points, normalize
from humanrt.result import Body
from humanrt.vision.body.detector import BodyFamily, BodyTask, Prepared
from humanrt.vision.body.skeleton import COCO, Pose, best
from humanrt.vision.caching import Reuse
from humanrt.vision.decoding import round_half_up, sigmoid
from humanrt.vision.stage import InputForm

PARTS = len(COCO.parts)
STRIDE = 16
# The distance, in pixels of the input, within which the same part of two bodies is one.
RADIUS = 50
# How many times a part's position is refined with the offset at that position.
REFINEMENTS = 2
# The bones, from part to part, in the order of the displacements: a tree that starts at the nose.
CHAINS = (
    *(("nose", "leftEye", "leftEar"), ("nose", "rightEye", "rightEar")),
    *(("nose", "leftShoulder", "leftElbow", "leftWrist"), ("leftShoulder", "leftHip", "leftKnee", "leftAnkle")),
    *(("nose", "rightShoulder", "rightElbow", "rightWrist"), ("rightShoulder", "rightHip", "rightKnee", "rightAnkle")),
)
BONES = [tuple(COCO.parts.index(part) for part in bone) for chain in CHAINS for bone in pairwise(chain)]

Floats: TypeAlias = NDArray[np.float64]


class Maps(NamedTuple):
    """The model's outputs for each cell, [h, w, ...]."""

    scores: NDArray[np.float32]  # [h, w, 17]
    offsets: Floats  # [h, w, 17, 2]: from the cell to each part
    forward: Floats  # [h, w, 16, 2]: along each bone
    backward: Floats

    def cell(self, point: Floats) -> tuple[int, int]:
        """Return row and column of the nearest cell."""
        column, row = np.clip(round_half_up(point / STRIDE), 0, (self.scores.shape[1] - 1, self.scores.shape[0] - 1))
        return int(row), int(column)

    def point(self, row: int, column: int, part: int) -> Floats:
        """Return the position of a part, from the offset at a cell."""
        point: Floats = self.offsets[row, column, part] + (column * STRIDE, row * STRIDE)
        return point


class Found(NamedTuple):
    """One body: the positions of its parts, their scores, and the score of the whole."""

    points: Floats  # [17, 2]
    scores: Floats  # [17]
    score: float


@dataclass(frozen=True)
class PoseNet(BodyFamily):
    """Four outputs, each [1, h, w, n]: scores, offsets, and displacements along the bones in both directions."""

    reuse: ClassVar[Reuse | None] = None
    outputs: tuple[str, ...] = ("heatmap", "offsets", "displacements_forward", "displacements_backward")

    def prepare(self, source: NDArray[Any], form: InputForm, task: BodyTask) -> Prepared:
        """Return the image as float32 [1, h, w, 3], -1..1, its proportions kept.

        With ``input_size`` the frame is no larger than the image needs.
        """
        height, width = source.shape[:2]
        frame, longer = (form.height, form.width), task.settings.input_size
        if longer:
            scale = longer / max(height, width)
            frame = _side(height * scale), _side(width * scale)
        framed, affine = fit(source, *frame)
        return Prepared(normalize(framed, 1 / 127.5, -1.0), [affine], (width, height))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: BodyTask) -> tuple[Body, ...]:
        """Return the bodies with a score over ``min_confidence``."""
        affine, least = prepared.affines[0], task.settings.min_confidence
        found = bodies(maps_of(outputs), least)
        poses = (Pose(body.score, body.scores, map_points(affine, body.points)) for body in found)
        return best((COCO.body(pose, prepared.size, least) for pose in poses), task.limit)


POSENET = PoseNet()


class Seen(NamedTuple):
    """What of a body counts for its score and hides parts of later bodies; absent parts are NaN, their scores 0."""

    points: Floats  # [17, 2]
    scores: Floats  # [17]
    parts: int  # the number by which the sum of the scores is divided


def all_parts(points: Floats, scores: Floats, least: float) -> Seen:
    """Return all parts: a body's score is the mean over all of them."""
    del least
    return Seen(points, scores, PARTS)


def maps_of(outputs: Sequence[NDArray[Any]]) -> Maps:
    """Return the model's outputs as maps."""
    heatmap, *vectors = (output[0] for output in outputs)
    return Maps(sigmoid(heatmap), *(_as_points(vector) for vector in vectors))


def bodies(maps: Maps, least: float, seen_of: Callable[[Floats, Floats, float], Seen] = all_parts) -> Iterator[Found]:
    """Yield a body for each part that no earlier body has, the part with the highest score first.

    Parts that an earlier body has, too, do not count for a body's score.
    """
    earlier = np.empty((0, PARTS, 2))
    for row, column, part in _peaks(maps.scores, least):
        root = maps.point(row, column, part)
        if _near(earlier[:, part], root).any():
            continue
        points, scores = _grown(maps, row, column, part)
        seen = seen_of(points, scores, least)
        own = ~_near(earlier, seen.points).any(axis=0)
        score = float(seen.scores[own].sum()) / seen.parts
        if score > least:
            earlier = np.concatenate([earlier, seen.points[np.newaxis]])
            yield Found(points, scores, score)


def _peaks(scores: NDArray[np.float32], least: float) -> Iterator[tuple[int, int, int]]:
    """Yield row, column and part of the local maxima, the highest first."""
    padded = np.pad(scores, ((1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1)).max(axis=(-2, -1))
    cells = np.argwhere((scores >= around) & (scores >= least))
    order = np.argsort(-scores[tuple(cells.T)], kind="stable")
    yield from (tuple(cell) for cell in cells[order].tolist())


def _grown(maps: Maps, row: int, column: int, root: int) -> tuple[Floats, Floats]:
    """Follow the bones from one part to all others, first towards the nose, then from it; return points and scores."""
    points, scores = np.full((PARTS, 2), np.nan), np.zeros(PARTS)
    points[root], scores[root] = maps.point(row, column, root), maps.scores[row, column, root]
    towards = [(bone, end, start, maps.backward) for bone, (start, end) in reversed(list(enumerate(BONES)))]
    outwards = [(bone, start, end, maps.forward) for bone, (start, end) in enumerate(BONES)]
    for bone, source, target, displacements in (*towards, *outwards):
        if np.isnan(points[target, 0]) and not np.isnan(points[source, 0]):
            point = points[source] + displacements[(*maps.cell(points[source]), bone)]
            for _ in range(REFINEMENTS):
                point = maps.point(*maps.cell(point), target)
            points[target], scores[target] = point, maps.scores[(*maps.cell(point), target)]
    return points, scores


def _side(length: float) -> int:
    """Return the side of the input that a length in its pixels needs: a multiple of ``STRIDE`` and one."""
    return max(ceil((round(length) - 1) / STRIDE), 1) * STRIDE + 1


def _near(points: Floats, others: Floats) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = ((points - others) ** 2).sum(axis=-1) <= RADIUS**2
    return near


def _as_points(vectors: NDArray[np.float32]) -> Floats:
    """Convert n y and n x, [h, w, 2 n], to [h, w, n, 2]."""
    height, width, length = vectors.shape
    return vectors.reshape(height, width, 2, length // 2)[:, :, ::-1].swapaxes(2, 3).astype(np.float64)
