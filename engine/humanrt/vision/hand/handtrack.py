"""HandTrack: detects hands and classifies what they do.

Source: Victor Dibia, "HandTrack: A Library For Prototyping Real-time Hand Tracking Interfaces using Convolutional
Neural Networks" (2017); the decoding is that of Human's src/hand/handtrack.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import HandConfig
from humanrt.imaging import map_points, resize
from humanrt.result import Hand
from humanrt.streams.caching import Cached
from humanrt.streams.session import SessionFrame
from humanrt.tensors import non_max_suppression
from humanrt.vision.hand.detector import DetectedHand, FollowedHands, HandDetector, HandTask, Plan, Prepared
from humanrt.vision.hand.record import HandRecorder, Scores
from humanrt.vision.hand.skeleton import Region, Skeleton
from humanrt.vision.stage import InputForm, VisionModel

# The columns of the scores that are hands, without background and face.
COLUMNS = (1, 2, 3, 4, 6, 7)
# The graph resizes to this itself.
INPUT_SIZE = 320
# How many times as large as its box a hand's crop is; and as the square around its points, in the next frame.
MARGIN, NEXT_MARGIN = 1.4, 1.6
# A hand is followed if that square is larger than this part of the image's width and of its height.
LEAST_PART = 0.05
# Hands are followed for so many times the limits of the configuration where there are fewer than wanted.
LONGER = 3


@dataclass(frozen=True)
class HandTrack(HandDetector):
    """Boxes [1, n, 4], y and x of two corners over the input's size, and scores [1, n, 8].

    The graph has a non-max suppression of its own behind these outputs, which is not run. ``labels`` names the columns.
    """

    outputs: tuple[str, ...] = ("raw_boxes", "raw_scores")
    labels: tuple[str, ...] = ("hand", "fist", "pinch", "point", "tip", "pinchtip")

    def form(self, model: VisionModel) -> InputForm:
        """Return the form as it is on the model card: any size."""
        return model.form

    def prepare(self, source: NDArray[Any], form: InputForm, task: HandTask) -> Prepared:
        """Return the image as uint8 [1, 320, 320, 3]."""
        del form, task
        pixels, affine = resize(source, INPUT_SIZE, INPUT_SIZE)
        return Prepared(pixels[np.newaxis], affine)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: HandTask) -> list[DetectedHand]:
        """Return the hands, each with a region 1.4 times as large as its box."""
        settings, least = task.settings, task.settings.detector.min_confidence
        return self.choose(outputs, prepared, task, task.limit, settings.min_confidence if least is None else least)

    def choose(
        self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: HandTask, most: int, least: float
    ) -> list[DetectedHand]:
        """Return the best hands, at most ``most``, with a score over ``least``."""
        (boxes,), (all_scores,) = outputs
        scores = all_scores[:, COLUMNS]
        best = scores.max(axis=1)
        height, width = prepared.pixels.shape[1:3]
        hands = []
        for i in non_max_suppression(boxes, best, most, task.settings.iou_threshold, least):
            corners = boxes[i].reshape(2, 2)[:, ::-1].astype(np.float64) * (width, height)  # [[x, y], [x, y]]
            start, end = map_points(prepared.affine, corners)
            center, half = (start + end) / 2, (end - start) / 2 * MARGIN
            region = Region(center - half, center + half, 0.0, center)
            hands.append(DetectedHand(self.labels[scores[i].argmax()], float(best[i]), start, end, region))
        return hands

    def record(self, hand: DetectedHand, skeleton: Skeleton | None, recorder: HandRecorder) -> Hand | None:
        """Record a hand; without points if the skeleton's flag is below ``min_confidence``, or without a skeleton."""
        scores = Scores(hand.score, hand.score, skeleton.flag if skeleton else 0.0)
        if skeleton and skeleton.flag >= recorder.settings.min_confidence:
            return recorder.with_points(hand.label, scores, skeleton.keypoints)
        return recorder.without_points(hand.label, scores, hand.start, hand.end)

    def plan(self, cached: Cached[FollowedHands], settings: HandConfig, frame: SessionFrame, limit: int) -> Plan:
        """Return Human's: hands are reused, then followed, as long as all that are wanted are there."""
        if cached.is_fresh(settings, frame, ahead=1):
            return "reuse"
        hands, places = cached.value
        lasting = len(hands) == limit or cached.is_fresh(settings, frame, ahead=1, factor=LONGER)
        return "follow" if frame.skip_allowed and places and lasting else "detect"

    def keeps(self, found: int, followed: int, limit: int, settings: HandConfig) -> bool:
        """Return False."""
        del found, followed, limit, settings
        return False

    def place(self, hand: Hand, detected: DetectedHand, recorder: HandRecorder) -> DetectedHand | None:
        """Return the square around the points, 1.6 times as large; None if it is small."""
        points = hand.keypoints[:, :2].astype(np.float64)
        start, end = points.min(axis=0), points.max(axis=0)
        side = (end - start).max()
        if side <= LEAST_PART * max(recorder.width, recorder.height):
            return None
        center = (start + end) / 2
        half = side / 2 * NEXT_MARGIN
        region = Region(center - half, center + half, 0.0, center)
        return replace(detected, start=start, end=end, region=region)

    def time(self, plan: Plan, before: float, now: float, *, ran: bool) -> float:
        """Return the time of the last run of the detector."""
        del ran
        return now if plan == "detect" else before


HANDTRACK = HandTrack()
