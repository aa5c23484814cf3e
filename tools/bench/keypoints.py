"""Scores of keypoints: bodies and hands by object keypoint similarity (OKS), faces by the error of their landmarks.

OKS is COCO's: the mean over the annotated points of exp(-d^2 / (2 area k^2)), where k is twice the deviation with which
people place a point. The deviations of bodies are COCO's, those of hands COCO-WholeBody's (Jin and others, 2020).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.scoring import Score, average_precision
from bench.truth import TruePose
from humanrt import Body, Hand
from humanrt.vision.body.skeleton import COCO_PARTS, DEVIATIONS
from humanrt.vision.face.alignment import EYES_IN_MESH, OTHERS_IN_MESH

Points: TypeAlias = NDArray[np.float64]

LEAST_SIMILARITY = 0.5
BODY = DEVIATIONS
HAND = np.array(
    [
        *(0.029, 0.022, 0.035, 0.037, 0.047, 0.026, 0.025, 0.024, 0.035, 0.018, 0.024),
        *(0.022, 0.026, 0.017, 0.021, 0.021, 0.032, 0.02, 0.019, 0.022, 0.031),
    ]
)
# The 68 points of iBUG in the mesh, as they are commonly taken; the first 17 are the outline, on which annotators and
# the mesh do not agree.
IBUG = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(71, 63, 105, 66, 107, 336, 296, 334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87),
)
OUTLINE = 17
OUTER_CORNERS = 36, 45
FIVE = 5
POINTS_OF_MESH = 468


class DetectedPose(NamedTuple):
    """A detection: its score, and its points, [n, 2] in pixels, NaN where one was not detected."""

    score: float
    points: Points


def oks(truth: TruePose, points: Points, deviations: NDArray[np.float64]) -> float:
    """Return the similarity of points, [n, 2], with those of a pose; points that were not detected count 0."""
    known = ~np.isnan(truth.points[:, 0])
    squared = ((points - truth.points)[known] ** 2).sum(axis=1)
    similar = np.exp(-squared / (2 * max(truth.area, 1e-9) * (2 * deviations[known]) ** 2))
    return float(np.nan_to_num(similar).mean())


def similarity(truth: TruePose, points: Points, deviations: NDArray[np.float64]) -> float:
    """Return the OKS with a pose, or, if it has no points, the overlap of its box with that of the points.

    If it is ignored as well, the overlap is the part of the points' box that is in it, as with crowds of COCO.
    """
    if len(truth.points):
        return oks(truth, points, deviations)
    known = points[~np.isnan(points[:, 0])]
    if not len(known):
        return 0.0
    low, high = known.min(axis=0), known.max(axis=0)
    start = np.array(truth.box[:2])
    shared = np.minimum(high, start + truth.box[2:]) - np.maximum(low, start)
    inside = float(np.prod(np.maximum(shared, 0)))
    area = float(np.prod(high - low))
    return inside / max(area if truth.ignored else area + truth.area - inside, 1e-9)


def score_poses(
    pictures: Iterable[tuple[Sequence[TruePose], Sequence[DetectedPose]]], deviations: NDArray[np.float64]
) -> Score:
    """Return the score of bodies or hands: found from a similarity of 0.5 on, the best detection first."""
    count, marks = 0, []
    for truth, detections in pictures:
        count += sum(not pose.ignored for pose in truth)
        taken: set[int] = set()
        for score, points in sorted(detections, key=lambda each: -each.score):
            free = [
                (not pose.ignored, similarity(pose, points, deviations), i)
                for i, pose in enumerate(truth)
                if i not in taken
            ]
            likely = [candidate for candidate in free if candidate[1] >= LEAST_SIMILARITY]
            if not likely:
                marks.append((score, False))
                continue
            counts, _, i = max(likely)
            taken.add(i)
            if counts:
                marks.append((score, True))
    found = sum(is_pose for _, is_pose in marks)
    return Score(count, found, len(marks) - found, average_precision(marks, count))


def points_of_body(body: Body) -> Points:
    """Return the 17 points of COCO of a body, NaN where it has none."""
    places = {keypoint.part: keypoint.position[:2] for keypoint in body.keypoints}
    return np.array([places.get(part, (np.nan, np.nan)) for part in COCO_PARTS])


def points_of_hand(hand: Hand) -> Points:
    """Return the 21 points of a hand, NaN if it has none."""
    return hand.keypoints[:, :2].astype(np.float64) if len(hand.keypoints) else np.full((len(HAND), 2), np.nan)


def landmark_error(truth: Points, mesh: Points) -> float | None:
    """Return the mean distance of a face's landmarks from those of the mesh, or of a detector with five.

    It is a part of the distance between the eyes of five landmarks, and of that between their outer corners of 68, of
    which the outline is not compared. Returns None if the detection has no such points.
    """
    if len(truth) == FIVE:
        points = _five(mesh)
        left, right = truth[:2]
    else:
        points = mesh[[*IBUG[OUTLINE:]], :2] if len(mesh) >= POINTS_OF_MESH else None
        left, right = truth[[*OUTER_CORNERS]]
        truth = truth[OUTLINE:]
    if points is None:
        return None
    distances = np.linalg.norm(points - truth, axis=1)
    return float(np.nanmean(distances) / np.linalg.norm(right - left))


def _five(mesh: Points) -> Points | None:
    if len(mesh) >= POINTS_OF_MESH:
        eyes = [mesh[[*corners], :2].mean(axis=0) for corners in EYES_IN_MESH]
        return np.stack([*eyes, *mesh[[*OTHERS_IN_MESH], :2]])
    return mesh[:, :2] if len(mesh) == FIVE else None
