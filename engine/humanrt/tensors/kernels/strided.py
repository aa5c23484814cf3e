"""Parts of tensors by begin, end and stride of every axis, with the bit masks of TF.js's ``stridedSlice``."""

import operator
from collections.abc import Sequence
from typing import NamedTuple

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels.arrays import BasicIndex, index


class Masks(NamedTuple):
    """Bit i of each is about entry i of begin, end and strides."""

    begin: int
    """The part begins where the axis does; ``begin[i]`` is not used."""
    end: int
    """The part ends where the axis does; ``end[i]`` is not used."""
    ellipsis: int
    """The entry stands for all axes that no other entry names; at most one bit."""
    new_axis: int
    """The entry stands for a new axis of size 1."""
    shrink_axis: int
    """The entry chooses the element at ``begin[i]``; the axis is gone."""


def strided_slice(
    x: Array, begin: Sequence[int], end: Sequence[int], strides: Sequence[int] | None, masks: Masks
) -> Array:
    """Return the part."""
    steps = [1] * len(begin) if strides is None else strides
    if not len(begin) == len(end) == len(steps):
        raise InputError(
            f"begin, end and strides have {len(begin)}, {len(end)} and {len(steps)} entries; accepted: as many each"
        )
    if masks.ellipsis & (masks.ellipsis - 1):
        raise InputError(f"ellipsis_mask is {masks.ellipsis:#b}; accepted: at most one bit")
    return index(x, tuple(_key(i, entry, masks) for i, entry in enumerate(zip(begin, end, steps, strict=True))))


def _key(i: int, entry: Sequence[int], masks: Masks) -> BasicIndex:
    """Return what entry i is in NumPy's basic indexing, which clamps and counts from the end as TF.js does."""
    bit = 1 << i
    if masks.ellipsis & bit:
        return ...
    if masks.new_axis & bit:
        return None
    begin, end, step = map(operator.index, entry)
    if step == 0 or (step < 0 and masks.shrink_axis & bit):
        raise InputError(f"strides[{i}] is {step}; accepted: any but 0, and more than 0 where shrink_axis_mask is set")
    if masks.shrink_axis & bit:
        return begin
    return slice(None if masks.begin & bit else begin, None if masks.end & bit else end, step)
