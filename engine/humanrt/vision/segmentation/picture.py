"""What all segmentation models are given; the card says it all."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import ConfigError
from humanrt.imaging import resize
from humanrt.vision.segmentation.layers import Bytes
from humanrt.zoo import Card

INPUT = "image"


def prepare(picture: Bytes, card: Card, *, quirks: bool) -> NDArray[Any]:
    """Make the input that a card calls ``image``: [1, h, w, 3], or [1, 3, h, w] where its shape says so.

    The picture, uint8 [h, w, 3], is scaled to the sizes that are numbers, its levels of 0..255 to ``value_range``; then
    ``mean`` is taken off and the rest divided by ``std``. ``quirks`` scales in float32, to come out as Human. Raises
    ConfigError for a card without such an input.
    """
    spec = card.inputs.get(INPUT)
    sizes = spec.shape[1:] if spec else ()
    if spec is None or len(sizes) != 3 or 3 not in (sizes[0], sizes[2]) or len(spec.mean) not in (0, 3):
        raise ConfigError(
            f"the card {card.name} must have an input {INPUT!r} of [1, h, w, 3] or [1, 3, h, w], with mean and std of "
            "three numbers, or without"
        )
    planar = sizes[2] != 3
    wanted = sizes[1:] if planar else sizes[:2]
    height, width = (
        size if isinstance(size, int) else own for size, own in zip(wanted, picture.shape[:2], strict=True)
    )
    source: NDArray[Any] = picture.astype(np.float32) if quirks else picture
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
