"""Resizing pictures on the very grid that TF.js samples."""

import numpy as np

from humanrt.errors import ModelFormatError
from humanrt.tfjs.builder import int64
from humanrt.tfjs.graph import FLOAT32
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.elementwise import apply
from humanrt.tfjs.ops.table import Call, known_integers, translates


@translates("ResizeBilinear", "ResizeNearestNeighbor")
def resize(call: Call, x: Tensor, size: Tensor) -> Tensor:
    """Resize to [height, width]. Without flags TF.js samples asymmetrically, from pixel corners."""
    height, width = _target(size, x)
    bilinear = call.op == "ResizeBilinear"
    if bilinear:
        x = apply(call, lambda value: call.builder.cast(value, FLOAT32), x)
    if (height, width) == x.shape[1:3]:
        return x
    corners, centers = call.attributes.flag("align_corners"), call.attributes.flag("half_pixel_centers")
    rounding = {} if bilinear else {"nearest_mode": "round_prefer_ceil" if corners or centers else "floor"}
    # Not the attribute "axes": ONNX Runtime 1.31 forgets it when it moves a Transpose across a Resize.
    batch_and_channels = call.emit("Slice", call.emit("Shape", x.planar), int64([0]), int64([2]), int64([0]))
    result = call.emit(
        "Resize",
        x.planar,
        None,
        None,
        call.emit("Concat", batch_and_channels, int64([height, width]), axis=0),
        mode="linear" if bilinear else "nearest",
        coordinate_transformation_mode="align_corners" if corners else "half_pixel" if centers else "asymmetric",
        **rounding,
    )
    return call.planar(result)


def _target(size: Tensor, x: Tensor) -> tuple[int, int]:
    numbers = known_integers(size, "size")
    if len(numbers) != 2 or any(not 1 <= number <= np.iinfo(np.int32).max for number in numbers) or x.rank != 4:
        raise ModelFormatError(f"resizes an input of {x.rank} axes to {numbers}")
    return numbers[0], numbers[1]
