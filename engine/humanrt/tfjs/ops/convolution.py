"""Convolutions, pooling and matrix products, with the bias and activation that TensorFlow fuses into them."""

from collections.abc import Sequence
from typing import Any

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import INT32, Dimension
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.activation import activate
from humanrt.tfjs.ops.pictures import as_written, by_axis, picture
from humanrt.tfjs.ops.table import TABLE, Call, known, translates
from humanrt.tfjs.values import Value, int64

_MAX_WINDOW = 2**16
"""No kernel, stride or dilation reaches it; larger ones overflow the arithmetic of shape inference."""


def same_padding(
    sizes: Sequence[Dimension], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[int] | None:
    """Return TensorFlow's SAME padding as ONNX pads, begins then ends, the odd pixel last.

    None where it depends on a size that is not known; a stride of one gives the same for all sizes.
    """
    begins, ends = [], []
    for size, extent, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
        total = (extent - 1) * dilation
        if isinstance(size, int):
            total = max((-(-size // stride) - 1) * stride + total + 1 - size, 0)
        elif stride != 1:
            return None
        begins.append(total // 2)
        ends.append(total - total // 2)
    return begins + ends


def _window(call: Call, name: str, default: tuple[int, ...] | None = None) -> list[int]:
    """Return the two spatial numbers of an attribute like ``strides``, which lists four."""
    numbers = call.attributes.integers(name, default)
    if len(numbers) == 4:
        batch, height, width, channels = by_axis(call, numbers)
        if (batch, channels) == (1, 1) and 1 <= height < _MAX_WINDOW and 1 <= width < _MAX_WINDOW:
            return [height, width]
    raise ModelFormatError(f"attribute {name!r} is {numbers}, which moves no window over height and width")


def _padding(
    call: Call, x: Tensor, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> dict[str, Any]:
    """Return the ONNX attributes that pad x for a window."""
    padding = call.attributes.text("padding")
    if padding == "VALID":
        return {"pads": [0, 0, 0, 0]}
    if padding == "SAME":
        pads = same_padding(x.shape[1:3], kernel, strides, dilations)
        if pads is None and max(dilations) > 1:
            raise UnsupportedOpError("strides and is dilated at once, over a size that is not known")
        return {"auto_pad": "SAME_UPPER"} if pads is None else {"pads": pads}
    if padding == "EXPLICIT":
        numbers = call.attributes.integers("explicit_paddings")
        if len(numbers) == 8 and all(0 <= n < _MAX_WINDOW for n in numbers):
            _, (top, bottom), (left, right), _ = by_axis(call, [numbers[i : i + 2] for i in (0, 2, 4, 6)])
            return {"pads": [top, left, bottom, right]}
    raise ModelFormatError(f"attribute 'padding' is {padding!r}, or its explicit numbers do not fit")


def _filter_shape(weights: Tensor) -> tuple[int, int, int, int]:
    sizes = [size for size in weights.shape if isinstance(size, int)]
    if len(sizes) != 4 or weights.rank != 4 or 0 in sizes:
        raise ModelFormatError(f"its filter has the shape {weights.shape}, not [height, width, in, out]")
    return sizes[0], sizes[1], sizes[2], sizes[3]


@translates("Conv2D", "_FusedConv2D", "DepthwiseConv2d", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative")
def convolution(call: Call, x: Tensor, weights: Tensor, *extra: Tensor) -> Tensor:
    """Return a convolution; a depthwise one is a grouped one with a group for each channel."""
    x = picture(call, x)
    height, width, channels, multiplier = _filter_shape(weights)
    strides, dilations = _window(call, "strides"), _window(call, "dilations", (1, 1, 1, 1))
    if "Depthwise" in call.op:
        transposed = call.emit("Transpose", weights.logical, perm=(2, 3, 0, 1))
        kernel = call.emit("Reshape", transposed, int64([channels * multiplier, 1, height, width]))
        group = channels
        fits = x.shape[3] in (channels, None)
    else:
        kernel = call.emit("Transpose", weights.logical, perm=(3, 2, 0, 1))
        group = x.shape[3] // channels if isinstance(x.shape[3], int) else 1
        fits = group > 0 and multiplier % group == 0 and x.shape[3] in (group * channels, None)
    if not fits:
        raise ModelFormatError(f"its filter of shape {weights.shape} does not fit an input of {x.shape[3]} channels")
    bias, names, arguments = _fused(call, extra)
    result = call.emit(
        "Conv",
        x.planar,
        kernel,
        *([bias] if bias is not None else []),
        kernel_shape=[height, width],
        strides=strides,
        dilations=dilations,
        group=group,
        **_padding(call, x, (height, width), strides, dilations),
    )
    return _activated(call, as_written(call, call.planar(result)), names, arguments)


def _fused(call: Call, extra: Sequence[Tensor]) -> tuple[Value | None, Sequence[str], list[Tensor]]:
    """Return the fused bias, the names of the fused activations, and the operands left for these."""
    names, arguments = call.attributes.texts("fused_ops"), list(extra)
    if "BiasAdd" not in names:
        return None, names, arguments
    if names[0] != "BiasAdd" or not arguments or arguments[0].rank != 1:
        raise UnsupportedOpError(f"its fused ops {names} do not begin with a bias of one axis")
    return arguments.pop(0).logical, names[1:], arguments


def _activated(call: Call, result: Tensor, names: Sequence[str], arguments: list[Tensor]) -> Tensor:
    for name in names:
        result = activate(call, name, result, arguments)
    if arguments:
        raise ModelFormatError(f"{len(arguments)} inputs are left over after its fused ops {list(names)}")
    return result


@translates("Conv2DBackpropInput")
def transposed_convolution(call: Call, output_shape: Tensor, weights: Tensor, x: Tensor) -> Tensor:
    """Undo the striding of a convolution (its gradient), to a given output size."""
    x = picture(call, x)
    height, width, _, channels = _filter_shape(weights)
    if x.shape[3] != channels:
        raise ModelFormatError(f"its filter takes {channels} channels, its input has {x.shape[3]}")
    strides, wanted = _window(call, "strides"), _output_size(call, output_shape)
    if len(wanted) != 2 or call.attributes.text("padding") not in {"SAME", "VALID"}:
        raise UnsupportedOpError(f"pads {call.attributes.text('padding')!r} to the size {wanted}")
    if _window(call, "dilations", (1, 1, 1, 1)) != [1, 1]:
        raise UnsupportedOpError("is dilated")
    begins, ends, missing = [], [], []
    for size, target, stride, extent in zip(x.shape[1:3], wanted, strides, (height, width), strict=True):
        if not isinstance(size, int):
            raise UnsupportedOpError("its input's size is known only when the model runs")
        surplus = (size - 1) * stride + extent - target
        if not -stride < surplus < extent + stride:
            raise ModelFormatError(f"cannot make a size of {target} from {size} with a stride of {stride}")
        begins.append(max(surplus, 0) // 2)
        ends.append(max(surplus, 0) - begins[-1])
        missing.append(max(-surplus, 0))
    result = call.emit(
        "ConvTranspose",
        x.planar,
        call.emit("Transpose", weights.logical, perm=(3, 2, 0, 1)),
        kernel_shape=[height, width],
        strides=strides,
        pads=begins + ends,
        output_padding=missing,
    )
    return as_written(call, call.planar(result))


def _output_size(call: Call, output_shape: Tensor) -> list[int]:
    """Return [height, width]; the batch and channels that the operand may name beside them need not be known."""
    sizes = output_shape.logical.sizes
    numbers = known(output_shape, "output size").ravel().tolist() if sizes is None else sizes.ravel().tolist()
    return [size for size in (by_axis(call, numbers)[1:3] if len(numbers) == 4 else numbers) if isinstance(size, int)]


def _pool(call: Call, x: Tensor) -> Tensor:
    x = picture(call, x)
    kernel, strides = _window(call, "ksize"), _window(call, "strides")
    if call.op == "AvgPool" and tuple(kernel) == x.shape[1:3] and call.attributes.text("padding") == "VALID":
        # ONNX Runtime adds up one number after the other: thousands gather rounding errors that rows do not.
        rows = call.emit("ReduceMean", x.planar, int64([3]), keepdims=1)
        return as_written(call, call.planar(call.emit("ReduceMean", rows, int64([2]), keepdims=1)))
    pads = _padding(call, x, kernel, strides, (1, 1))
    onnx_op = {"MaxPool": "MaxPool", "AvgPool": "AveragePool"}[call.op]
    return as_written(call, call.planar(call.emit(onnx_op, x.planar, kernel_shape=kernel, strides=strides, **pads)))


TABLE.update(MaxPool=_pool, AvgPool=_pool)


@translates("MatMul", "_FusedMatMul")
def matrix_product(call: Call, x: Tensor, y: Tensor, *extra: Tensor) -> Tensor:
    """Return the product of two matrices, plus the fused bias."""
    if x.rank != 2 or y.rank != 2:
        raise ModelFormatError(f"multiplies tensors of {x.rank} and {y.rank} axes, not matrices")
    if x.dtype == INT32 and not extra:
        return _product(call, x, y, call.attributes.flag("transpose_a"), call.attributes.flag("transpose_b"))
    bias, names, arguments = _fused(call, extra)
    result = call.emit(
        "Gemm",
        x.logical,
        y.logical,
        *([bias] if bias is not None else []),
        transA=int(call.attributes.flag("transpose_a")),
        transB=int(call.attributes.flag("transpose_b")),
    )
    return _activated(call, call.logical(result), names, arguments)


@translates("Einsum")
def einstein_sum(call: Call, *operands: Tensor) -> Tensor:
    """Return the sum of products that an equation describes, as numpy's."""
    equation = call.attributes.text("equation")
    return call.logical(call.emit("Einsum", *(operand.logical for operand in operands), equation=equation))


@translates("BatchMatMul", "BatchMatMulV2")
def batched_matrix_product(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """Products of matrices, the leading axes broadcast."""
    return _product(call, x, y, call.attributes.flag("adj_x"), call.attributes.flag("adj_y"))


def _product(call: Call, x: Tensor, y: Tensor, turn_x: bool, turn_y: bool) -> Tensor:
    def oriented(tensor: Tensor, turned: bool) -> Value:
        if tensor.rank < 2:
            raise ModelFormatError(f"multiplies a tensor of {tensor.rank} axes")
        order = [*range(tensor.rank - 2), tensor.rank - 1, tensor.rank - 2]
        return call.emit("Transpose", tensor.logical, perm=order) if turned else tensor.logical

    return call.logical(call.emit("MatMul", oriented(x, turn_x), oriented(y, turn_y)))
