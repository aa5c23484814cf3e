"""Inputs of models, created from their model cards: random numbers or pictures."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from humanrt.zoo import Card, InputSpec, TensorSpec
from parity.node import Array
from parity.pictures import Float32, read_picture, resize_bilinear

RANDOM = ("random-0", "random-1", "random-2")
PICTURES = ("human_face", "astronaut")
SOURCES = (*RANDOM, *PICTURES)
"""The inputs of every model: random numbers of three seeds, and two pictures of ``tests/pictures``."""

Sizes: TypeAlias = Mapping[str, int]

USUAL_SIZES: Sizes = {"batch": 1, "height": 256, "width": 320}
"""The sizes for the names in the shapes of model cards. Height and width differ, so that a mix-up shows."""

GRAY = np.array([[0.2989], [0.5870], [0.1140]], np.float32)


def make_inputs(card: Card, source: str, sizes: Sizes = USUAL_SIZES) -> dict[str, Array]:
    """Return a model's inputs by the name of their node; ``source`` is one of ``SOURCES``.

    Random numbers fill the value range of the model card, and are the same for the same card and source. A picture is
    resized to the input, and its levels 0 to 255 are mapped to that range.
    """
    numbers = np.random.default_rng(SOURCES.index(source))
    inputs = {}
    for spec in card.inputs.values():
        shape = shape_of(spec, sizes)
        unit = _random(shape, numbers) if source in RANDOM or len(shape) != 4 else _picture(shape, source)
        inputs[spec.node] = _in_range(unit, spec)
    return inputs


def shape_of(spec: TensorSpec, sizes: Sizes) -> tuple[int, ...]:
    """Return the shape with its names replaced by numbers."""
    return tuple(sizes[size] if isinstance(size, str) else size for size in spec.shape)


def _random(shape: tuple[int, ...], numbers: np.random.Generator) -> Float32:
    return numbers.random(shape, np.float32)


def _picture(shape: tuple[int, ...], name: str) -> Float32:
    """Return the picture in 0..1, with the channels last, or second if the last axis is neither 1 nor 3 long."""
    batch, *size = shape
    is_planar = size[2] not in (1, 3)
    height, width, channels = (*size[1:], size[0]) if is_planar else size
    picture = resize_bilinear(read_picture(name), height, width) / np.float32(255)
    if channels == 1:
        picture = picture @ GRAY
    if is_planar:
        picture = np.moveaxis(picture, 2, 0)
    return np.broadcast_to(picture, (batch, *picture.shape))


def _in_range(unit: Float32, spec: InputSpec) -> Array:
    low, high = (np.float32(end) for end in spec.value_range)
    values = unit * (high - low) + low
    # np.ascontiguousarray would turn a scalar into a vector.
    return np.array(values if spec.dtype == "float32" else np.rint(values), spec.dtype, order="C")
