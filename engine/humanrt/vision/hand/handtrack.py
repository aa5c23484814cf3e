"""HandTrack: finds hands, and tells what they do.

Source: Victor Dibia, "HandTrack: A Library For Prototyping Real-time Hand Tracking Interfaces using Convolutional
Neural Networks" (2017); the input and the decoding are those of Human's src/hand/handtrack.ts.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import exp, inf, trunc

import numpy as np
from numpy.typing import NDArray

from humanrt.config import HandConfig
from humanrt.imaging import map_points, resize
from humanrt.result import Hand
from humanrt.tensors import non_max_suppression
from humanrt.vision.hand.detector import DetectedHand, Floats, Prepared
from humanrt.vision.hand.record import HandRecorder, Scores
from humanrt.vision.hand.skeleton import Region, Seen
from humanrt.vision.model import InputForm
from humanrt.vision.rounding import rounded

# The whole graph has an NMS of its own behind these, which is not run.
OUTPUTS = ("raw_boxes", "raw_scores")
# The columns of the scores that are hands, without background and face, and what they are. Human takes the names from
# a list that has the face in it still: its tips are faces, and its pinching tips are tips.
COLUMNS = (1, 2, 3, 4, 6, 7)
LABELS = ("hand", "fist", "pinch", "point", "tip", "pinchtip")
HUMAN_LABELS = ("hand", "fist", "pinch", "point", "face", "tip")
# The graph resizes to this itself.
INPUT_SIZE = 320
# The sides that Human's input has are multiples of the first, its height is at most the second.
HUMAN_STEP, HUMAN_HEIGHT = 8, 512
# How many times as large as its box a hand's crop is.
MARGIN = 1.4
INFINITE = (inf, inf, -inf, -inf)


def prepare(picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Prepared:
    """Scale a picture to uint8 [1, h, w, 3]; ``quirks`` does so twice, as Human does: the graph scales again."""
    if not quirks:
        pixels, affine = resize(picture, INPUT_SIZE, INPUT_SIZE)
        return Prepared(pixels[np.newaxis], affine)
    height, width, _ = picture.shape
    input_height = min(_in_steps(height), HUMAN_HEIGHT)
    resized, affine = resize(picture.astype(np.float32), input_height, _in_steps(input_height * (width / height)))
    return Prepared(resized[np.newaxis].astype(np.uint8), affine)


def decode(
    outputs: Sequence[Floats], prepared: Prepared, settings: HandConfig, limit: int, *, quirks: bool
) -> list[DetectedHand]:
    """Read the outputs; with ``quirks`` a limit of 0 hands is one of 1, and a confidence of 0 is one of 1."""
    (boxes,), (all_scores,) = outputs
    scores = all_scores[:, COLUMNS]
    best = scores.max(axis=1)
    most, least = (limit or 1, settings.min_confidence or 1.0) if quirks else (limit, settings.min_confidence)
    chosen = non_max_suppression(boxes, best, most, settings.iou_threshold, least)
    labels = HUMAN_LABELS if quirks else LABELS
    height, width = prepared.pixels.shape[1:3]
    hands = []
    for i in chosen:
        corners = boxes[i].reshape(2, 2)[:, ::-1].astype(np.float64) * (width, height)  # [[x, y], [x, y]]
        start, end = map_points(prepared.affine, corners)
        center, half = (start + end) / 2, (end - start) / 2 * MARGIN
        region = Region(center - half, center + half, 0.0, center)
        hands.append(DetectedHand(labels[scores[i].argmax()], float(best[i]), start, end, region))
    return hands


def record(hand: DetectedHand, seen: Seen | None, recorder: HandRecorder) -> Hand | None:
    """Record a hand; without points where the skeleton is not sure of them, or was not asked."""
    if recorder.quirks:
        return _human_record(hand, seen, recorder)
    scores = Scores(hand.score, hand.score, seen.flag if seen else 0.0)
    if seen and seen.flag >= recorder.settings.min_confidence:
        return recorder.with_points(hand.label, scores, seen.keypoints)
    return recorder.without_points(hand.label, scores, hand.start, hand.end)


def _human_record(hand: DetectedHand, seen: Seen | None, recorder: HandRecorder) -> Hand | None:
    """Record a hand as Human does, which finds none without a skeleton, and an infinite box around no points.

    It takes the sigmoid of what is a probability already, and is nearly always sure; and its depths stay in pixels of
    the model's input.
    """
    if seen is None:
        return None
    finger_score = (100 - trunc(100 / (1 + exp(seen.flag)))) / 100
    if finger_score >= recorder.settings.min_confidence:
        keypoints = np.column_stack([seen.keypoints[:, :2], seen.depths])
        return recorder.with_points(hand.label, Scores(hand.score, hand.score, finger_score), keypoints)
    unsure = recorder.without_points(hand.label, Scores(hand.score, hand.score, 0.0), hand.start, hand.end)
    return unsure and replace(unsure, box=INFINITE, box_raw=INFINITE)


def _in_steps(length: float) -> int:
    return max(1, int(rounded(length / HUMAN_STEP, 0))) * HUMAN_STEP
