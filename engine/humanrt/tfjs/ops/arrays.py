"""Joining, splitting, gathering and padding."""

import numpy as np

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import INT64
from humanrt.tfjs.layout import NHWC_TO_NCHW, PLANAR_AXIS, Tensor
from humanrt.tfjs.ops.table import Call, axis_of, known, known_integer, known_integers, translates
from humanrt.tfjs.values import Value, constant, int64

MAX_PARTS = 2**12
"""The most pieces an op may split its input into; each piece becomes a node."""


@translates("ConcatV2")
def concatenate(call: Call, *operands: Tensor) -> Tensor:
    """Concatenate tensors along the axis given by the last operand; empty tensors are left out."""
    if len(operands) < 2:
        raise ModelFormatError("it has no tensors to concatenate")
    *tensors, axis_tensor = operands
    axis = axis_of(known_integer(axis_tensor, "axis"), tensors[0].rank)
    if any(tensor.rank != tensors[0].rank for tensor in tensors):
        ranks = ", ".join(str(tensor.rank) for tensor in tensors)
        raise ModelFormatError(f"it concatenates tensors of different ranks: {ranks}")
    tensors = [tensor for tensor in tensors if 0 not in tensor.shape] or tensors[:1]
    if len(tensors) == 1:
        return tensors[0]
    if any(tensor.is_planar for tensor in tensors):
        return call.planar(call.emit("Concat", *(tensor.planar for tensor in tensors), axis=PLANAR_AXIS[axis]))
    return call.logical(call.emit("Concat", *(tensor.logical for tensor in tensors), axis=axis))


@translates("Concat")
def concatenate_axis_first(call: Call, axis: Tensor, *tensors: Tensor) -> Tensor:
    """Concatenate tensors along the axis given by the first operand: the first version of the op."""
    return concatenate(call, *tensors, axis)


@translates("Pack")
def stack(call: Call, *tensors: Tensor) -> Tensor:
    """Stack tensors along a new axis, which is an attribute."""
    if not tensors:
        raise ModelFormatError("it has no tensors to stack")
    axis = axis_of(call.attributes.integer("axis", 0), tensors[0].rank + 1)
    return stacked(call, tensors, axis)


def stacked(call: Call, tensors: tuple[Tensor, ...], axis: int) -> Tensor:
    """Stack tensors along a new axis."""
    rows = [call.emit("Unsqueeze", tensor.logical, int64([axis])) for tensor in tensors]
    return call.logical(rows[0] if len(rows) == 1 else call.emit("Concat", *rows, axis=axis))


@translates("Unpack")
def unstack(call: Call, x: Tensor) -> tuple[Tensor, ...]:
    """Return the slices along an axis, which is an attribute, without that axis."""
    axis = axis_of(call.attributes.integer("axis", 0), x.rank)
    count = call.attributes.integer("num")
    if x.shape[axis] != count:
        raise ModelFormatError(f"it unpacks {count} slices from an axis of size {x.shape[axis]}")
    return unstacked(call, x, axis)


def unstacked(call: Call, x: Tensor, axis: int) -> tuple[Tensor, ...]:
    """Return the slices along an axis of known size, without that axis."""
    count = x.shape[axis]
    if not isinstance(count, int):
        raise UnsupportedOpError("it unpacks an axis whose size is known only at run time")
    parts = _split(call, x.logical, axis, count)
    return tuple(call.logical(call.emit("Squeeze", part, int64([axis]))) for part in parts)


@translates("Split")
def split(call: Call, axis_tensor: Tensor, x: Tensor) -> tuple[Tensor, ...]:
    """Split into pieces of equal size along an axis."""
    axis, count = axis_of(known_integer(axis_tensor, "axis"), x.rank), call.attributes.integer("num_split")
    size = x.shape[axis]
    if not isinstance(size, int) or count < 1 or size % count:
        raise ModelFormatError(f"it cannot split an axis of size {size} into {count} equal pieces")
    if x.is_planar:
        return tuple(map(call.planar, _split(call, x.planar, PLANAR_AXIS[axis], count)))
    return tuple(map(call.logical, _split(call, x.logical, axis, count)))


