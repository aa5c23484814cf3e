"""Segmentation: which pixels belong to whom."""

from collections.abc import Iterator
from dataclasses import dataclass

from humanrt.tensors import Tensor


@dataclass(frozen=True)
class Segment:
    """One class of pixels: its number in the label map, its name, its colour (red, green, blue, 0..255) and its area.

    ``area`` counts the picture's pixels that have the label. ``score`` is 0..1: how sure the model is of it.
    """

    label: int
    name: str
    color: tuple[int, int, int]
    area: int
    score: float


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What every pixel of the picture belongs to; the tensors are of the picture's height and width.

    ``labels`` is uint8 [h, w]: the number of a segment of ``legend``, 0 for the background, which has no segment.
    ``masks`` is uint8 [n, h, w], 0 or 1, the pixels of each segment in the legend's order before others were painted
    over it. ``alpha`` is float32 [h, w], 0..1: how much of each pixel is person, of the models that tell it.
    ``foreground`` is uint8 [h, w, 3], RGB: the person's own colours, freed of the background that shines through, of
    the models that tell them. The tensors are owned as all tensors of a Result.
    """

    legend: tuple[Segment, ...]
    labels: Tensor
    masks: Tensor
    alpha: Tensor | None = None
    foreground: Tensor | None = None

    def tensors(self) -> Iterator[Tensor]:
        """Go through the tensors of this segmentation."""
        every = (self.labels, self.masks, self.alpha, self.foreground)
        return (tensor for tensor in every if tensor is not None)
