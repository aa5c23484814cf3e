"""What all hand detectors have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from humanrt.config import HandConfig
from humanrt.imaging import Affine
from humanrt.result import Hand
from humanrt.vision.family import Family
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.hand.skeleton import Point, Region, Seen
from humanrt.vision.model import InputForm

Floats = NDArray[np.float32]


class Prepared(NamedTuple):
    """A detector's input, and the way back from its pixels to the picture's."""

    pixels: NDArray[np.float32] | NDArray[np.uint8]  # [1, h, w, 3]
    affine: Affine


@dataclass(frozen=True, eq=False)
class DetectedHand:
    """A hand as its detector saw it: a box in pixels of the picture, which may reach outside, and where to look on."""

    label: str
    score: float
    start: Point  # top left
    end: Point  # bottom right
    region: Region


class HandDetector(Family, Protocol):
    """A family of models that find hands; a module of this folder."""

    def prepare(self, picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Prepared:
        """Make the model's input of a picture, uint8 [h, w, 3]."""

    def decode(
        self, outputs: Sequence[Floats], prepared: Prepared, settings: HandConfig, limit: int, *, quirks: bool
    ) -> list[DetectedHand]:
        """Read the outputs: the best hands, best first, as many as must be looked at to find ``limit``."""

    def record(self, hand: DetectedHand, seen: Seen | None, recorder: HandRecorder) -> Hand | None:
        """Record a hand; ``seen`` is what the skeleton model says of it, if it was asked. None where it is no hand."""
