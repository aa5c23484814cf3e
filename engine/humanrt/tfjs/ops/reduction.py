"""Ops along whole axes: sums, extrema, softmax, cumulative sums, top k."""

from dataclasses import replace

import numpy as np

from humanrt.errors import ModelFormatError
from humanrt.tfjs.graph import BOOL, FLOAT32, INT32, INT64
from humanrt.tfjs.layout import PLANAR_AXIS, Tensor
from humanrt.tfjs.ops.table import Call, axis_of, known_integer, known_integers, translates
from humanrt.tfjs.values import int64


@translates("Mean", "Sum", "Max", "Min", "Prod")
def reduce(call: Call, x: Tensor, axes: Tensor) -> Tensor:
    """Reduce some axes; in NCHW if the remaining axes have the same order there."""
    onnx_op, keep = f"Reduce{call.op}", call.attributes.flag("keep_dims")
    logical = sorted({axis_of(axis, x.rank) for axis in known_integers(axes, "axes")})
    if not logical:
        return x
    if x.is_planar:
        planar = int64(sorted(PLANAR_AXIS[axis] for axis in logical))
        remaining = [PLANAR_AXIS[axis] for axis in range(4) if axis not in logical]
        if keep:
            return call.planar(call.emit(onnx_op, x.planar, planar, keepdims=1))
        if remaining == sorted(remaining):
            return call.logical(call.emit(onnx_op, x.planar, planar, keepdims=0))
    return call.logical(call.emit(onnx_op, x.logical, int64(logical), keepdims=int(keep)))


@translates("All", "Any")
def reduce_truth(call: Call, x: Tensor, axes: Tensor) -> Tensor:
    """Compute whether all, or any, elements along some axes are true."""
    numbers = call.logical(call.builder.cast(x.logical, INT32))
    reduced = reduce(replace(call, op="Min" if call.op == "All" else "Max"), numbers, axes)
    return call.logical(call.builder.cast(reduced.logical, BOOL))


@translates("EuclideanNorm")
def euclidean_norm(call: Call, x: Tensor, axes: Tensor) -> Tensor:
    """Compute the square root of the sum of squares along some axes."""
    squares = call.logical(call.emit("Mul", x.logical, x.logical))
    return call.logical(call.emit("Sqrt", reduce(replace(call, op="Sum"), squares, axes).logical))


@translates("Cumsum")
def cumulative_sum(call: Call, x: Tensor, axis: Tensor) -> Tensor:
    """Compute the cumulative sum along an axis."""
    flags = {name: int(call.attributes.flag(name)) for name in ("exclusive", "reverse")}
    index = axis_of(known_integer(axis, "axis"), x.rank)
    return call.logical(call.emit("CumSum", x.logical, np.int64(index), **flags))


@translates("LogSoftmax")
def log_softmax(call: Call, x: Tensor) -> Tensor:
    """Compute the logarithm of the softmax over the last axis."""
    return call.logical(call.emit("LogSoftmax", call.builder.cast(x.logical, FLOAT32), axis=-1))


@translates("Softmax")
def softmax(call: Call, x: Tensor) -> Tensor:
    """Compute the softmax over the last axis."""
    if x.is_planar:
        return call.planar(call.emit("Softmax", x.planar, axis=1))
    return call.logical(call.emit("Softmax", call.builder.cast(x.logical, FLOAT32), axis=-1))


@translates("ArgMax", "ArgMin")
def arg_extremum(call: Call, x: Tensor, axis: Tensor) -> Tensor:
    """Return the int32 index of the largest or smallest number along an axis."""
    index = axis_of(known_integer(axis, "axis"), x.rank)
    found = call.emit(call.op, x.logical, axis=index, keepdims=0)
    return call.logical(call.builder.cast(found, INT32))


@translates("TopKV2")
def top_k(call: Call, x: Tensor, k: Tensor) -> tuple[Tensor, ...]:
    """Return the k largest numbers along the last axis, sorted, and their int32 indices."""
    if k.constant is not None and known_integer(k, "k") < 0:
        raise ModelFormatError("its k must not be negative")
    count = call.emit("Reshape", call.builder.cast(k.logical, INT64), np.array([1], np.int64))
    values, indices = call.builder.emit_many("TopK", 2, x.logical, count, axis=-1, largest=1, sorted=1)
    return call.logical(values), call.logical(call.builder.cast(indices, INT32))
