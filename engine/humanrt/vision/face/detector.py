"""What all face detectors have in common."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.imaging import Affine
from humanrt.vision.face.box import FaceBox
from humanrt.vision.stage import Family


class Prepared(NamedTuple):
    """A detector's input, and the affines from its pixels to the image's."""

    pixels: NDArray[Any]  # [1, h, w, 3] or [1, 3, h, w], float32 or uint8
    boxes: Affine
    landmarks: Affine


@dataclass(frozen=True)
class FaceDetector(Family[FaceDetectorConfig, Prepared, list[FaceBox]]):
    """A family of models that detect faces.

    ``prepare`` pads the image to a square first if the configuration's ``square`` is set, so that faces keep their
    proportions. ``decode`` returns the best boxes in pixels of the image, best first, enlarged and squared for the
    mesh.
    """


def scaled_size(picture: NDArray[Any], longer_side: int) -> tuple[int, int]:
    """Return the height and width of an image that is scaled to ``longer_side``, to the nearest pixel."""
    height, width = picture.shape[:2]
    scale = longer_side / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))
