"""What all models of bodies have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from humanrt.config import BodyConfig
from humanrt.imaging import Affine
from humanrt.result import Body
from humanrt.vision.family import Family
from humanrt.vision.model import InputForm

Floats = NDArray[np.float32]


class Prepared(NamedTuple):
    """A model's input, the ways back from the pixels of each picture in it, and the whole picture's size."""

    pixels: NDArray[Any]  # [n, h, w, 3]
    affines: Sequence[Affine]
    size: tuple[int, int]  # width, height


class BodyDetector(Family, Protocol):
    """A family of models that find bodies; a module of this folder, or an object."""

    def prepare(self, picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Prepared:
        """Make the model's input of a picture, uint8 [h, w, 3]; ``quirks`` makes it as Human does."""

    def decode(
        self, outputs: Sequence[Floats], prepared: Prepared, limit: int, settings: BodyConfig, *, quirks: bool
    ) -> tuple[Body, ...]:
        """Read the outputs: at most ``limit`` bodies, best first.

        ``quirks`` rounds, orders and numbers them as Human does; Human's models of one body know no limit, and give a
        body without keypoints where there is none.
        """


def best(bodies: Iterable[Body | None], limit: int) -> tuple[Body, ...]:
    """Put the best bodies first, leave out what is none or too many, and number them."""
    found = sorted((body for body in bodies if body is not None), key=lambda body: -body.score)
    return tuple(replace(body, id=i) for i, body in enumerate(found[:limit]))
