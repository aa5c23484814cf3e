"""Rearrangement of blocks of pixels into channels or into the batch, and back."""

import math
from collections.abc import Sequence

import numpy as np

from humanrt.errors import ModelFormatError
from humanrt.tfjs.graph import INT64
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Call, known_integers, translates
from humanrt.tfjs.values import Value, constant, int64

_MAX_BLOCK = 2**16
"""An exclusive limit on block sizes: larger ones overflow the arithmetic of shape inference."""


@translates("DepthToSpace")
def depth_to_space(call: Call, x: Tensor) -> Tensor:
    """Rearrange channels into blocks of pixels, depth first."""
    block = call.attributes.integer("block_size")
    if not 2 <= block < _MAX_BLOCK:
        raise ModelFormatError(f"attribute 'block_size' is {block}; it must be from 2 to {_MAX_BLOCK - 1}")
    planar = call.emit("DepthToSpace", call.images(x).planar, blocksize=block, mode="DCR")
    return call.in_data_format(call.planar(planar))


@translates("SpaceToBatchND")
def space_to_batch(call: Call, x: Tensor, block_shape: Tensor, paddings: Tensor) -> Tensor:
    """Rearrange blocks of pixels into the batch: the form that Keras writes for a dilated convolution."""
    blocks = _blocks(x, block_shape, paddings)
    count = len(blocks)
    margins = call.builder.cast(paddings.logical, INT64)
    around = [call.emit("Gather", margins, int64(side), axis=1) for side in (0, 1)]
    none_before, none_after = int64([0]), int64([0] * (x.rank - count - 1))
    pads = call.emit("Concat", *(part for side in around for part in (none_before, side, none_after)), axis=0)
    padded = call.emit("Pad", x.logical, pads, constant(0, x.dtype))
    sizes = _part(call, padded, 1, count + 1)
    if sizes.constant is not None and any(size % block for size, block in zip(sizes.constant, blocks, strict=True)):
        raise ModelFormatError(f"it cannot cut the padded sizes {sizes.constant.tolist()} into blocks of {blocks}")
    rows = call.emit("Div", sizes, int64(blocks))
    batch, channels = _part(call, x.logical, 0, 1), _part(call, x.logical, count + 1, x.rank)
    split = [batch]
    for axis, block in enumerate(blocks):
        split += [call.emit("Slice", rows, int64([axis]), int64([axis + 1]), int64([0])), int64([block])]
    order = [*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count, 2), *range(2 * count + 1, count + x.rank)]
    cut = call.emit("Transpose", _reshaped(call, padded, [*split, channels]), perm=order)
    return call.logical(_reshaped(call, cut, [int64([-1]), rows, channels]))


@translates("BatchToSpaceND")
def batch_to_space(call: Call, x: Tensor, block_shape: Tensor, crops: Tensor) -> Tensor:
    """Rearrange samples of the batch into blocks of pixels: the inverse of ``space_to_batch``."""
    blocks = _blocks(x, block_shape, crops)
    count, area = len(blocks), math.prod(blocks)
    if isinstance(x.shape[0], int) and x.shape[0] % area:
        raise ModelFormatError(f"it cannot distribute a batch of {x.shape[0]} over blocks of {area} pixels")
    sizes, channels = _part(call, x.logical, 1, count + 1), _part(call, x.logical, count + 1, x.rank)
    split = _reshaped(call, x.logical, [int64([*blocks, -1]), sizes, channels])
    order = [count]
    for axis in range(count):
        order += [count + 1 + axis, axis]
    spread = call.emit("Transpose", split, perm=[*order, *range(2 * count + 1, count + x.rank)])
    whole = call.emit("Mul", sizes, int64(blocks))
    joined = _reshaped(call, spread, [int64([-1]), whole, channels])
    margins = call.builder.cast(crops.logical, INT64)
    first, rest = (call.emit("Gather", margins, int64(side), axis=1) for side in (0, 1))
    last = call.emit("Sub", whole, rest)
    return call.logical(call.emit("Slice", joined, first, last, int64(range(1, count + 1))))


def _blocks(x: Tensor, block_shape: Tensor, margins: Tensor) -> list[int]:
    blocks = known_integers(block_shape, "block shape")
    fit = 0 < len(blocks) < x.rank and margins.shape == (len(blocks), 2)
    if not fit or any(not 1 <= block < _MAX_BLOCK for block in blocks):
        raise ModelFormatError(f"its blocks {blocks} do not fit an input of {x.rank} axes")
    if margins.constant is not None and (margins.constant.astype(np.int64) < 0).any():
        raise ModelFormatError("its paddings or crops must not be negative")
    return blocks


def _part(call: Call, value: Value, first: int, last: int) -> Value:
    """Return the sizes of the axes ``first`` to ``last`` (exclusive) of a value."""
    return call.emit("Slice", call.emit("Shape", value), int64([first]), int64([last]), int64([0]))


def _reshaped(call: Call, value: Value, target: Sequence[Value]) -> Value:
    return call.emit("Reshape", value, call.emit("Concat", *target, axis=0))
