"""Hands as Human detects and records them.

Source: Human's src/hand/handtrack.ts, handposedetector.ts, handposepipeline.ts and fingerpose.ts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import exp, inf, trunc
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.compat.precision import HUMAN
from humanrt.config import HandConfig
from humanrt.imaging import Affine, crop, resize, rotate
from humanrt.result import Curl, Hand
from humanrt.vision.hand.detector import DetectedHand, HandTask, Prepared
from humanrt.vision.hand.fingers import Line, Point, angle_at, curl_of, longest_line
from humanrt.vision.hand.handdetect import HandDetect, record_palm
from humanrt.vision.hand.handtrack import HandTrack
from humanrt.vision.hand.pipeline import HandFamilies
from humanrt.vision.hand.record import NO_KEYPOINTS, Groups, HandRecorder, Scores, box_of
from humanrt.vision.hand.skeleton import CroppedHands, Region, Skeleton, SkeletonFamily
from humanrt.vision.hand.skeleton import Point as Corner
from humanrt.vision.stage import InputForm

# The sides of handtrack's input are multiples of the first; its height is at most the second.
STEP, HEIGHT = 8, 512
INFINITE = (inf, inf, -inf, -inf)
# handdetect has no other annotations.
GROUPS: Groups = {
    "thumb": (1, 2, 3, 4),
    "index": (5, 6, 7, 8),
    "middle": (9, 10, 11, 12),
    "ring": (13, 14, 15, 16),
    "pinky": (17, 18, 19, 20),
    "palm": (0,),
}


@dataclass(frozen=True)
class HumanHandTrack(HandTrack):
    """Resizes twice, here and in the graph; limits and confidences of 0 are 1.

    The labels are those of a list that still has the face in it: tips are faces, and pinching tips are tips.
    """

    labels: tuple[str, ...] = ("hand", "fist", "pinch", "point", "face", "tip")

    def prepare(self, source: NDArray[Any], form: InputForm, task: HandTask) -> Prepared:
        """Return the image as uint8 [1, h, w, 3]."""
        del form, task
        height, width, _ = source.shape
        input_height = min(_in_steps(height), HEIGHT)
        resized, affine = resize(source.astype(np.float32), input_height, _in_steps(input_height * (width / height)))
        return Prepared(resized[np.newaxis].astype(np.uint8), affine)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: HandTask) -> list[DetectedHand]:
        """Return the hands."""
        least = HUMAN.threshold(task.settings.min_confidence, 1.0)
        return self.choose(outputs, prepared, task, task.limit or 1, least)

    def record(self, hand: DetectedHand, skeleton: Skeleton | None, recorder: HandRecorder) -> Hand | None:
        """Record a hand, with an infinite box around no points.

        The sigmoid is taken of what is a probability already, so that nearly every hand is confirmed. Depths stay in
        pixels of the model's input. Without landmarks Human records hands only if an earlier call has loaded the
        skeleton's model; here always.
        """
        finger_score = (100 - trunc(100 / (1 + exp(skeleton.flag)))) / 100 if skeleton else 0.0
        if skeleton and finger_score >= recorder.settings.min_confidence:
            keypoints = np.column_stack([skeleton.keypoints[:, :2], skeleton.depths])
            return recorder.with_points(hand.label, Scores(hand.score, hand.score, finger_score), keypoints)
        unsure = recorder.without_points(hand.label, Scores(hand.score, hand.score, 0.0), hand.start, hand.end)
        return unsure and replace(unsure, box=INFINITE, box_raw=INFINITE)


def _in_steps(length: float) -> int:
    return max(1, int(HUMAN.rounded(length / STEP, 0))) * STEP


@dataclass(frozen=True)
class HumanHandDetect(HandDetect):
    """Resizes in float32; the crop of a hand is larger and not shifted."""

    shift: float = 0.0
    margin: float = 5.0
    shrink: Callable[[NDArray[Any], int, int], tuple[NDArray[Any], Affine]] = resize

    def prepare(self, source: NDArray[Any], form: InputForm, task: HandTask) -> Prepared:
        """Return the image as float32 [1, n, n, 3], -1..1."""
        return super().prepare(source.astype(np.float32), form, task)

    def record(self, hand: DetectedHand, skeleton: Skeleton | None, recorder: HandRecorder) -> Hand | None:
        """Record a hand in whole pixels if a quarter of ``min_confidence`` is reached."""
        if skeleton is None:
            palm = record_palm(hand, recorder)
            # The points that are not there are annotated.
            return palm and replace(palm, annotations=dict.fromkeys(GROUPS, palm.keypoints))
        if skeleton.flag < recorder.settings.min_confidence / 4:
            return None
        scores = Scores(skeleton.flag, hand.score, skeleton.flag)
        return recorder.with_points(hand.label, scores, np.trunc(skeleton.keypoints), GROUPS)


@dataclass(frozen=True)
class HumanSkeleton(SkeletonFamily):
    """Cuts hands out in float32, from the whole image rotated to the nearest pixel."""

    def prepare(self, source: NDArray[Any], form: InputForm, task: Sequence[Region]) -> CroppedHands:
        """Cut the regions out of the image."""
        return super().prepare(source.astype(np.float32), form, task)

    def cut(self, picture: NDArray[Any], region: Region, form: InputForm) -> NDArray[Any]:
        """Cut one region out of the image, upright, resized to the model's input."""
        if not region.angle:
            return super().cut(picture, region, form)
        corners, pivot = (*region.start, *region.end), (*region.pivot,)
        upright, _ = crop(rotate(picture, region.angle, pivot), corners, form.height, form.width)
        return upright


@dataclass(frozen=True)
class HumanHandRecorder(HandRecorder):
    """Does not clip the relative box, and records hands outside of the image with a box of negative size."""

    def without_points(self, label: str, scores: Scores, start: Corner, end: Corner) -> Hand | None:
        """Record a hand by the corners of its box, in whole pixels."""
        low, high = np.maximum(start, 0), np.minimum(end, (self.width, self.height))
        x, y, width, height = np.trunc(box_of(low, high)).tolist()
        return self.hand(label, scores, (x, y, width, height), self.relative(start, end), NO_KEYPOINTS, {})


def curl_at(start: Point, joint: Point, tip: Point) -> Curl:
    """Return the curl of a finger; half a turn has a little more than 180 degrees, so that a straight one is "full"."""
    radians = angle_at(start, joint, tip)
    return "full" if radians is None else curl_of(57.2958 * radians % 180)


def longest_of(lines: Sequence[Line]) -> Line:
    """Return the longest line; not the one from start to joint, for which Human takes the one from start to tip."""
    longest = longest_line(lines)
    return lines[0] if longest == lines[1] else longest


def _recorder(width: int, height: int, settings: HandConfig) -> HandRecorder:
    return HumanHandRecorder(width, height, settings, HUMAN, curl_at, longest_of)


@dataclass(frozen=True)
class HumanHandFamilies(HandFamilies):
    """Keeps one hand where none is wanted, in the detector's order, and a hand with two palms twice."""

    def runs_for(self, limit: int) -> bool:
        """Return True."""
        del limit
        return True

    def choose(self, hands: Sequence[Hand], limit: int, settings: HandConfig) -> list[Hand]:
        """Return the first hands."""
        del settings
        return list(hands[: limit or 1])


HAND = HumanHandFamilies(detectors=(HumanHandTrack(), HumanHandDetect()), skeleton=HumanSkeleton(), recorder=_recorder)
