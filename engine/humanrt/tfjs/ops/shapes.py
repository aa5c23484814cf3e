"""Shapes as data, changes of shape, and tensors made from shapes."""

import math

import numpy as np

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import BATCH, INT32, INT64, Dimension, Shape
from humanrt.tfjs.inference import MAX_ELEMENTS
from humanrt.tfjs.layout import NCHW_TO_NHWC, NHWC_TO_NCHW, PLANAR_AXIS, OpenTensor, Tensor
from humanrt.tfjs.ops.table import Call, axis_of, known_integer, known_integers, translates
from humanrt.tfjs.values import Value, constant, int64


def _shape_value(call: Call, x: Tensor) -> Value:
    """Return the shape as int64 numbers; a constant if it is known."""
    sizes = [size for size in x.shape if isinstance(size, int)]
    return int64(sizes) if len(sizes) == x.rank else call.emit("Shape", x.logical)


@translates("Shape")
def shape_of(call: Call, x: Tensor) -> Tensor:
    """Return the shape as a vector."""
    return call.logical(call.builder.cast(_shape_value(call, x), call.attributes.dtype("out_type", "DT_INT32")))


@translates("Size")
def size_of(call: Call, x: Tensor) -> Tensor:
    """Return the number of elements."""
    return call.logical(call.builder.cast(call.emit("ReduceProd", _shape_value(call, x), keepdims=0), INT32))


@translates("Rank")
def rank_of(call: Call, x: Tensor) -> Tensor:
    """Return the number of axes."""
    return call.logical(constant(x.rank, INT32))


@translates("Reshape")
def reshape(call: Call, x: Tensor, shape: Tensor) -> Tensor:
    """Return the same elements in another shape. A batch of one in the target becomes the symbolic batch."""
    target = _target(x, shape)
    if target is None:
        return call.logical(call.emit("Reshape", x.logical, call.builder.cast(shape.logical, INT64)))
    if target.count(-1) > 1 or any(size < -1 for size in target) or not _fits(x.shape, target):
        raise ModelFormatError(f"it cannot reshape a tensor of shape {x.shape} to {target}")
    if 0 in target or 0 in x.shape:
        return call.logical(call.emit("Reshape", x.logical, int64(target), allowzero=1))
    if x.rank and x.shape[0] == BATCH and _keeps_samples_apart(x.shape, target):
        target[0] = 0  # ONNX: as in the input
    # A single pixel has the same layout in NHWC and NCHW.
    source = x.planar if x.is_planar and x.shape[1:3] == (1, 1) else x.logical
    return call.logical(call.emit("Reshape", source, int64(target)))


def _target(x: Tensor, shape: Tensor) -> list[int] | None:
    """Return the new sizes, -1 for the one that follows from the others; None if more than one is unknown."""
    sizes = shape.logical.sizes
    if sizes is None:
        return None if shape.constant is None else known_integers(shape, "shape")
    target = [size if isinstance(size, int) else -1 for size in sizes.ravel()]
    if target and x.rank and sizes.ravel()[0] == BATCH == x.shape[0]:
        target[0] = 1  # as in a graph whose batch is one
    return target if target.count(-1) <= 1 else None


def _fits(shape: Shape, target: list[int]) -> bool:
    """Return whether the numbers of elements agree, as far as they are known: shape inference does not check it."""
    if -1 in target or any(not isinstance(size, int) for size in shape):
        return True
    return math.prod(target) == math.prod(size for size in shape if isinstance(size, int))


def _keeps_samples_apart(shape: Shape, target: list[int]) -> bool:
    """Return whether the target's first axis is the batch: its other axes hold the elements of one sample."""
    sample = math.prod(size for size in shape[1:] if isinstance(size, int))
    if None in shape[1:] or not target or target[0] not in (1, -1):
        return False
    rest = math.prod(size for size in target[1:] if size != -1)
    if -1 in target[1:]:
        return target[0] == 1 and rest > 0 and sample % rest == 0
    return sample == rest


@translates("Squeeze")
def squeeze(call: Call, x: Tensor) -> Tensor:
    """Remove axes of size one: those in the attribute, or all."""
    named = call.attributes.integers("squeeze_dims", ()) or call.attributes.integers("axis", ())
    axes = [axis_of(axis, x.rank) for axis in named]
    if not named:
        axes = [axis for axis, size in enumerate(x.shape) if size == 1]
    # The symbolic batch may be one at run time, and would be removed then: the builder raises because it is lost.
    axes += [axis for axis, size in enumerate(x.shape) if size == BATCH and not named]
    return call.logical(call.emit("Squeeze", x.logical, int64(axes))) if axes else x


