"""What all hand detectors have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from numpy.typing import NDArray

from humanrt.config import HandConfig
from humanrt.imaging import Affine, Corners
from humanrt.result import Hand
from humanrt.streams.caching import Cached
from humanrt.streams.session import SessionFrame
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.hand.skeleton import Point, Region, Skeleton
from humanrt.vision.stage import Family


class Prepared(NamedTuple):
    """A detector's input, and the affine from its pixels to the image's; with parts, that of each of them."""

    pixels: NDArray[Any]  # [1, h, w, 3], float32 or uint8
    affine: Affine
    parts: Sequence[Affine] = ()


@dataclass(frozen=True, eq=False)
class DetectedHand:
    """A detection: a box in pixels of the image, which may extend outside, and the region for the skeleton model."""

    label: str
    score: float
    start: Point  # top left
    end: Point  # bottom right
    region: Region


class FollowedHands(NamedTuple):
    """The hands of a frame of a video, and where the skeleton model searches for each in the next one."""

    hands: tuple[Hand, ...] = ()
    places: Sequence[DetectedHand] = ()


Plan: TypeAlias = Literal["reuse", "follow", "detect"]
"""What a frame of a video does: reuse the hands of an earlier one, follow them with the skeleton model, or detect."""


class HandTask(NamedTuple):
    """At most ``limit`` hands are wanted, of the whole image or of some squares in it."""

    settings: HandConfig
    limit: int
    parts: Sequence[Corners] = ()


@dataclass(frozen=True)
class HandDetector(Family[HandTask, Prepared, list[DetectedHand]]):
    """A family of models that detect hands.

    ``decode`` returns the best detections, best first, as many as must be examined to find ``limit`` hands.
    ``in_parts`` is whether parts of the image can be searched.
    """

    in_parts: bool = False

    def record(self, hand: DetectedHand, skeleton: Skeleton | None, recorder: HandRecorder) -> Hand | None:
        """Record a hand; ``skeleton`` is None where no skeleton model was run. Return None if it is not a hand."""
        raise NotImplementedError

    def plan(self, cached: Cached[FollowedHands], settings: HandConfig, frame: SessionFrame, limit: int) -> Plan:
        """Return what ``frame`` does with the hands of the frame before, of which ``limit`` are wanted."""
        raise NotImplementedError

    def keeps(self, found: int, followed: int, limit: int, settings: HandConfig) -> bool:
        """Return whether ``followed`` hands are followed on although the detector ran, and ``found`` some."""
        raise NotImplementedError

    def place(self, hand: Hand, detected: DetectedHand, recorder: HandRecorder) -> DetectedHand | None:
        """Return where a hand with keypoints is searched for in the next frame; None if it cannot be followed."""
        raise NotImplementedError

    def time(self, plan: Plan, before: float, now: float, *, ran: bool) -> float:
        """Return the time from which ``skip_time`` is counted; ``ran`` is whether the skeleton model was run."""
        raise NotImplementedError
