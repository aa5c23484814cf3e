"""Bodies as Human detects and records them.

Source: Human's src/body/blazepose.ts, blazeposedetector.ts, efficientpose.ts and posenet.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.compat.movenet import HumanMoveNet
from humanrt.compat.precision import HUMAN
from humanrt.config import BodyConfig
from humanrt.imaging import crop, normalize, resize, resize_square
from humanrt.result import Body
from humanrt.tensors import non_max_suppression
from humanrt.vision.body import blazepose, efficientpose, movenet, people
from humanrt.vision.body.blazepose import INDEX, INPUT_SIZE, PARTS, SIDES, BlazePose, scores_of, unit
from humanrt.vision.body.detector import BodyFamily, BodyTask, Prepared, Region
from humanrt.vision.body.efficientpose import EfficientPose, maxima
from humanrt.vision.body.people import SCORE, RegionDetector, RegionTask, anchors, corners_of
from humanrt.vision.body.pipeline import BodyFamilies
from humanrt.vision.body.posenet import Found, PoseNet, Seen, bodies, maps_of
from humanrt.vision.body.skeleton import COCO, Pose, Size, box_around, box_over
from humanrt.vision.decoding import round_half_up, sigmoid
from humanrt.vision.stage import InputForm

# How many times as large Human makes the box of the head.
HEAD_MARGIN = 5


@dataclass(frozen=True)
class HumanBlazePose(BlazePose):
    """Resizes in float32, squeezes regions, and records all 39 points, also those that are not in the image."""

    def prepare(self, source: NDArray[Any], form: InputForm, task: BodyTask) -> Prepared:
        """Return the whole image padded to a square, or each region squeezed to the image's size and then padded.

        The way back from a region is forgotten, as in Human.
        """
        size = source.shape[1], source.shape[0]
        images = [source.astype(np.float32)]
        if task.regions is not None:
            images = [crop(images[0], region.box, *source.shape[:2])[0] for region in task.regions]
        squares = [resize_square(image, form.height) for image in images]
        return Prepared(np.concatenate([unit(cut) for cut, _ in squares]), [affine for _, affine in squares], size)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: BodyTask) -> tuple[Body, ...]:
        """Return the bodies with a flag over ``min_confidence``, however many."""
        rows = zip(*(output.astype(np.float64) for output in outputs), strict=True)
        return tuple(
            _blazepose_body(points.reshape(PARTS, 5), world, float(flag[0]), prepared.size)
            for points, world, flag in rows
            if flag[0] >= task.settings.min_confidence
        )


def _blazepose_body(points: NDArray[np.float64], world: NDArray[np.float64], flag: float, size: Size) -> Body:
    """Return Human's record: in whole pixels, truncated twice.

    Distances are read as if each had five values, and depth is in pixels of the input.
    """
    width, height = size
    side = max(size)
    places = points[:, :3] / (INPUT_SIZE, INPUT_SIZE, 1) * (width, height, 1)
    padding = np.array([(side - width) // 2, (side - height) // 2])
    places[:, :2] = np.trunc(np.trunc(places[:, :2]) * (size + 2 * padding) / size - padding)
    for name in SIDES:
        places[INDEX[f"{name}Palm"], 2] = (places[INDEX[f"{name}Wrist"], 2] + places[INDEX[f"{name}Index"], 2]) / 2
    scores = np.trunc(100 * scores_of(points, flag)) / 100
    # Past the end of the output Human's values are undefined or NaN.
    distances = np.full((PARTS, 5), np.nan)
    distances.flat[: len(world)] = world
    keypoints = tuple(
        replace(keypoint, distance=tuple(distance[:3]))
        for keypoint, distance in zip(
            blazepose.SKELETON.keypoints(Pose(flag, scores, places), size), distances.tolist(), strict=True
        )
    )
    box = box_around([keypoint.position for keypoint in keypoints])
    return Body(0, HUMAN.truncated(flag, 2), box, box_over(box, size), keypoints, blazepose.SKELETON.lines(keypoints))


@dataclass(frozen=True)
class HumanRegionDetector(RegionDetector):
    """Prepares 0..1 instead of -1..1, and returns the one region that Human takes, five times as large as the head."""

    def prepare(self, source: NDArray[Any], form: InputForm, task: RegionTask) -> Prepared:
        """Return the image padded to a square, float32 [1, n, n, 3], 0..1."""
        del task
        square, affine = resize_square(source.astype(np.float32), form.height)
        return Prepared(normalize(square, 1 / 255, 0.0), [affine], (source.shape[1], source.shape[0]))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: RegionTask) -> list[Region]:
        """Return the best region, if there is one."""
        (rows,) = outputs[0]
        corners = corners_of(rows, anchors(), HEAD_MARGIN)
        thresholds = task.settings.iou_threshold, task.settings.min_confidence
        chosen = non_max_suppression(corners, sigmoid(rows[:, SCORE]), 1, *thresholds)
        return [_region(corners[i].astype(np.float64), prepared.size) for i in chosen]


def _region(corners: NDArray[np.float64], size: Size) -> Region:
    """Return a box as Human takes it out of the square: as if there were no padding, and with x and y exchanged."""
    left, top, right, bottom = corners / people.INPUT_SIZE
    width, height = size
    return Region((float(top * width), float(left * height), float(bottom * width), float(right * height)), 0.0)


@dataclass(frozen=True)
class HumanEfficientPose(EfficientPose):
    """Squeezes the image into the square, and multiplies 0..255 as if it were 0..1: the input is -1..509."""

    def prepare(self, source: NDArray[Any], form: InputForm, task: BodyTask) -> Prepared:
        """Return the image as float32 [1, n, n, 3]."""
        del task
        squeezed, affine = resize(source.astype(np.float32), form.height, form.width)
        return Prepared(normalize(squeezed, 2.0, -1.0), [affine], (source.shape[1], source.shape[0]))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: BodyTask) -> tuple[Body, ...]:
        """Return one body, whatever the limit.

        Rows are not truncated: further right is further down, by up to one row.
        """
        (heatmap,) = outputs[0]
        height, width, _ = heatmap.shape
        hottest, scores = maxima(heatmap)
        rows = hottest.astype(np.float32) / np.float32(width)
        places = np.column_stack([hottest % width / width, rows / height])
        return (_efficientpose_body(places, scores, prepared.size, task.settings),)


def _efficientpose_body(
    places: NDArray[np.float64], scores: NDArray[np.float64], size: Size, settings: BodyConfig
) -> Body:
    """Return Human's record: always a body, in whole pixels; only the relative positions are not rounded."""
    pose = Pose(0.0, scores, round_half_up(places * size))
    kept = scores > settings.min_confidence
    keypoints = tuple(
        replace(keypoint, score=HUMAN.rounded(keypoint.score, 2), position_raw=tuple(place))
        for keypoint, place in zip(
            efficientpose.SKELETON.keypoints(pose, size, settings.min_confidence), places[kept].tolist(), strict=True
        )
    )
    return Body(
        id=0,
        score=max((keypoint.score for keypoint in keypoints), default=0.0),
        box=box_around([keypoint.position for keypoint in keypoints]),
        box_raw=box_around([keypoint.position_raw for keypoint in keypoints]),
        keypoints=keypoints,
        annotations=efficientpose.SKELETON.lines(keypoints, settings.min_confidence),
    )


