"""EfficientPose: 16 points of one body.

Source: Groos, Ramampiaro and Ihlen, "EfficientPose: Scalable single-person pose estimation" (2020), and its authors'
code, github.com/daniegr/EfficientPose, for the input of the Lite form.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from humanrt.config import BodyConfig
from humanrt.imaging import fit, map_points, normalize, resize
from humanrt.result import Body
from humanrt.vision.body.detector import Floats, Prepared, best
from humanrt.vision.body.skeleton import LIMBS, Pose, Size, Skeleton, box_around
from humanrt.vision.model import InputForm
from humanrt.vision.rounding import round_half_up, rounded

OUTPUTS = ("heatmap",)
SKELETON = Skeleton(
    (
        *("head", "neck", "rightShoulder", "rightElbow", "rightWrist", "chest", "leftShoulder", "leftElbow"),
        *("leftWrist", "bodyCenter", "rightHip", "rightKnee", "rightAnkle", "leftHip", "leftKnee", "leftAnkle"),
    ),
    LIMBS,
)


def prepare(picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Prepared:
    """Scale a picture to float32 [1, n, n, 3], -1..1, its proportions kept.

    ``quirks`` squeezes it into the square, and takes 0..255 for 0..1: -1..509, far beyond what the model was taught.
    """
    size = picture.shape[1], picture.shape[0]
    if quirks:
        squeezed, affine = resize(picture.astype(np.float32), form.height, form.width)
        return Prepared(normalize(squeezed, 2.0, -1.0), [affine], size)
    framed, affine = fit(picture, form.height, form.width)
    return Prepared(normalize(framed, 1 / 127.5, -1.0), [affine], size)


def decode(
    outputs: Sequence[Floats], prepared: Prepared, limit: int, settings: BodyConfig, *, quirks: bool
) -> tuple[Body, ...]:
    """Read the heat map, [1, h, w, 16]: each part is where it is hottest."""
    (heatmap,) = outputs[0]
    height, width, parts = heatmap.shape
    cells = heatmap.reshape(-1, parts)
    hottest = cells.argmax(axis=0)
    scores = cells[hottest, np.arange(parts)].astype(np.float64)
    if quirks:
        # Human divides without cutting off: the further right, the further down, by up to one row.
        rows = hottest.astype(np.float32) / np.float32(width)
        return (
            _human_body(np.column_stack([hottest % width / width, rows / height]), scores, prepared.size, settings),
        )
    points = map_points(prepared.affines[0], np.column_stack([hottest % width, hottest // width]).astype(np.float64))
    # What the model was taught is 0..1; what it says may be a little over.
    scores = np.clip(scores, 0.0, 1.0)
    pose = Pose(float(scores.max()), scores, points)
    return best([SKELETON.body(pose, prepared.size, settings.min_confidence)], limit)


def _human_body(places: NDArray[np.float64], scores: NDArray[np.float64], size: Size, settings: BodyConfig) -> Body:
    """Make Human's record: always a body, in whole pixels; only the relative positions are not rounded."""
    pose = Pose(0.0, scores, round_half_up(places * size))
    kept = scores > settings.min_confidence
    keypoints = tuple(
        replace(keypoint, score=rounded(keypoint.score, 2), position_raw=tuple(place))
        for keypoint, place in zip(
            SKELETON.keypoints(pose, size, settings.min_confidence), places[kept].tolist(), strict=True
        )
    )
    return Body(
        id=0,
        score=max((keypoint.score for keypoint in keypoints), default=0.0),
        box=box_around([keypoint.position for keypoint in keypoints]),
        box_raw=box_around([keypoint.position_raw for keypoint in keypoints]),
        keypoints=keypoints,
        annotations=SKELETON.lines(keypoints, settings.min_confidence),
    )
