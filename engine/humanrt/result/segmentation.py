"""Segmentation: the class that each pixel belongs to."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging import composite
from humanrt.result.record import Record
from humanrt.tensors import Tensor, pinned


@dataclass(frozen=True)
class Segment(Record):
    """One class of pixels."""

    label: int
    """The value of its pixels in ``Segmentation.labels``, 1..255."""
    name: str
    """The name of the class."""
    color: tuple[int, int, int]
    """The colour to draw it with: red, green, blue, 0..255."""
    area: int
    """The number of pixels that have the label; 0 if other segments cover all of it."""
    score: float
    """The confidence, 0..1: of its best instance; for models without instances, the mean over its pixels."""


@dataclass(frozen=True, eq=False)
class Segmentation(Record):
    """The class of each pixel of a picture of h x w pixels.

    The tensors are owned as all tensors of a Result. Only the models that separate people from the background return
    ``alpha``, ``foreground`` and ``state``, as far as ``segmentation.mode`` asks for them.
    """

    legend: tuple[Segment, ...]
    """The n classes that were found, in the order of their labels."""
    labels: Tensor
    """The label of each pixel, uint8 [h, w]; 0 is the background, which has no segment."""
    masks: Tensor
    """The pixels of each segment of ``legend`` before others covered it: 0 or 1, uint8 [n, h, w]."""
    alpha: Tensor | None = None
    """The share of a person in each pixel, 0..1, float32 [h, w]."""
    foreground: Tensor | None = None
    """The colours of the person without the background that shines through, uint8 [h, w, 3] RGB; the picture's own
    colours for models that do not compute them."""
    state: Tensor | None = None
    """The first state of a recurrent model, to be displayed: 16 planes of h' x w' side by side, -1..1 as 0..255, uint8
    [4 h', 4 w']."""

    def tensors(self) -> Iterator[Tensor]:
        """Yield the tensors of this segmentation."""
        every = (self.labels, self.masks, self.alpha, self.foreground, self.state)
        return (tensor for tensor in every if tensor is not None)

    def over(self, background: Sequence[int] | NDArray[Any] | Tensor) -> NDArray[np.uint8]:
        """Return the people in front of another background, uint8 [h, w, 3] RGB.

        ``background`` is a colour, (red, green, blue), 0..255; or a picture of the same size, uint8 [h, w, 3] RGB, an
        array or a Tensor. This blocks for some milliseconds if the picture is large: call it with
        ``asyncio.to_thread()`` on an event loop.

        Raises ``InputError`` if the background is anything else, or if there is no ``alpha`` or no ``foreground``,
        ``TensorDisposedError`` if a tensor was disposed.
        """
        if self.alpha is None or self.foreground is None:
            raise InputError(
                "a background is replaced by means of alpha and foreground: ask a model that separates people from the "
                'background (rvm, selfie, meet) for both, with segmentation.mode "default"'
            )
        with ExitStack() as pins:
            alpha, foreground = (pins.enter_context(pinned(tensor)) for tensor in (self.alpha, self.foreground))
            if isinstance(background, Tensor):
                background = pins.enter_context(pinned(background))
            return composite(foreground, _picture_of(background, foreground.shape), alpha)


def _picture_of(background: Sequence[int] | NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a background as a picture of this shape."""
    try:
        pixels = np.asarray(background)
    except ValueError as error:
        raise InputError(f"this background is not an array: {error}; {_accepted(shape)}") from error
    if pixels.shape == (3,) and pixels.dtype.kind in "iu" and ((pixels >= 0) & (pixels <= 255)).all():
        picture = np.empty(shape, np.uint8)
        picture[:] = pixels
        return picture
    if pixels.shape == shape and pixels.dtype == np.uint8:
        return pixels
    raise InputError(f"this background is {pixels.dtype} {list(pixels.shape)}; {_accepted(shape)}")


def _accepted(shape: tuple[int, ...]) -> str:
    return f"accepted are a colour, three integers of 0..255, and a picture of the same size, uint8 {list(shape)}"