@dataclass(frozen=True)
class HumanPoseNet(PoseNet):
    """Squeezes the image into the square; a body's score is the mean of the parts over ``min_confidence`` alone."""

    def prepare(self, source: NDArray[Any], form: InputForm, task: BodyTask) -> Prepared:
        """Return the image as float32 [1, n, n, 3], -1..1."""
        del task
        squeezed, affine = resize(source.astype(np.float32), form.height, form.width)
        return Prepared(normalize(squeezed, 1 / 127.5, -1.0), [affine], (source.shape[1], source.shape[0]))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: BodyTask) -> tuple[Body, ...]:
        """Return the first ``limit`` bodies, in the order in which they were assembled."""
        found = bodies(maps_of(outputs), task.settings.min_confidence, confident_parts)
        first = (body for body, _ in zip(found, range(task.limit), strict=False))
        return tuple(_posenet_body(i, body, prepared, task.settings) for i, body in enumerate(first))


def confident_parts(points: NDArray[np.float64], scores: NDArray[np.float64], least: float) -> Seen:
    """Return the parts over ``least`` alone, so that one part makes a body.

    They are numbered anew, without the others, so that noses are compared with elbows.
    """
    kept = scores > least
    count = int(kept.sum())
    seen, counted = np.full(points.shape, np.nan), np.zeros(scores.shape)
    seen[:count], counted[:count] = points[kept], scores[kept]
    return Seen(seen, counted, max(1, count))


def _posenet_body(number: int, found: Found, prepared: Prepared, settings: BodyConfig) -> Body:
    """Return Human's record: in whole pixels, and without lines."""
    height, width = prepared.pixels.shape[1:3]
    # Positions over the input's size are positions over the image's, which was squeezed into it.
    inner, scale = (width, height), np.array(prepared.size) / (width, height)
    parts = COCO.keypoints(Pose(found.score, found.scores, found.points), inner, settings.min_confidence)
    box = box_around([part.position for part in parts])
    x, y, box_width, box_height = np.trunc(np.multiply(box, (*scale, *scale))).tolist()
    return Body(
        id=number,
        score=HUMAN.rounded(found.score, 2),
        box=(x, y, box_width, box_height),
        box_raw=box_over(box, inner),
        keypoints=tuple(replace(part, position=tuple(np.trunc(part.position * scale).tolist())) for part in parts),
        annotations={},
    )


@dataclass(frozen=True)
class HumanBodyFamilies(BodyFamilies):
    """Models of one body ignore the limit, also one of 0, and ``body.detector`` is ignored where it has no use."""

    def runs_for(self, limit: int) -> bool:
        """Return True."""
        del limit
        return True

    def check_regions(self, family: BodyFamily, model: str) -> None:
        """Accept every model."""


BODY = HumanBodyFamilies(
    bodies=(
        HumanPoseNet(),
        HumanBlazePose(),
        HumanMoveNet(movenet.SEVERAL.outputs, several=True),
        HumanMoveNet(movenet.SINGLE.outputs),
        HumanEfficientPose(),
    ),
    regions=HumanRegionDetector(),
)
