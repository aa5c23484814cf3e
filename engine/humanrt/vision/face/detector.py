"""What all face detectors have in common."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.imaging import Affine
from humanrt.vision.face.box import FaceBox
from humanrt.vision.family import Family
from humanrt.vision.model import InputForm

Floats = NDArray[np.float32]


class Prepared(NamedTuple):
    """A detector's input, and the ways back from its pixels to the picture's."""

    pixels: NDArray[np.float32] | NDArray[np.uint8]  # [1, h, w, 3]
    boxes: Affine
    landmarks: Affine


class FaceDetector(Family, Protocol):
    """A family of models that find faces; a module of this folder, or an object."""

    def prepare(self, picture: NDArray[np.uint8], form: InputForm, *, square: bool, quirks: bool) -> Prepared:
        """Make the model's input of a picture, uint8 [h, w, 3].

        ``square`` pads it to a square first, so that faces keep their proportions. ``quirks`` brings back Human's way
        out of that square, which is wrong for every picture that is not one.
        """

    def decode(
        self, outputs: Sequence[Floats], prepared: Prepared, settings: FaceDetectorConfig, *, quirks: bool
    ) -> list[FaceBox]:
        """Read the outputs: the best boxes in pixels of the picture, best first, grown and squared for the mesh."""


def grown(boxes: Iterable[FaceBox], settings: FaceDetectorConfig) -> list[FaceBox]:
    """Grow the boxes of a detector, make them square, and drop those that are too small."""
    squared = [box.squared(settings.scale) for box in boxes]
    return [box for box in squared if (box.size > settings.min_size).all()]
