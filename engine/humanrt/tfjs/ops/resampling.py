"""Resizing of images on the sampling grid of TF.js."""

import numpy as np

from humanrt.errors import ModelFormatError
from humanrt.tfjs.graph import FLOAT32, INT64
from humanrt.tfjs.inference import MAX_ELEMENTS
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.elementwise import apply
from humanrt.tfjs.ops.table import Call, known_integers, translates
from humanrt.tfjs.values import Value, int64

FLOAT64 = np.dtype(np.float64)


@translates("ResizeBilinear", "ResizeNearestNeighbor")
def resize(call: Call, x: Tensor, size: Tensor) -> Tensor:
    """Resize to [height, width]. Without attributes TF.js samples asymmetrically, from the corners of pixels."""
    target = _target(size, x)
    bilinear = call.op == "ResizeBilinear"
    if bilinear:
        x = apply(call, lambda value: call.builder.cast(value, FLOAT32), x)
    if target.constant is not None and tuple(target.constant.tolist()) == x.shape[1:3]:
        return x
    corners, centers = call.attributes.flag("align_corners"), call.attributes.flag("half_pixel_centers")
    if bilinear and target.constant is None and not corners:
        return _interpolate(call, x.logical, target, centers)
    rounding = {} if bilinear else {"nearest_mode": "round_prefer_ceil" if corners or centers else "floor"}
    # Not the attribute "axes": ONNX Runtime 1.31 loses it when it moves a Transpose across a Resize.
    batch_and_channels = call.emit("Slice", call.emit("Shape", x.planar), int64([0]), int64([2]), int64([0]))
    result = call.emit(
        "Resize",
        x.planar,
        None,
        None,
        call.emit("Concat", batch_and_channels, call.builder.cast(target, INT64), axis=0),
        mode="linear" if bilinear else "nearest",
        coordinate_transformation_mode="align_corners" if corners else "half_pixel" if centers else "asymmetric",
        **rounding,
    )
    return call.planar(result)


def _interpolate(call: Call, x: Value, target: Value, centers: bool) -> Tensor:
    """Resize bilinearly to a size that is known only at run time.

    ONNX Runtime's Resize computes its grid in float32. This is exact if a size is doubled or halved, as in most models;
    for other sizes the positions are up to 1e-4 of a pixel off, which in rvm becomes 3e-4 of its largest values. So the
    grid is computed in float64, as in JavaScript.
    """
    shape, sizes = call.emit("Shape", x), call.builder.cast(target, INT64)
    for axis in (1, 2):
        old, new = (call.emit("Gather", each, np.int64(i), axis=0) for each, i in ((shape, axis), (sizes, axis - 1)))
        at = _positions(call, old, new, centers)
        floor = call.emit("Floor", at)
        weight = call.builder.cast(call.emit("Sub", at, floor), FLOAT32)
        weight = call.emit("Unsqueeze", weight, int64(range(1, 4 - axis)))
        lower, upper = (
            call.emit("Gather", x, call.builder.cast(index, INT64), axis=axis)
            for index in (floor, call.emit("Ceil", at))
        )
        x = call.emit("Add", lower, call.emit("Mul", call.emit("Sub", upper, lower), weight))
    return call.logical(x)


def _positions(call: Call, old: Value, new: Value, centers: bool) -> Value:
    """Return, in float64, the position among the ``old`` pixels of an axis of each of the ``new`` ones."""
    old, count = (call.builder.cast(size, FLOAT64) for size in (old, new))
    pixels = call.builder.cast(call.emit("Range", np.int64(0), new, np.int64(1)), FLOAT64)
    scale = call.emit("Div", old, count)
    if centers:
        middles = call.emit("Add", pixels, np.float64(0.5))
        at = call.emit("Sub", call.emit("Mul", middles, scale), np.float64(0.5))
    else:
        at = call.emit("Mul", pixels, scale)
    last = call.emit("Sub", old, np.float64(1))
    return call.emit("Min", call.emit("Max", at, np.float64(0)), last)


def _target(size: Tensor, x: Tensor) -> Value:
    if x.rank != 4 or size.shape != (2,):
        raise ModelFormatError(
            f"its input has {x.rank} axes and its size the shape {size.shape}; they must be 4 axes and [height, width]"
        )
    if size.constant is not None and any(not 1 <= number <= MAX_ELEMENTS for number in known_integers(size, "size")):
        raise ModelFormatError(f"its size {size.constant.tolist()} is out of range")
    return size.logical
