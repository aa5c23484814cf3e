"""Slices of tensors: TensorFlow's Slice and StridedSlice."""

from dataclasses import dataclass, field

import numpy as np

from humanrt.errors import ModelFormatError
from humanrt.tfjs.graph import INT64, Dimension
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Call, known_integers, translates
from humanrt.tfjs.values import int64

_END = int(np.iinfo(np.int64).max)
"""The end of an ONNX Slice up to the last element; negated, down to the first for a negative step."""


@translates("Slice")
def slice_by_size(call: Call, x: Tensor, begin: Tensor, size: Tensor) -> Tensor:
    """Slice ``size`` elements from ``begin`` along each axis; a size of -1 stands for all that follow."""
    start, extent = (call.builder.cast(tensor.logical, INT64) for tensor in (begin, size))
    if extent.shape != (x.rank,) or start.shape != (x.rank,):
        raise ModelFormatError(
            f"it slices {x.rank} axes with begins of shape {start.shape} and sizes of shape {extent.shape}"
        )
    if size.constant is not None and begin.constant is not None:
        axes = [
            axis
            for axis in range(x.rank)
            if (begin.constant[axis], size.constant[axis]) not in {(0, -1), (0, x.shape[axis])}
        ]
        starts = [int(begin.constant[axis]) for axis in axes]
        ends = [
            _END if size.constant[axis] < 0 else int(begin.constant[axis]) + int(size.constant[axis]) for axis in axes
        ]
        return x if not axes else call.logical(call.emit("Slice", x.logical, int64(starts), int64(ends), int64(axes)))
    after = call.emit("Add", start, extent)
    end = call.emit("Where", call.emit("Less", extent, np.int64(0)), np.int64(_END), after)
    return call.logical(call.emit("Slice", x.logical, start, end, int64(range(x.rank))))


@dataclass(slots=True)
class _Plan:
    """A StridedSlice as ONNX's Slice, Squeeze of the indexed axes (``taken``), and Unsqueeze of the new axes."""

    axes: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    new: list[int] = field(default_factory=list)

    def take(self, axis: int, size: Dimension, start: int | None, end: int | None, step: int) -> None:
        """Add the slice of one axis, with Python's semantics; ONNX's differ beyond the ends of an axis."""
        if (start or 0, end, step) == (0, None, 1):
            return
        if isinstance(size, int):
            picked = range(size)[start:end:step]
            if picked == range(size):
                return
            # A stop of -1 (before the first element) would be the last element in ONNX.
            start, end = (picked.start, picked.stop if picked.stop >= 0 else -_END) if picked else (0, 0)
            step = picked.step if picked else 1
        self.axes.append(axis)
        self.starts.append((0 if step > 0 else _END) if start is None else start)
        self.ends.append((_END if step > 0 else -_END) if end is None else end)
        self.steps.append(step)


@translates("StridedSlice")
def strided_slice(call: Call, x: Tensor, begin: Tensor, end: Tensor, strides: Tensor) -> Tensor:
    """Apply NumPy's basic indexing: slices with steps, indices, ``...`` and new axes, distinguished by bit masks."""
    begins, ends, steps = (
        known_integers(tensor, what) for tensor, what in ((begin, "begin"), (end, "end"), (strides, "strides"))
    )
    plan = _plan(call, x, begins, ends, steps)
    value = x.logical
    if plan.axes:
        value = call.emit("Slice", value, *map(int64, (plan.starts, plan.ends, plan.axes, plan.steps)))
    if plan.taken:
        value = call.emit("Squeeze", value, int64(plan.taken))
    if plan.new:
        value = call.emit("Unsqueeze", value, int64(plan.new))
    return call.logical(value)


def _plan(call: Call, x: Tensor, begins: list[int], ends: list[int], steps: list[int]) -> _Plan:
    masks = {
        name: call.attributes.integer(f"{name}_mask", 0)
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }

    def marked(name: str, position: int) -> bool:
        return bool(masks[name] >> position & 1)

    count = len(begins)
    ellipses = [position for position in range(count) if marked("ellipsis", position)]
    new_axes = sum(marked("new_axis", position) and position not in ellipses for position in range(count))
    skipped = x.rank - (count - new_axes - len(ellipses))
    if len(ends) != count or len(steps) != count or 0 in steps or len(ellipses) > 1 or skipped < 0:
        raise ModelFormatError(f"it slices {x.rank} axes with begins {begins}, ends {ends}, strides {steps}")
    plan, axis, result_axis = _Plan(), 0, 0
    for position, (start, end, step) in enumerate(zip(begins, ends, steps, strict=True)):
        if position in ellipses:
            axis, result_axis = axis + skipped, result_axis + skipped
        elif marked("new_axis", position):
            plan.new.append(result_axis)
            result_axis += 1
        elif marked("shrink_axis", position):
            plan.take(axis, x.shape[axis], start, start + 1 if start != -1 else None, 1)
            plan.taken.append(axis)
            axis += 1
        else:
            first, last = None if marked("begin", position) else start, None if marked("end", position) else end
            plan.take(axis, x.shape[axis], first, last, step)
            axis, result_axis = axis + 1, result_axis + 1
    return plan
