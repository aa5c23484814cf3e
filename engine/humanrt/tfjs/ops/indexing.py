"""Gathering elements by their indices, and scattering them."""

import numpy as np

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import BOOL, INT32, INT64
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Call, axis_of, known, known_integer, known_integers, translates
from humanrt.tfjs.values import Value, constant, int64

_END = int(np.iinfo(np.int64).max)


@translates("Gather")
def gather_rows(call: Call, x: Tensor, indices: Tensor) -> Tensor:
    """Gather rows of x by their indices."""
    return call.logical(call.emit("Gather", x.logical, indices.logical, axis=0))


@translates("GatherV2")
def gather(call: Call, x: Tensor, indices: Tensor, axis_tensor: Tensor) -> Tensor:
    """Gather slices of x along an axis; with ``batch_dims``, the leading axes of x and the indices are paired."""
    axis, apart = axis_of(known_integer(axis_tensor, "axis"), x.rank), call.attributes.integer("batch_dims", 0)
    apart += indices.rank if apart < 0 else 0
    if apart == 0:
        return call.logical(call.emit("Gather", x.logical, indices.logical, axis=axis))
    if apart != axis:
        raise UnsupportedOpError(f"it gathers along axis {axis} with batch_dims={apart}; the two must be equal")
    rows = call.emit("Unsqueeze", call.builder.cast(indices.logical, INT64), int64([-1]))
    return call.logical(call.emit("GatherND", x.logical, rows, batch_dims=apart))


@translates("GatherNd")
def gather_nd(call: Call, x: Tensor, indices: Tensor) -> Tensor:
    """Gather slices of x by the index vectors along the last axis of ``indices``."""
    return call.logical(call.emit("GatherND", x.logical, call.builder.cast(indices.logical, INT64)))


@translates("Where")
def where_nonzero(call: Call, x: Tensor) -> Tensor:
    """Return the int32 coordinates of the non-zero elements, one row for each."""
    rows = call.emit("Transpose", call.emit("NonZero", x.logical), perm=(1, 0))
    return call.logical(call.builder.cast(rows, INT32))


@translates("SparseToDense")
def sparse_to_dense(call: Call, indices: Tensor, shape: Tensor, values: Tensor, default: Tensor) -> Tensor:
    """Return a tensor filled with ``default``, with ``values`` written at ``indices``.

    ``indices`` is a scalar, a vector, or a matrix with one row of coordinates for each value.
    """
    sizes = known_integers(shape, "output shape")
    rows = call.builder.cast(indices.logical, INT64)
    if rows.rank < 2:
        rows = call.emit("Reshape", rows, int64([-1, 1]))
    count = call.emit("Slice", call.emit("Shape", rows), int64([0]), int64([1]))
    spread = call.emit("Expand", values.logical, count)
    return call.logical(call.emit("ScatterND", call.emit("Expand", default.logical, int64(sizes)), rows, spread))


@translates("ScatterNd")
def scatter_nd(call: Call, indices: Tensor, updates: Tensor, shape: Tensor) -> Tensor:
    """Return zeros of a given shape, with ``updates`` added at ``indices``."""
    zeros = call.emit("Expand", constant(0, updates.dtype), call.builder.cast(shape.logical, INT64))
    return call.logical(call.emit("ScatterND", zeros, *_placed(call, indices, updates), reduction="add"))


@translates("TensorScatterUpdate")
def scatter_update(call: Call, x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    """Return x with ``updates`` written at ``indices``."""
    return call.logical(call.emit("ScatterND", x.logical, *_placed(call, indices, updates)))


def _placed(call: Call, indices: Tensor, updates: Tensor) -> tuple[Value, Value]:
    if not indices.rank:
        raise ModelFormatError("its indices are a scalar; they must be vectors of coordinates")
    return call.builder.cast(indices.logical, INT64), updates.logical


@translates("OneHot")
def one_hot(call: Call, indices: Tensor, depth: Tensor, on: Tensor, off: Tensor) -> Tensor:
    """Return ``on`` at each index along a new axis, and ``off`` elsewhere."""
    if (size := known_integer(depth, "depth")) < 0:
        raise ModelFormatError(f"its depth is {size}; it must not be negative")
    call.builder.budget.store(4 * size)
    axis = axis_of(call.attributes.integer("axis", -1), indices.rank + 1)
    column = call.emit("Unsqueeze", indices.logical, int64([axis]))
    classes = np.arange(size, dtype=np.int32).reshape([-1 if i == axis else 1 for i in range(indices.rank + 1)])
    return call.logical(call.emit("Where", call.emit("Equal", column, classes), on.logical, off.logical))


@translates("Reverse", "ReverseV2")
def reverse(call: Call, x: Tensor, axes: Tensor) -> Tensor:
    """Reverse some axes, given by their numbers or, in the first version of the op, by one flag for each axis."""
    named = known(axes, "axes").ravel()
    turned = np.flatnonzero(named).tolist() if named.dtype == BOOL else known_integers(axes, "axes")
    turned = sorted({axis_of(axis, x.rank) for axis in turned})
    if not turned:
        return x
    ones = np.ones(len(turned), np.int64)
    return call.logical(call.emit("Slice", x.logical, -ones, -ones * _END, int64(turned), -ones))
