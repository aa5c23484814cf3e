"""MoveNet as Human runs and records it: src/body/movenet.ts and movenetfix.ts.

Human takes positions to the nearest pixel of a square that is squeezed to the image's shape, and only then out of its
padding, so that they are off by up to half a pixel times the image's aspect ratio. Then it corrects the model where a
left part lies to the right, as if everybody faced the camera. But it exchanges places in the list, not names, so that
only the order changes. It drops a knee above its shoulder and an ankle above its knee, as if nobody ever bent a knee or
lay down, and a hip or elbow nearer to the other shoulder if its twin is not detected. The lines between the parts are
made before all that: where there is padding, they miss the points.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.compat.precision import HUMAN
from humanrt.config import BodyConfig
from humanrt.imaging import resize_square
from humanrt.result import Body, Keypoint
from humanrt.vision.body.detector import BodyTask, Prepared
from humanrt.vision.body.movenet import LONGER_SIDE, MoveNet
from humanrt.vision.body.skeleton import COCO, Lines, Size, box_around, box_over
from humanrt.vision.stage import InputForm

Rows = NDArray[np.float64]
# As in Human: the place of a dropped keypoint stays, empty.
Places = list[Keypoint | None]

PAIRS = tuple(zip(COCO.parts[1::2], COCO.parts[2::2], strict=True))
LOWER_AND_HIGHER = (
    ("leftKnee", "leftShoulder"),
    ("rightKnee", "rightShoulder"),
    ("leftAnkle", "leftKnee"),
    ("rightAnkle", "rightKnee"),
)
BESIDE_THE_SHOULDERS = (("leftHip", "rightHip"), ("leftElbow", "rightElbow"))


@dataclass(frozen=True)
class HumanMoveNet(MoveNet):
    """Pads the image to a square for every form of the model."""

    def prepare(self, source: NDArray[Any], form: InputForm, task: BodyTask) -> Prepared:
        """Return the image as int32 [1, n, n, 3]; fractions of gray levels are truncated."""
        del task
        square, affine = resize_square(source.astype(np.float32), form.height or LONGER_SIDE)
        return Prepared(square[np.newaxis].astype(np.int32), [affine], (source.shape[1], source.shape[0]))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: BodyTask) -> tuple[Body, ...]:
        """Return the bodies: of a model of one body always one, whatever the limit."""
        rows = self.rows(outputs)
        if self.several:
            return several(rows, prepared.size, task.limit, task.settings)
        return (single(rows[0], prepared.size, task.settings),)


def single(row: Rows, size: Size, settings: BodyConfig) -> Body:
    """Decode the row, [51], of a model of one body."""
    keypoints = _keypoints(row, size, settings)
    score = max((keypoint.score for keypoint in keypoints), default=0.0)
    return _body(0, score, keypoints, size, settings)


def several(rows: Rows, size: Size, limit: int, settings: BodyConfig) -> tuple[Body, ...]:
    """Decode the rows, [6, 56], of the model of several bodies: the id of each body is the index of its row."""
    scores = [HUMAN.rounded(score, 2) for score in rows[:, -1].tolist()]
    bodies = [
        _body(i, score, _keypoints(row, size, settings), size, settings)
        for i, (row, score) in enumerate(zip(rows, scores, strict=True))
        if score > settings.min_confidence
    ]
    return tuple(sorted(bodies, key=lambda body: -body.score)[:limit])


def _keypoints(row: Rows, size: Size, settings: BodyConfig) -> list[Keypoint]:
    """Return the points over ``min_confidence`` in the square, squeezed to the image's shape, in whole pixels."""
    width, height = size
    return [
        Keypoint(part, HUMAN.rounded(score, 2), (floor(width * x + 0.5), floor(height * y + 0.5)), (x, y))
        for part, (y, x, score) in zip(COCO.parts, row[: 3 * len(COCO.parts)].reshape(-1, 3).tolist(), strict=True)
        if score > settings.min_confidence
    ]


def _body(number: int, score: float, keypoints: list[Keypoint], size: Size, settings: BodyConfig) -> Body:
    lines: Lines = COCO.lines(keypoints, settings.min_confidence)
    kept = tuple(_without_padding(keypoint, size) for keypoint in arranged(keypoints))
    box = box_around([keypoint.position for keypoint in kept])
    return Body(number, score, box, box_over(box, size), kept, lines)


def arranged(keypoints: list[Keypoint]) -> list[Keypoint]:
    """Reorder keypoints and drop some, as Human's ``bodyParts`` does."""
    # In JavaScript an array can have a property -1, to which Human assigns what it exchanges with an absent part. Here
    # that is the last place, which is not part of the result either.
    places: Places = [*keypoints, None]
    for left, right in PAIRS:
        i, j = _place(places, left), _place(places, right)
        one, other = places[i], places[j]
        if one and other and one.position[0] < other.position[0]:
            places[i], places[j] = other, one
    for lower, higher in LOWER_AND_HIGHER:
        i = _place(places, lower)
        one, other = places[i], places[_place(places, higher)]
        if one and other and one.position[1] < other.position[1]:
            del places[i]
    for left, right in BESIDE_THE_SHOULDERS:
        _exchange_beside_the_shoulders(places, left, right)
    return [keypoint for keypoint in places[:-1] if keypoint is not None]


def _exchange_beside_the_shoulders(places: Places, left: str, right: str) -> None:
    left_shoulder, right_shoulder = (places[_place(places, part)] for part in ("leftShoulder", "rightShoulder"))
    if left_shoulder is None or right_shoulder is None:
        return
    i, j = _place(places, left), _place(places, right)
    if _nearer(places[i], right_shoulder, left_shoulder) or _nearer(places[j], left_shoulder, right_shoulder):
        places[i], places[j] = places[j], places[i]


def _nearer(keypoint: Keypoint | None, one: Keypoint, other: Keypoint) -> bool:
    """Return whether a keypoint is horizontally nearer to ``one`` than to ``other``."""
    if keypoint is None:
        return False
    x = keypoint.position[0]
    return abs(one.position[0] - x) < abs(other.position[0] - x)


def _place(places: Places, part: str) -> int:
    return next((i for i, keypoint in enumerate(places[:-1]) if keypoint is not None and keypoint.part == part), -1)


def _without_padding(keypoint: Keypoint, size: Size) -> Keypoint:
    side = max(size)
    x, y = (
        at * (length + 2 * padding) / length - padding
        for at, length, padding in zip(keypoint.position, size, ((side - length) // 2 for length in size), strict=True)
    )
    return replace(keypoint, position=(x, y), position_raw=(x / size[0], y / size[1]))
