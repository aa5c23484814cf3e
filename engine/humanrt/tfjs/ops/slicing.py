"""Slices of tensors: TensorFlow's Slice and StridedSlice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import INT64, Dimension
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Call, known_integers, translates
from humanrt.tfjs.values import Value, int64

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
class _Slices:
    """The operands of an ONNX Slice, for some of the axes."""

    axes: list[int] = field(default_factory=list)
    starts: list[Value | int] = field(default_factory=list)
    ends: list[Value | int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    def add(self, axis: int, start: Value | int, end: Value | int, step: int) -> None:
        """Add the slice of one axis; a bound that is computed is a vector of one element."""
        self.axes.append(axis)
        self.starts.append(start)
        self.ends.append(end)
        self.steps.append(step)


@dataclass(slots=True)
class _Plan:
    """The ONNX nodes of a StridedSlice.

    They are a Slice of the axes whose bounds are known, a Slice and Gathers of the other ones, a Squeeze of the indexed
    axes (``taken``), and an Unsqueeze of the new axes.
    """

    known: _Slices = field(default_factory=_Slices)
    computed: _Slices = field(default_factory=_Slices)
    indices: dict[int, Value] = field(default_factory=dict)
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
        self.known.add(axis, _first(step) if start is None else start, _last(step) if end is None else end, step)

    def apply(self, call: Call, value: Value) -> Value:
        """Write the nodes; return their result."""
        if self.known.axes:
            slices = (self.known.starts, self.known.ends, self.known.axes, self.known.steps)
            value = call.emit("Slice", value, *map(int64, slices))
        if self.computed.axes:
            axes = self.computed.axes
            # Shape inference gives up all sizes; only those of these axes are unknown.
            shape = tuple(None if axis in axes else size for axis, size in enumerate(value.shape))
            bounds = (_vector(call, self.computed.starts), _vector(call, self.computed.ends))
            result = Value(None, shape, value.dtype)
            value = call.builder.emit_as(result, "Slice", value, *bounds, int64(axes), int64(self.computed.steps))
        for axis, index in self.indices.items():
            value = call.emit("Gather", value, index, axis=axis)
        if self.taken:
            value = call.emit("Squeeze", value, int64(self.taken))
        if self.new:
            value = call.emit("Unsqueeze", value, int64(self.new))
        return value


def _first(step: int) -> int:
    return 0 if step > 0 else _END


def _last(step: int) -> int:
    return _END if step > 0 else -_END


def _vector(call: Call, numbers: Sequence[Value | int]) -> Value:
    parts = [number if isinstance(number, Value) else int64([number]) for number in numbers]
    return parts[0] if len(parts) == 1 else call.emit("Concat", *parts, axis=0)


@translates("StridedSlice")
def strided_slice(call: Call, x: Tensor, begin: Tensor, end: Tensor, strides: Tensor) -> Tensor:
    """Apply NumPy's basic indexing: slices with steps, indices, ``...`` and new axes, distinguished by bit masks."""
    plan = _plan(call, x, _bounds(call, begin), _bounds(call, end), known_integers(strides, "strides"))
    return call.logical(plan.apply(call, x.logical))


def _bounds(call: Call, tensor: Tensor) -> list[int | Value]:
    """Return the numbers of a vector: integers, and vectors of one element for those that are computed."""
    if tensor.constant is not None:
        return [*known_integers(tensor, "bounds")]
    value = call.builder.cast(tensor.logical, INT64)
    if value.rank != 1 or not isinstance(value.shape[0], int):
        raise UnsupportedOpError("its begin or end is not a vector of known length")
    sizes = [None] * value.shape[0] if value.sizes is None else value.sizes.tolist()
    return [
        size if isinstance(size, int) else call.emit("Slice", value, int64([i]), int64([i + 1]), int64([0]))
        for i, size in enumerate(sizes)
    ]


def _plan(call: Call, x: Tensor, begins: list[int | Value], ends: list[int | Value], steps: list[int]) -> _Plan:
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
        raise ModelFormatError(
            f"it slices {x.rank} axes with {count} begins, {len(ends)} ends, strides {steps}, {len(ellipses)} ellipses"
        )
    plan, axis, result_axis = _Plan(), 0, 0
    for position, (start, end, step) in enumerate(zip(begins, ends, steps, strict=True)):
        if position in ellipses:
            axis, result_axis = axis + skipped, result_axis + skipped
        elif marked("new_axis", position):
            plan.new.append(result_axis)
            result_axis += 1
        elif marked("shrink_axis", position):
            if isinstance(start, Value):
                plan.indices[axis] = start
            else:
                plan.take(axis, x.shape[axis], start, start + 1 if start != -1 else None, 1)
            plan.taken.append(axis)
            axis += 1
        else:
            first, last = None if marked("begin", position) else start, None if marked("end", position) else end
            if isinstance(first, Value) or isinstance(last, Value):
                first = _first(step) if first is None else first
                plan.computed.add(axis, first, _last(step) if last is None else last, step)
            else:
                plan.take(axis, x.shape[axis], first, last, step)
            axis, result_axis = axis + 1, result_axis + 1
    return plan
