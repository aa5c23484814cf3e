"""What all segmentation models have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from humanrt.config import SegmentationConfig
from humanrt.errors import ModelFormatError
from humanrt.result import Segment
from humanrt.vision.family import Family
from humanrt.zoo import Card

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Layers:
    """A result.Segmentation before its arrays become tensors; they are new, and share no memory."""

    legend: tuple[Segment, ...]
    labels: Bytes
    masks: Bytes
    alpha: Floats | None = None
    foreground: Bytes | None = None
    state: Bytes | None = None


class Segmenter(Family, Protocol):
    """A family of models that tell what pixels belong to; a module of this folder, or an object."""

    def decode(
        self, outputs: Sequence[NDArray[Any]], picture: Bytes, card: Card, settings: SegmentationConfig, *, quirks: bool
    ) -> Layers:
        """Read the outputs, which are not held: what each pixel of the picture, uint8 [h, w, 3], belongs to.

        ``quirks`` rounds as Human does, and brings back what it does wrong.
        """


def planes_of(output: NDArray[Any], name: str) -> Floats:
    """Give an output of the model called ``name``, of any dtype, as float32 [n, h, w].

    Raises ModelFormatError where it has no such shape.
    """
    if output.ndim < 3 or 0 in output.shape[-2:]:
        raise ModelFormatError(f"{name} gave an output of {list(output.shape)}; planes are [n, h, w], or [1, n, h, w]")
    return output.reshape(-1, *output.shape[-2:]).astype(np.float32, copy=False)
