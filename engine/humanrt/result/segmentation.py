"""Segmentation: which pixels belong to whom."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging import composite
from humanrt.tensors import Tensor, pinned


@dataclass(frozen=True)
class Segment:
    """One class of pixels: its number in the label map, its name, its colour (red, green, blue, 0..255) and its area.

    ``area`` counts the picture's pixels that have the label: 0 where others were painted over all of it. ``score`` is
    0..1, how sure the model is of it: of its best instance; or on the average of its pixels, for models without
    instances.
    """

    label: int
    name: str
    color: tuple[int, int, int]
    area: int
    score: float


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What every pixel of the picture belongs to; the tensors are of the picture's height and width.

    ``legend`` has the classes that were found, by label. ``labels`` is uint8 [h, w]: the number of a segment of
    ``legend``, 0 for the background, which has no segment. ``masks`` is uint8 [n, h, w], 0 or 1, the pixels of each
    segment in the legend's order before others were painted over it.

    Of the models that tell people from the background, as far as ``segmentation.mode`` asks for it: ``alpha`` is
    float32 [h, w], 0..1, how much of each pixel is person. ``foreground`` is uint8 [h, w, 3], RGB: the person's own
    colours, freed of the background that shines through; of models that do not tell them, the picture's. ``state`` is
    uint8 [4 h', 4 w']: the first memory of a recurrent model, sixteen planes of -1..1 as levels of gray, to look at.

    The tensors are owned as all tensors of a Result.
    """

    legend: tuple[Segment, ...]
    labels: Tensor
    masks: Tensor
    alpha: Tensor | None = None
    foreground: Tensor | None = None
    state: Tensor | None = None

    def tensors(self) -> Iterator[Tensor]:
        """Go through the tensors of this segmentation."""
        every = (self.labels, self.masks, self.alpha, self.foreground, self.state)
        return (tensor for tensor in every if tensor is not None)

    def over(self, background: Sequence[int] | NDArray[Any] | Tensor) -> NDArray[np.uint8]:
        """Put the people in front of another background; returns the picture, uint8 [h, w, 3] RGB.

        ``background`` is a colour, (red, green, blue), 0..255; or a picture of this one's size, uint8 [h, w, 3] RGB,
        an array or a Tensor. It computes at once, in some milliseconds for a big picture: ``asyncio.to_thread`` takes
        it off an event loop. Raises InputError for another background, and where there is no alpha or no foreground;
        TensorDisposedError.
        """
        if self.alpha is None or self.foreground is None:
            raise InputError(
                "a background is replaced with alpha and foreground: ask a model that tells people from the background "
                '(rvm, selfie, meet) for both, with segmentation.mode "default"'
            )
        with ExitStack() as pins:
            alpha, foreground = (pins.enter_context(pinned(tensor)) for tensor in (self.alpha, self.foreground))
            if isinstance(background, Tensor):
                background = pins.enter_context(pinned(background))
            return composite(foreground, _picture_of(background, foreground.shape), alpha)


def _picture_of(background: Sequence[int] | NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Give a background as a picture of this shape."""
    try:
        pixels = np.asarray(background)
    except ValueError as error:
        raise InputError(f"{_accepted(shape)}; this is none: {error}") from error
    if pixels.shape == (3,) and pixels.dtype.kind in "iu" and ((pixels >= 0) & (pixels <= 255)).all():
        picture = np.empty(shape, np.uint8)
        picture[:] = pixels
        return picture
    if pixels.shape == shape and pixels.dtype == np.uint8:
        return pixels
    raise InputError(f"{_accepted(shape)}; this is {pixels.dtype} {list(pixels.shape)}")


def _accepted(shape: tuple[int, ...]) -> str:
    return (
        "a background is a colour, three whole numbers of 0..255, or a picture as large as this one, uint8 "
        f"{list(shape)}"
    )
