"""What all segmentation models have in common: their input, which the model card describes, and what they return."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import SegmentationConfig
from humanrt.errors import ConfigError, ModelFormatError
from humanrt.imaging import resize
from humanrt.result import Segment
from humanrt.vision.precision import EXACT, Precision
from humanrt.vision.stage import Family, InputForm, VisionModel
from humanrt.zoo import Card

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

# The model card's name of the input that takes the image.
IMAGE = "image"


@dataclass(frozen=True, eq=False)
class Layers:
    """A ``humanrt.Segmentation`` before its arrays become tensors; they are new and share no memory."""

    legend: tuple[Segment, ...]
    labels: Bytes
    masks: Bytes
    alpha: Floats | None = None
    foreground: Bytes | None = None
    state: Bytes | None = None


class SegmentationTask(NamedTuple):
    """Settings, and the model card."""

    settings: SegmentationConfig
    card: Card


class Prepared(NamedTuple):
    """The model's input, and the image itself, uint8 [h, w, 3]."""

    pixels: NDArray[Any]  # [1, h, w, 3] or [1, 3, h, w]
    picture: Bytes


@dataclass(frozen=True)
class Segmenter(Family[SegmentationTask, Prepared, Layers]):
    """A family of models that segment images."""

    precision: Precision = EXACT

    def form(self, model: VisionModel) -> InputForm:
        """Return no sizes: the model card's input ``image`` has them."""
        del model
        return InputForm(0, 0, 0)

    def prepare(self, source: NDArray[Any], form: InputForm, task: SegmentationTask) -> Prepared:
        """Prepare the image as the model card describes."""
        del form
        return Prepared(image_input(self.precision.image(source), task.card), source)


def image_input(picture: NDArray[Any], card: Card) -> NDArray[Any]:
    """Return the input that a model card calls ``image``: [1, h, w, 3], or [1, 3, h, w] where its shape has this order.

    The image, [h, w, 3], is resized to the sizes that are numbers, and its levels of 0..255 scaled to ``value_range``;
    then ``mean`` is subtracted and the result divided by ``std``. Raises ``ConfigError`` if the card has no such input.
    """
    spec = card.inputs.get(IMAGE)
    sizes = spec.shape[1:] if spec else ()
    if spec is None or len(sizes) != 3 or 3 not in (sizes[0], sizes[2]) or len(spec.mean) not in (0, 3):
        raise ConfigError(
            f"the model card {card.name} must have an input {IMAGE!r} of [1, h, w, 3] or [1, 3, h, w], with mean and "
            "std of three numbers, or without"
        )
    planar = sizes[2] != 3
    wanted = sizes[1:] if planar else sizes[:2]
    height, width = (
        size if isinstance(size, int) else own for size, own in zip(wanted, picture.shape[:2], strict=True)
    )
    source = picture
    if source.shape[:2] != (height, width):
        source, _ = resize(source, height, width)
    low, high = spec.value_range
    scale, offset = np.full(3, (high - low) / 255), np.full(3, low)
    if spec.mean:
        scale, offset = scale / spec.std, (offset - spec.mean) / spec.std
    values = source.astype(np.float32)
    values *= scale.astype(np.float32)
    values += offset.astype(np.float32)
    if planar:
        values = np.moveaxis(values, 2, 0)
    return np.array(values[np.newaxis], spec.dtype, order="C", copy=None)


def planes_of(output: NDArray[Any], name: str) -> Floats:
    """Return an output of the model called ``name``, of any dtype, as float32 [n, h, w].

    Raises ``ModelFormatError`` if it has no such shape.
    """
    if output.ndim < 3 or 0 in output.shape[-2:]:
        raise ModelFormatError(
            f"{name} returned an output of {list(output.shape)}; planes are [n, h, w], or [1, n, h, w]"
        )
    return output.reshape(-1, *output.shape[-2:]).astype(np.float32, copy=False)
