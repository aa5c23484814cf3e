"""Writing down what was seen of a hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import HandConfig
from humanrt.result import Box, Hand
from humanrt.vision.hand.fingers import fingers_of
from humanrt.vision.hand.skeleton import Point
from humanrt.vision.rounding import rounded

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
    """How sure the models are: of the hand, of its box, of its points."""

    hand: float
    box: float
    fingers: float


@dataclass(frozen=True)
class HandRecorder:
    """Writes the hands of one picture of ``width`` x ``height`` pixels; ``quirks`` rounds and cuts as Human does."""

    width: int
    height: int
    settings: HandConfig
    quirks: bool

    def with_points(
        self, label: str, scores: Scores, keypoints: NDArray[np.float64], groups: Groups = HAND_GROUPS
    ) -> Hand:
        """Record a hand with its points, [21, 3] in pixels; its box is the one around them."""
        start, end = keypoints[:, :2].min(axis=0), keypoints[:, :2].max(axis=0)
        return self._hand(label, scores, _box(start, end), self._relative(start, end), keypoints, groups)

    def without_points(self, label: str, scores: Scores, start: Point, end: Point) -> Hand | None:
        """Record a hand by the corners of its box in pixels, which is cut to the picture; None where it is outside.

        Human does not cut the relative box, and turns boxes inside out that are outside.
        """
        low, high = np.maximum(start, 0), np.minimum(end, (self.width, self.height))
        if self.quirks:
            x, y, width, height = np.trunc(_box(low, high)).tolist()
            return self._hand(label, scores, (x, y, width, height), self._relative(start, end), NO_KEYPOINTS, {})
        if not (low < high).all():
            return None
        return self._hand(label, scores, _box(low, high), self._relative(low, high), NO_KEYPOINTS, {})

    def _hand(
        self, label: str, scores: Scores, box: Box, box_raw: Box, keypoints: NDArray[np.float64], groups: Groups
    ) -> Hand:
        points = keypoints.astype(np.float32)
        points.flags.writeable = False
        score, box_score, finger_score = (rounded(value, 2) if self.quirks else value for value in scores)
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
            landmarks=fingers_of(keypoints, quirks=self.quirks),
        )

    def _relative(self, start: Point, end: Point) -> Box:
        picture = np.array([self.width, self.height], np.float64)
        return _box(start / picture, end / picture)


def _box(start: Point, end: Point) -> Box:
    x, y, width, height = np.concatenate([start, end - start]).tolist()
    return x, y, width, height