@translates("ExpandDims")
def expand_dims(call: Call, x: Tensor, axis_tensor: Tensor) -> Tensor:
    """Insert an axis of size one."""
    axis = axis_of(known_integer(axis_tensor, "axis"), x.rank + 1)
    return call.logical(call.emit("Unsqueeze", x.logical, int64([axis])))


@translates("Transpose")
def transpose(call: Call, x: Tensor, permutation: Tensor) -> Tensor:
    """Permute the axes."""
    order = [axis_of(axis, x.rank) for axis in known_integers(permutation, "permutation")]
    if sorted(order) != list(range(x.rank)):
        raise ModelFormatError(f"its permutation {order} must have each of {x.rank} axes once")
    # A graph written for NCHW transposes before and after each convolution: these two need no node, only the other
    # name of the same value.
    if tuple(order) == NHWC_TO_NCHW:
        return call.logical(x.planar)
    if tuple(order) == NCHW_TO_NHWC:
        return call.planar(x.logical)
    if x.is_planar:
        return call.logical(call.emit("Transpose", x.planar, perm=[PLANAR_AXIS[axis] for axis in order]))
    return call.logical(call.emit("Transpose", x.logical, perm=order))


@translates("Fill")
def fill(call: Call, shape: Tensor, number: Tensor) -> Tensor:
    """Return a tensor of a given shape, filled with one number."""
    return call.logical(call.emit("Expand", number.logical, call.builder.cast(shape.logical, INT64)))


@translates("Ones", "Zeros")
def filled(call: Call, shape: Tensor) -> Tensor:
    """Return a tensor of a given shape, filled with ones or zeros."""
    number = constant(call.op == "Ones", call.attributes.dtype("T", "DT_FLOAT"))
    return fill(call, shape, call.logical(number))


@translates("BroadcastTo")
def broadcast_to(call: Call, x: Tensor | OpenTensor, shape: Tensor) -> Tensor:
    """Broadcast to a given shape."""
    target = call.builder.cast(shape.logical, INT64)
    if isinstance(x, Tensor):
        return call.logical(call.emit("Expand", x.logical, target))
    if target.rank != 1 or not isinstance(target.shape[0], int):
        raise UnsupportedOpError("it broadcasts to a shape of unknown rank")
    sizes: list[Dimension] = [None] * target.shape[0] if target.sizes is None else target.sizes.tolist()
    return x.broadcast(call.builder, target, tuple(sizes if target.constant is None else target.constant.tolist()))


@translates("ZerosLike", "OnesLike")
def filled_like(call: Call, x: Tensor) -> Tensor:
    """Return zeros or ones in the shape of x."""
    number = np.asarray(call.op == "OnesLike", x.dtype)
    return call.logical(call.emit("Expand", number, _shape_value(call, x)))


@translates("Tile")
def tile(call: Call, x: Tensor, repeats: Tensor) -> Tensor:
    """Repeat x a number of times along each axis."""
    if repeats.constant is not None and any(number < 0 for number in known_integers(repeats, "repeats")):
        raise ModelFormatError("its repeats must not be negative")
    return call.logical(call.emit("Tile", x.logical, call.builder.cast(repeats.logical, INT64)))


@translates("Range")
def arange(call: Call, start: Tensor, stop: Tensor, step: Tensor) -> Tensor:
    """Return start, start + step, ... up to stop (exclusive)."""
    values = [tensor.logical for tensor in (start, stop, step)]
    numbers = [
        float(value.constant.ravel()[0]) for value in values if value.constant is not None and value.constant.size
    ]
    if len(numbers) == 3 and not (numbers[2] and (numbers[1] - numbers[0]) / numbers[2] <= MAX_ELEMENTS):
        raise ModelFormatError(f"its range from {numbers[0]} to {numbers[1]} in steps of {numbers[2]} is not finite")
    result = call.emit("Range", *values)
    result.counts = all(
        value.constant is not None and value.constant.item() == expected
        for value, expected in ((values[0], 0), (values[2], 1))
    )
    return call.logical(result)


@translates("NoOp")
def nothing(call: Call) -> Tensor:
    """Return a placeholder: only control inputs refer to this op."""
    return call.logical(constant(0, INT32))
