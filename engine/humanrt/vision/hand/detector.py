"""What all hand detectors have in common."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from humanrt.config import HandConfig
from humanrt.imaging import Affine
from humanrt.result import Hand
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.hand.skeleton import Point, Region, Skeleton
from humanrt.vision.stage import Family


class Prepared(NamedTuple):
    """A detector's input, and the affine from its pixels to the image's."""

    pixels: NDArray[Any]  # [1, h, w, 3], float32 or uint8
    affine: Affine


@dataclass(frozen=True, eq=False)
class DetectedHand:
    """A detection: a box in pixels of the image, which may extend outside, and the region for the skeleton model."""

    label: str
    score: float
    start: Point  # top left
    end: Point  # bottom right
    region: Region


class HandTask(NamedTuple):
    """At most ``limit`` hands are wanted."""

    settings: HandConfig
    limit: int


@dataclass(frozen=True)
class HandDetector(Family[HandTask, Prepared, list[DetectedHand]]):
    """A family of models that detect hands.

    ``decode`` returns the best detections, best first, as many as must be examined to find ``limit`` hands.
    """

    def record(self, hand: DetectedHand, skeleton: Skeleton | None, recorder: HandRecorder) -> Hand | None:
        """Record a hand; ``skeleton`` is None where no skeleton model was run. Return None if it is not a hand."""
        raise NotImplementedError
