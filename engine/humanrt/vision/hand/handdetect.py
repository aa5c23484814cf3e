"""Palms: their boxes, and seven landmarks that tell how the hand is turned.

Source: Zhang and others, "MediaPipe Hands: On-device Real-time Hand Tracking" (2020); the decoding and the crop of the
hand are those of Human's src/hand/handposedetector.ts and handposepipeline.ts.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from math import atan2

import numpy as np
from numpy.typing import NDArray

from humanrt.config import HandConfig
from humanrt.imaging import map_points, normalize, resize
from humanrt.result import Hand
from humanrt.tensors import non_max_suppression
from humanrt.vision.activation import sigmoid
from humanrt.vision.anchors import anchor_centers
from humanrt.vision.hand.detector import DetectedHand, Floats, Prepared
from humanrt.vision.hand.record import HandRecorder, Scores
from humanrt.vision.hand.skeleton import Point, Region, Seen, turned
from humanrt.vision.model import InputForm

OUTPUTS = ("palms",)
LABEL = "hand"
# A row, in pixels of the input; centre and landmarks are relative to the anchor.
SCORE, CENTER, SIZE, LANDMARKS = 0, slice(1, 3), slice(3, 5), slice(5, 19)
# How far the cells of each grid are apart, in pixels of the input, and how many anchors share one.
GRIDS = ((8, 2), (16, 2), (32, 6))
# The model sees palms where there are none: so many are looked at for each hand that is wanted.
CANDIDATES = 3
# Landmarks on the axis of a hand: the wrist, and the root of the middle finger.
WRIST, MIDDLE = 0, 2
# A hand lies above the landmarks of its palm, by this part of their height, in a square so many times as large, as in
# TensorFlow's handpose (tfjs-models). Human does not move the square, which it makes larger for that.
SHIFT, CROP_MARGIN = 0.4, 3.0
HUMAN_SHIFT, HUMAN_CROP_MARGIN = 0.0, 5.0
# How many times as large as the square around its palm a hand's box is.
BOX_MARGIN = 1.65
# Human gives no other annotations with this detector.
HUMAN_GROUPS = {
    "thumb": (1, 2, 3, 4),
    "index": (5, 6, 7, 8),
    "middle": (9, 10, 11, 12),
    "ring": (13, 14, 15, 16),
    "pinky": (17, 18, 19, 20),
    "palm": (0,),
}


@cache
def anchors(input_size: int) -> NDArray[np.float32]:
    """Make the centres of the anchors, float32 [n, 2], in pixels of an input of ``input_size``."""
    return anchor_centers(input_size, GRIDS)


def prepare(picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Prepared:
    """Scale a picture to float32 [1, n, n, 3], -1..1; ``quirks`` computes in float32, to come out as Human."""
    if quirks:
        resized, affine = resize(picture.astype(np.float32), form.height, form.width)
        return Prepared(normalize(resized, 1 / 127.5, -1.0), affine)
    pixels, affine = resize(picture, form.height, form.width)
    return Prepared(normalize(pixels, 1 / 127.5, -1.0), affine)


def decode(
    outputs: Sequence[Floats], prepared: Prepared, settings: HandConfig, limit: int, *, quirks: bool
) -> list[DetectedHand]:
    """Read the outputs: the palms, each with the region that holds its hand."""
    ((rows,),) = outputs
    cells = anchors(prepared.pixels.shape[1])
    scores = sigmoid(rows[:, SCORE])
    centers, halves = rows[:, CENTER] + cells, rows[:, SIZE] / 2
    corners = np.concatenate([centers - halves, centers + halves], axis=1)
    most = CANDIDATES * limit
    hands = []
    for i in non_max_suppression(corners, scores, most, settings.iou_threshold, settings.min_confidence):
        start, end = map_points(prepared.affine, corners[i].reshape(2, 2))
        landmarks = map_points(prepared.affine, rows[i, LANDMARKS].reshape(7, 2) + cells[i])
        region = _region(start, end, landmarks, upright=settings.rotation, quirks=quirks)
        hands.append(DetectedHand(LABEL, float(scores[i]), start, end, region))
    return hands


def _region(start: Point, end: Point, landmarks: NDArray[np.float64], *, upright: bool, quirks: bool) -> Region:
    """Tell where the hand of a palm is; ``upright`` turns the picture so that its fingers are up."""
    pivot = (start + end) / 2
    x, y = landmarks[MIDDLE] - landmarks[WRIST]
    angle = atan2(x, -y) if upright else 0.0
    around = turned(landmarks, -angle, pivot)
    low, high = around.min(axis=0), around.max(axis=0)
    shift, margin = (HUMAN_SHIFT, HUMAN_CROP_MARGIN) if quirks else (SHIFT, CROP_MARGIN)
    up = (high - low) * (0.0, -shift)
    return Region(*_square(low + up, high + up, margin), angle, pivot)


def record(hand: DetectedHand, seen: Seen | None, recorder: HandRecorder) -> Hand | None:
    """Record a hand, whose score is the skeleton's; None if that is not sure of it.

    ``quirks``: Human is content with a quarter of the confidence asked for, and whole pixels.
    """
    if seen is None:
        square = _square(hand.start, hand.end, BOX_MARGIN)
        without = recorder.without_points(hand.label, Scores(hand.score, hand.score, 0.0), *square)
        if without is None or not recorder.quirks:
            return without
        # Human annotates the points that are not there.
        return replace(without, annotations=dict.fromkeys(HUMAN_GROUPS, without.keypoints))
    least = recorder.settings.min_confidence
    if seen.flag < (least / 4 if recorder.quirks else least):
        return None
    scores = Scores(seen.flag, hand.score, seen.flag)
    if recorder.quirks:
        return recorder.with_points(hand.label, scores, np.trunc(seen.keypoints), HUMAN_GROUPS)
    return recorder.with_points(hand.label, scores, seen.keypoints)


def _square(start: Point, end: Point, margin: float) -> tuple[Point, Point]:
    center, half = (start + end) / 2, (end - start).max() / 2 * margin
    return center - half, center + half
