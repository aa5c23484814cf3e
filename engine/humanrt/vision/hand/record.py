"""From a detection and a skeleton to the ``Hand`` of the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import HandConfig
from humanrt.result import Box, Hand
from humanrt.vision.hand.fingers import CurlOf, LongestOf, curl_at, fingers_of, longest_line
from humanrt.vision.hand.skeleton import Point
from humanrt.vision.precision import EXACT, Precision

Groups = Mapping[str, tuple[int, ...]]

HAND_GROUPS: Groups = {
    "thumb": (1, 2, 3, 4),
    "index": (5, 6, 7, 8),
    "middle": (9, 10, 11, 12),
    "ring": (13, 14, 15, 16),
    "pinky": (17, 18, 19, 20),
    "base": (0,),
    "palm": (0, 17, 13, 9, 5, 1, 0),
}


NO_KEYPOINTS = np.empty((0, 3))


class Scores(NamedTuple):
    """The scores of the hand, of its box, and of its points, 0..1."""

    hand: float
    box: float
    fingers: float


@dataclass(frozen=True)
class HandRecorder:
    """Records the hands of one image of ``width`` x ``height`` pixels."""

    width: int
    height: int
    settings: HandConfig
    precision: Precision = EXACT
    curl: CurlOf = curl_at
    longest: LongestOf = longest_line

    def with_points(
        self, label: str, scores: Scores, keypoints: NDArray[np.float64], groups: Groups = HAND_GROUPS
    ) -> Hand:
        """Record a hand with its points, [21, 3] in pixels; its box is their bounding box."""
        start, end = keypoints[:, :2].min(axis=0), keypoints[:, :2].max(axis=0)
        return self.hand(label, scores, box_of(start, end), self.relative(start, end), keypoints, groups)

    def without_points(self, label: str, scores: Scores, start: Point, end: Point) -> Hand | None:
        """Record a hand by the corners of its box in pixels, clipped to the image; return None if it is outside."""
        low, high = np.maximum(start, 0), np.minimum(end, (self.width, self.height))
        if not (low < high).all():
            return None
        return self.hand(label, scores, box_of(low, high), self.relative(low, high), NO_KEYPOINTS, {})

    def hand(
        self, label: str, scores: Scores, box: Box, box_raw: Box, keypoints: NDArray[np.float64], groups: Groups
    ) -> Hand:
        """Return the record."""
        points = keypoints.astype(np.float32)
        points.flags.writeable = False
        score, box_score, finger_score = (self.precision.rounded(value, 2) for value in scores)
        return Hand(
            id=0,
            score=score,
            box_score=box_score,
            finger_score=finger_score,
            box=box,
            box_raw=box_raw,
            label=label,
            keypoints=points,
            annotations={name: points[list(indices)] for name, indices in groups.items()},
            landmarks=fingers_of(keypoints, self.curl, self.longest),
        )

    def relative(self, start: Point, end: Point) -> Box:
        """Return two corners in pixels as a box over the image's size."""
        image = np.array([self.width, self.height], np.float64)
        return box_of(start / image, end / image)


def box_of(start: Point, end: Point) -> Box:
    """Return two corners as x, y, width and height."""
    x, y, width, height = np.concatenate([start, end - start]).tolist()
    return x, y, width, height