@translates("SplitV")
def split_by_sizes(call: Call, x: Tensor, sizes_tensor: Tensor, axis_tensor: Tensor) -> tuple[Tensor, ...]:
    """Split into pieces of given sizes along an axis; one size may be -1, which stands for the rest."""
    axis, sizes = axis_of(known_integer(axis_tensor, "axis"), x.rank), known_integers(sizes_tensor, "sizes")
    whole = x.shape[axis]
    if not isinstance(whole, int):
        raise UnsupportedOpError("it splits an axis whose size is known only at run time")
    rest = whole - sum(size for size in sizes if size >= 0)
    sizes = [rest if size == -1 else size for size in sizes]
    if not 0 < len(sizes) <= MAX_PARTS or any(size < 0 for size in sizes) or sum(sizes) != whole:
        raise ModelFormatError(f"it cannot split an axis of size {whole} into {sizes[:8]}")
    if len(sizes) == 1:
        return (x,)
    return tuple(map(call.logical, call.builder.emit_many("Split", len(sizes), x.logical, int64(sizes), axis=axis)))


def _split(call: Call, value: Value, axis: int, count: int) -> tuple[Value, ...]:
    if not 1 <= count <= MAX_PARTS:
        raise ModelFormatError(f"it splits its input into {count} pieces; at most {MAX_PARTS} are supported")
    return (value,) if count == 1 else call.builder.emit_many("Split", count, value, axis=axis, num_outputs=count)


@translates("Pad", "PadV2")
def pad(call: Call, x: Tensor, paddings: Tensor, fill: Tensor | None = None) -> Tensor:
    """Pad with zeros or a given number. ``paddings`` has one row [before, after] for each axis."""
    number = constant(0, x.dtype) if fill is None else fill.logical
    _check_paddings_shape(x, paddings)
    if paddings.constant is None:
        begins_then_ends = call.emit("Transpose", call.builder.cast(paddings.logical, INT64), perm=(1, 0))
        flat = call.emit("Reshape", begins_then_ends, int64([2 * x.rank]))
        return call.logical(call.emit("Pad", x.logical, flat, number))
    margins = paddings.constant.astype(np.int64)
    if (margins < 0).any():
        raise ModelFormatError("its paddings must not be negative")
    if x.is_planar:
        return call.planar(call.emit("Pad", x.planar, margins[list(NHWC_TO_NCHW)].T.ravel(), number))
    return call.logical(call.emit("Pad", x.logical, margins.T.ravel(), number))


@translates("MirrorPad")
def mirror_pad(call: Call, x: Tensor, paddings: Tensor) -> Tensor:
    """Pad with a reflection of the input that does not repeat its outermost elements."""
    if (mode := call.attributes.text("mode")) != "REFLECT":
        raise UnsupportedOpError(f"its mode is {mode!r}; only REFLECT is supported")
    _check_paddings_shape(x, paddings)
    margins = known(paddings, "paddings").astype(np.int64)
    known_sizes = [(size, sides) for size, sides in zip(x.shape, margins, strict=True) if isinstance(size, int)]
    if (margins < 0).any() or any(sides.max() >= size for size, sides in known_sizes):
        raise ModelFormatError(f"its paddings {margins.tolist()} do not fit an input of shape {x.shape}")
    return call.logical(call.emit("Pad", x.logical, margins.T.ravel(), mode="reflect"))


def _check_paddings_shape(x: Tensor, paddings: Tensor) -> None:
    if paddings.shape != (x.rank, 2):
        raise ModelFormatError(
            f"its paddings have the shape {paddings.shape}; an input of {x.rank} axes needs ({x.rank}, 2)"
        )
