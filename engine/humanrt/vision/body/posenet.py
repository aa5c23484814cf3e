"""PoseNet: 17 points of each of several bodies, put together from the bottom up.

Source: Papandreou and others, "PersonLab: Person Pose Estimation and Instance Segmentation with a Bottom-Up,
Part-Based, Geometric Embedding Model" (2018), 3.1; the numbers are those of Human's src/body/posenet.ts. Points are x
and y in pixels of the input.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.config import BodyConfig
from humanrt.imaging import fit, map_points, normalize, resize
from humanrt.result import Body
from humanrt.vision.activation import sigmoid
from humanrt.vision.body.detector import Prepared, best
from humanrt.vision.body.skeleton import COCO, Pose, box_around, box_over
from humanrt.vision.model import InputForm
from humanrt.vision.rounding import round_half_up, rounded

OUTPUTS = ("heatmap", "offsets", "displacements_forward", "displacements_backward")
PARTS = len(COCO.parts)
STRIDE = 16
# How near, in pixels of the input, the same part of two bodies must be to be taken for one.
RADIUS = 50
# How often a part is looked up again from where the last look said that it is.
REFINEMENTS = 2
# The bones, from part to part, as the displacements count them: a tree that starts at the nose.
CHAINS = (
    *(("nose", "leftEye", "leftEar"), ("nose", "rightEye", "rightEar")),
    *(("nose", "leftShoulder", "leftElbow", "leftWrist"), ("leftShoulder", "leftHip", "leftKnee", "leftAnkle")),
    *(("nose", "rightShoulder", "rightElbow", "rightWrist"), ("rightShoulder", "rightHip", "rightKnee", "rightAnkle")),
)
BONES = [tuple(COCO.parts.index(part) for part in bone) for chain in CHAINS for bone in pairwise(chain)]

Floats: TypeAlias = NDArray[np.float64]


class Maps(NamedTuple):
    """What the model says of each cell, [h, w, ...]."""

    scores: NDArray[np.float32]  # [h, w, 17]
    offsets: Floats  # [h, w, 17, 2]: from the cell to each part
    forward: Floats  # [h, w, 16, 2]: along each bone
    backward: Floats

    def cell(self, point: Floats) -> tuple[int, int]:
        """Return row and column of the nearest cell."""
        column, row = np.clip(round_half_up(point / STRIDE), 0, (self.scores.shape[1] - 1, self.scores.shape[0] - 1))
        return int(row), int(column)

    def point(self, row: int, column: int, part: int) -> Floats:
        """Return where a part is that was seen from a cell."""
        point: Floats = self.offsets[row, column, part] + (column * STRIDE, row * STRIDE)
        return point


class Found(NamedTuple):
    """One body: where its parts are, and how sure the model is of each and of the whole."""

    points: Floats  # [17, 2]
    scores: Floats  # [17]
    score: float


def prepare(picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Prepared:
    """Scale a picture to float32 [1, n, n, 3], -1..1, its proportions kept; ``quirks`` squeezes it into the square."""
    size = picture.shape[1], picture.shape[0]
    if quirks:
        squeezed, affine = resize(picture.astype(np.float32), form.height, form.width)
        return Prepared(normalize(squeezed, 1 / 127.5, -1.0), [affine], size)
    framed, affine = fit(picture, form.height, form.width)
    return Prepared(normalize(framed, 1 / 127.5, -1.0), [affine], size)


def decode(
    outputs: Sequence[NDArray[np.float32]], prepared: Prepared, limit: int, settings: BodyConfig, *, quirks: bool
) -> tuple[Body, ...]:
    """Read the OUTPUTS, each [1, h, w, n]."""
    heatmap, *vectors = (output[0] for output in outputs)
    maps = Maps(sigmoid(heatmap), *(_as_points(vector) for vector in vectors))
    found = bodies(maps, settings.min_confidence, quirks=quirks)
    if quirks:
        first = (body for body, _ in zip(found, range(limit), strict=False))
        return tuple(_human_body(i, body, prepared, settings) for i, body in enumerate(first))
    affine, least = prepared.affines[0], settings.min_confidence
    poses = (Pose(body.score, body.scores, map_points(affine, body.points)) for body in found)
    return best((COCO.body(pose, prepared.size, least) for pose in poses), limit)


def bodies(maps: Maps, least: float, *, quirks: bool = False) -> Iterator[Found]:
    """Grow a body from each part that no earlier body has, the most certain part first.

    A body's score is the mean of those of all its parts, where what an earlier body has too counts for nothing.
    ``quirks`` takes the mean of the parts over ``least`` alone, so that one part makes a body; and it numbers them anew
    without the others, as Human does, and so compares noses with elbows.
    """
    earlier = np.empty((0, PARTS, 2))
    for row, column, part in _peaks(maps.scores, least):
        root = maps.point(row, column, part)
        if _near(earlier[:, part], root).any():
            continue
        points, scores = _grown(maps, row, column, part)
        seen, counted, count = points, scores, PARTS
        if quirks:
            sure = scores > least
            count = max(1, sure.sum())
            seen, counted = np.full((PARTS, 2), np.nan), np.zeros(PARTS)
            seen[: sure.sum()], counted[: sure.sum()] = points[sure], scores[sure]
        own = ~_near(earlier, seen).any(axis=0)
        score = float(counted[own].sum()) / count
        if score > least:
            earlier = np.concatenate([earlier, seen[np.newaxis]])
            yield Found(points, scores, score)


def _peaks(scores: NDArray[np.float32], least: float) -> Iterator[tuple[int, int, int]]:
    """Find the cells, row, column and part, that none of their neighbours surpasses; the best first."""
    padded = np.pad(scores, ((1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1)).max(axis=(-2, -1))
    cells = np.argwhere((scores >= around) & (scores >= least))
    order = np.argsort(-scores[tuple(cells.T)], kind="stable")
    yield from (tuple(cell) for cell in cells[order].tolist())


def _grown(maps: Maps, row: int, column: int, root: int) -> tuple[Floats, Floats]:
    """Follow the bones from one part to all others, [17, 2] and [17]: first towards the nose, then from it."""
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


def _near(points: Floats, others: Floats) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = ((points - others) ** 2).sum(axis=-1) <= RADIUS**2
    return near


def _as_points(vectors: NDArray[np.float32]) -> Floats:
    """Turn n y and n x, [h, w, 2 n], to [h, w, n, 2]."""
    height, width, length = vectors.shape
    return vectors.reshape(height, width, 2, length // 2)[:, :, ::-1].swapaxes(2, 3).astype(np.float64)


def _human_body(number: int, found: Found, prepared: Prepared, settings: BodyConfig) -> Body:
    """Make Human's record: in whole pixels, and without lines."""
    height, width = prepared.pixels.shape[1:3]
    # Over the input's size is over the picture's: the one was squeezed to the other.
    inner, scale = (width, height), np.array(prepared.size) / (width, height)
    parts = COCO.keypoints(Pose(found.score, found.scores, found.points), inner, settings.min_confidence)
    box = box_around([part.position for part in parts])
    x, y, box_width, box_height = np.trunc(np.multiply(box, (*scale, *scale))).tolist()
    return Body(
        id=number,
        score=rounded(found.score, 2),
        box=(x, y, box_width, box_height),
        box_raw=box_over(box, inner),
        keypoints=tuple(replace(part, position=tuple(np.trunc(part.position * scale).tolist())) for part in parts),
        annotations={},
    )
