"""What all models that detect bodies have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from numpy.typing import NDArray

from humanrt.config import BodyConfig
from humanrt.imaging import Affine
from humanrt.result import Body
from humanrt.vision.caching import Reuse
from humanrt.vision.stage import Family


class Prepared(NamedTuple):
    """A model's input, the affines from the pixels of each image in it to the image, and the image's size."""

    pixels: NDArray[Any]  # [n, h, w, 3]
    affines: Sequence[Affine]
    size: tuple[int, int]  # width, height


class Region(NamedTuple):
    """A part of the image, in pixels, and its rotation about its centre, clockwise, in radians."""

    box: tuple[float, float, float, float]  # left, top, right, bottom
    angle: float


class BodyTask(NamedTuple):
    """At most ``limit`` bodies are wanted, in ``regions`` of the image, or in all of it if None.

    ``tile`` is the part of the image on which the model runs: left, top, right, bottom in pixels; None is all of it.
    """

    settings: BodyConfig
    limit: int
    regions: Sequence[Region] | None = None
    tile: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class BodyFamily(Family[BodyTask, Prepared, tuple[Body, ...]]):
    """A family of models that detect bodies; ``decode`` returns at most ``limit`` of them, best first.

    ``reuse`` is when a frame of a video reuses the bodies of an earlier one, as in Human; None is never.
    """

    reuse: ClassVar[Reuse | None] = Reuse()
    takes_regions: bool = False
    takes_tiles: bool = False
