"""Palms: their boxes, and seven landmarks that give the rotation of the hand.

Source: Zhang and others, "MediaPipe Hands: On-device Real-time Hand Tracking" (2020); the decoding is that of Human's
src/hand/handposedetector.ts and handposepipeline.ts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import atan2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import HandConfig
from humanrt.imaging import Affine, map_points, normalize, scaled
from humanrt.result import Hand
from humanrt.streams.caching import Cached
from humanrt.streams.session import SessionFrame
from humanrt.tensors import non_max_suppression
from humanrt.vision.decoding import anchor_centers, sigmoid
from humanrt.vision.hand.detector import DetectedHand, FollowedHands, HandDetector, HandTask, Plan, Prepared
from humanrt.vision.hand.record import HandRecorder, Scores
from humanrt.vision.hand.skeleton import Point, Region, Skeleton, region_around, square, turned
from humanrt.vision.hand.wrists import part_at, side_by_side
from humanrt.vision.stage import InputForm

LABEL = "hand"
# A row, in pixels of the input; centre and landmarks are relative to the anchor.
SCORE, CENTER, SIZE, LANDMARKS = 0, slice(1, 3), slice(3, 5), slice(5, 19)
# The distance between the cells of each grid, in pixels of the input, and the number of anchors in a cell.
GRIDS = ((8, 2), (16, 2), (32, 6))
# The model has false positives: so many palms are examined for each hand that is wanted.
CANDIDATES = 3
# Landmarks on the axis of a hand: the wrist, and the root of the middle finger.
WRIST, MIDDLE = 0, 2
# How many times as large as the square around its palm a hand's box is; and its next crop, as that around its points.
BOX_MARGIN = 1.65


@cache
def anchors(input_size: int) -> NDArray[np.float32]:
    """Return the centres of the anchors, float32 [n, 2], in pixels of an input of ``input_size``."""
    return anchor_centers(input_size, GRIDS)


@dataclass(frozen=True)
class HandDetect(HandDetector):
    """The palm detector, one output [1, n, 19].

    A hand lies above the landmarks of its palm, by ``shift`` of their height, in a square ``margin`` times as large, as
    in TensorFlow's handpose (tfjs-models). ``shrink`` resizes the image: small palms are lost in samples of it.
    """

    outputs: tuple[str, ...] = ("palms",)
    shift: float = 0.4
    margin: float = 3.0
    in_parts: bool = True
    shrink: Callable[[NDArray[Any], int, int], tuple[NDArray[Any], Affine]] = scaled

    def prepare(self, source: NDArray[Any], form: InputForm, task: HandTask) -> Prepared:
        """Return the image, or its parts side by side, as float32 [1, n, n, 3], -1..1."""
        if task.parts:
            pixels, affines = side_by_side(source, task.parts, form.height)
            return Prepared(normalize(pixels, 1 / 127.5, -1.0), affines[0], affines)
        resized, affine = self.shrink(source, form.height, form.width)
        return Prepared(normalize(resized, 1 / 127.5, -1.0), affine)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: HandTask) -> list[DetectedHand]:
        """Return the palms, each with the region of its hand."""
        ((rows,),) = outputs
        settings = task.settings
        least = settings.detector.min_confidence
        least = settings.min_confidence if least is None else least
        cells = anchors(prepared.pixels.shape[1])
        scores = sigmoid(rows[:, SCORE])
        centers, halves = rows[:, CENTER] + cells, rows[:, SIZE] / 2
        corners = np.concatenate([centers - halves, centers + halves], axis=1)
        most = CANDIDATES * task.limit
        hands = []
        for i in non_max_suppression(corners, scores, most, settings.iou_threshold, least):
            affine = prepared.affine
            if prepared.parts:
                part = part_at(centers[i] / prepared.pixels.shape[1], len(prepared.parts))
                if part is None:
                    continue
                affine = prepared.parts[part]
            start, end = map_points(affine, corners[i].reshape(2, 2))
            landmarks = map_points(affine, rows[i, LANDMARKS].reshape(7, 2) + cells[i])
            region = self._region(start, end, landmarks, upright=settings.rotation)
            hands.append(DetectedHand(LABEL, float(scores[i]), start, end, region))
        return hands

    def _region(self, start: Point, end: Point, landmarks: NDArray[np.float64], *, upright: bool) -> Region:
        """Return the region of a palm's hand; ``upright`` rotates it so that the fingers point up."""
        pivot = (start + end) / 2
        x, y = landmarks[MIDDLE] - landmarks[WRIST]
        angle = atan2(x, -y) if upright else 0.0
        around = turned(landmarks, -angle, pivot)
        low, high = around.min(axis=0), around.max(axis=0)
        up = (high - low) * (0.0, -self.shift)
        return Region(*square(low + up, high + up, self.margin), angle, pivot)

    def record(self, hand: DetectedHand, skeleton: Skeleton | None, recorder: HandRecorder) -> Hand | None:
        """Record a hand, whose score is the skeleton's flag; return None if that is below ``min_confidence``."""
        if skeleton is None:
            return record_palm(hand, recorder)
        if skeleton.flag < recorder.settings.min_confidence:
            return None
        scores = Scores(skeleton.flag, hand.score, skeleton.flag)
        return recorder.with_points(hand.label, scores, skeleton.keypoints)

    def plan(self, cached: Cached[FollowedHands], settings: HandConfig, frame: SessionFrame, limit: int) -> Plan:
        """Return Human's: hands are followed until the limits are reached since a skeleton was found last."""
        del limit
        return "follow" if cached.value.places and cached.is_fresh(settings, frame) else "detect"

    def keeps(self, found: int, followed: int, limit: int, settings: HandConfig) -> bool:
        """Return whether no palm, as many palms as before, or all that are wanted are there."""
        return not found or (settings.landmarks and (found == followed or followed == limit))

    def place(self, hand: Hand, detected: DetectedHand, recorder: HandRecorder) -> DetectedHand | None:
        """Return the square around the upright points, 1.65 times as large."""
        points = hand.keypoints[:, :2].astype(np.float64)
        return replace(detected, region=region_around(points, BOX_MARGIN, upright=recorder.settings.rotation))

    def time(self, plan: Plan, before: float, now: float, *, ran: bool) -> float:
        """Return the time of the last run of the skeleton model."""
        del plan
        return now if ran else before


HANDDETECT = HandDetect()


def record_palm(hand: DetectedHand, recorder: HandRecorder) -> Hand | None:
    """Record a hand without a skeleton: a square around its palm."""
    around = square(hand.start, hand.end, BOX_MARGIN)
    return recorder.without_points(hand.label, Scores(hand.score, hand.score, 0.0), *around)
