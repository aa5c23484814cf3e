"""From a picture that was decoded at a smaller scale back to the coordinates of the original."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from humanrt.config import Config
from humanrt.result import Body, Box, Face, Hand, Object
from humanrt.streams.geometry import Floats, Rows, move_body, move_face, move_hand, move_object

# The arrays of positions in pixels; all others are fractions of the picture, angles or metres.
IN_PIXELS = frozenset({"box", "mesh", "annotations", "position", "keypoints"})

# No model that takes the whole picture has a larger input, other than face detectors of a configured size.
LARGEST_INPUT = 640


@dataclass(frozen=True)
class Scaling:
    """A ``Move`` that multiplies x, y and z by factors: pixels of the decoded picture become those of the original."""

    across: float
    down: float
    depth: float

    def __call__(self, name: str, values: Floats, rows: Rows = (), *, circular: bool = False) -> Floats:
        """Return an array of the same shape."""
        del rows, circular
        if name not in IN_PIXELS:
            return values
        if name == "box":
            return values * (self.across, self.down, self.across, self.down)
        return values * (self.across, self.down, self.depth)[: values.shape[-1]]


@dataclass(frozen=True)
class Original:
    """The original of a picture of ``decoded`` width and height: ``size`` is its own."""

    decoded: tuple[int, int]
    size: tuple[int, int]

    def faces(self, faces: Iterable[Face]) -> tuple[Face, ...]:
        """Return faces in pixels of the original; z of a mesh is in pixels of a model's input, and stays."""
        scaling = self._scaling(flat=True)
        return tuple(
            replace(
                move_face(face, scaling),
                crop=face.crop and self._box(face.crop, scaling),
                size=(face.size[0] * scaling.across, face.size[1] * scaling.down),
            )
            for face in faces
        )

    def bodies(self, bodies: Iterable[Body]) -> tuple[Body, ...]:
        """Return bodies in pixels of the original."""
        scaling = self._scaling()
        return tuple(move_body(body, scaling) for body in bodies)

    def hands(self, hands: Iterable[Hand]) -> tuple[Hand, ...]:
        """Return hands in pixels of the original."""
        scaling = self._scaling()
        return tuple(move_hand(hand, scaling) for hand in hands)

    def objects(self, objects: Iterable[Object]) -> tuple[Object, ...]:
        """Return objects in pixels of the original."""
        scaling = self._scaling()
        return tuple(move_object(found, scaling) for found in objects)

    def _scaling(self, *, flat: bool = False) -> Scaling:
        across, down = self.size[0] / self.decoded[0], self.size[1] / self.decoded[1]
        return Scaling(across, down, 1.0 if flat else (across + down) / 2)

    @staticmethod
    def _box(box: Box, scaling: Scaling) -> Box:
        x, y, width, height = scaling("box", np.array(box)).tolist()
        return x, y, width, height


class DetailNeededError(Exception):
    """Raised where a part of a reduced picture has fewer pixels than its model takes: it must be decoded whole."""


def require_pixels(sides: Iterable[float], pixels: int) -> None:
    """Raise ``DetailNeededError`` if the side of a part that is cut out has less than ``pixels``."""
    if min(sides, default=pixels) < pixels:
        raise DetailNeededError


def may_be_reduced(config: Config) -> bool:
    """Return whether a picture may be decoded at a smaller scale.

    It may not where results depend on every pixel: for Human's results, for segmentation, which has a label for each,
    with filters, and where faces below a number of pixels are dropped.
    """
    needed = config.segmentation.enabled or config.filter.enabled or config.face.detector.min_size
    return config.compat is None and not needed


def least_side(config: Config) -> int:
    """Return the longer side that a picture keeps: ``image.max_side``, but not less than a model's input samples."""
    sizes = config.face.detector.input_size if config.face.enabled else ()
    return max(config.image.max_side, LARGEST_INPUT, *sizes)


def original_of(pixels: NDArray[np.uint8], size: tuple[int, int]) -> Original | None:
    """Return the original of a picture, [h, w, 3], whose width and height are ``size``; None if it is the picture."""
    decoded = pixels.shape[1], pixels.shape[0]
    return None if decoded == size else Original(decoded, size)
