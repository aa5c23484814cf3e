"""Convolutions, pooling, normalization and matrix products, with the bias and activation that TensorFlow fuses."""

from collections.abc import Sequence
from typing import Any

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import INT32, Dimension
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.activation import activate
from humanrt.tfjs.ops.table import TABLE, Call, known, translates
from humanrt.tfjs.values import Value, int64

_MAX_WINDOW = 2**16
"""An exclusive limit on kernels, strides and dilations: larger ones overflow the arithmetic of shape inference."""


_MAX_EQUATION = 256


def same_padding(
    sizes: Sequence[Dimension], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[int] | None:
    """Return TensorFlow's SAME padding as ONNX pads: all begins, then all ends, an odd pixel at the end.

    Return None if the padding depends on an unknown size; with a stride of one it is the same for all sizes.
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
    """Return the height and width of an attribute like ``strides``, which has one number for each of four axes."""
    numbers = call.attributes.integers(name, default)
    if len(numbers) == 4:
        batch, height, width, channels = call.by_axis(numbers)
        if (batch, channels) == (1, 1) and 1 <= height < _MAX_WINDOW and 1 <= width < _MAX_WINDOW:
            return [height, width]
    raise ModelFormatError(
        f"attribute {name!r} is {numbers}; it must have four numbers: 1 for batch and channels, and from 1 to "
        f"{_MAX_WINDOW - 1} for height and width"
    )


def _padding(
    call: Call, x: Tensor, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> dict[str, Any]:
    """Return the ONNX attributes of the padding of x for a window."""
    padding = call.attributes.text("padding")
    if padding == "VALID":
        return {"pads": [0, 0, 0, 0]}
    if padding == "SAME":
        pads = same_padding(x.shape[1:3], kernel, strides, dilations)
        if pads is None and max(dilations) > 1:
            raise UnsupportedOpError("it has strides and dilations, and its input has an unknown size")
        return {"auto_pad": "SAME_UPPER"} if pads is None else {"pads": pads}
    if padding == "EXPLICIT":
        numbers = call.attributes.integers("explicit_paddings")
        if len(numbers) == 8 and all(0 <= n < _MAX_WINDOW for n in numbers):
            _, (top, bottom), (left, right), _ = call.by_axis([numbers[i : i + 2] for i in (0, 2, 4, 6)])
            return {"pads": [top, left, bottom, right]}
    raise ModelFormatError(
        f"attribute 'padding' is {padding!r}; it must be VALID, SAME, or EXPLICIT with eight 'explicit_paddings'"
    )


def _filter_shape(weights: Tensor) -> tuple[int, int, int, int]:
    sizes = [size for size in weights.shape if isinstance(size, int)]
    if len(sizes) != 4 or weights.rank != 4 or 0 in sizes:
        raise ModelFormatError(f"its filter has the shape {weights.shape}; it must be [height, width, in, out]")
    return sizes[0], sizes[1], sizes[2], sizes[3]


@translates("Conv2D", "_FusedConv2D", "DepthwiseConv2d", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative")
def convolution(call: Call, x: Tensor, weights: Tensor, *extra: Tensor) -> Tensor:
    """Convolve; a depthwise convolution becomes a grouped one with one group for each channel."""
    x = call.images(x)
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
    return _activated(call, call.in_data_format(call.planar(result)), names, arguments)


def _fused(call: Call, extra: Sequence[Tensor]) -> tuple[Value | None, Sequence[str], list[Tensor]]:
    """Return the fused bias, the names of the fused activations, and the operands of the activations."""
    names, arguments = call.attributes.texts("fused_ops"), list(extra)
    if "BiasAdd" not in names:
        return None, names, arguments
    if names[0] != "BiasAdd" or not arguments or arguments[0].rank != 1:
        raise UnsupportedOpError(f"its fused ops are {names}; the first must be BiasAdd, with a bias of one axis")
    return arguments.pop(0).logical, names[1:], arguments


def _activated(call: Call, result: Tensor, names: Sequence[str], arguments: list[Tensor]) -> Tensor:
    for name in names:
        result = activate(call, name, result, arguments)
    if arguments:
        raise ModelFormatError(f"{len(arguments)} of its inputs are not used by its fused ops {list(names)}")
    return result


@translates("Conv2DBackpropInput")
def transposed_convolution(call: Call, output_shape: Tensor, weights: Tensor, x: Tensor) -> Tensor:
    """Compute the transposed convolution (the gradient of a convolution) for a given output size."""
    x = call.images(x)
    height, width, _, channels = _filter_shape(weights)
    if x.shape[3] != channels:
        raise ModelFormatError(f"its filter has {channels} input channels, its input has {x.shape[3]}")
    strides, wanted = _window(call, "strides"), _output_size(call, output_shape)
    padding = call.attributes.text("padding")
    if len(wanted) != 2 or padding not in {"SAME", "VALID"}:
        raise UnsupportedOpError(
            f"its padding is {padding!r} and its output size {wanted}; SAME and VALID to [height, width] are supported"
        )
    if _window(call, "dilations", (1, 1, 1, 1)) != [1, 1]:
        raise UnsupportedOpError("it has dilations")
    begins, ends, missing = [], [], []
    for size, target, stride, extent in zip(x.shape[1:3], wanted, strides, (height, width), strict=True):
        if not isinstance(size, int):
            raise UnsupportedOpError("the size of its input is known only at run time")
        surplus = (size - 1) * stride + extent - target
        if not -stride < surplus < extent + stride:
            raise ModelFormatError(f"a size of {target} cannot follow from {size} with a stride of {stride}")
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
    return call.in_data_format(call.planar(result))


def _output_size(call: Call, output_shape: Tensor) -> list[int]:
    """Return [height, width]; a batch and channels in the operand need not be known."""
    sizes = output_shape.logical.sizes
    numbers = known(output_shape, "output size").ravel().tolist() if sizes is None else sizes.ravel().tolist()
    return [size for size in (call.by_axis(numbers)[1:3] if len(numbers) == 4 else numbers) if isinstance(size, int)]


def _pool(call: Call, x: Tensor) -> Tensor:
    x = call.images(x)
    kernel, strides = _window(call, "ksize"), _window(call, "strides")
    if call.op == "AvgPool" and tuple(kernel) == x.shape[1:3] and call.attributes.text("padding") == "VALID":
        # ONNX Runtime sums a window sequentially: the rounding errors of thousands of numbers exceed those of rows.
        rows = call.emit("ReduceMean", x.planar, int64([3]), keepdims=1)
        return call.in_data_format(call.planar(call.emit("ReduceMean", rows, int64([2]), keepdims=1)))
    pads = _padding(call, x, kernel, strides, (1, 1))
    onnx_op = {"MaxPool": "MaxPool", "AvgPool": "AveragePool"}[call.op]
    return call.in_data_format(call.planar(call.emit(onnx_op, x.planar, kernel_shape=kernel, strides=strides, **pads)))


TABLE.update(MaxPool=_pool, AvgPool=_pool)


@translates("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def batch_norm(call: Call, x: Tensor, scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """Compute (x - mean) / sqrt(variance + epsilon) * scale + offset for each channel."""
    images, statistics = call.images(x), (scale, offset, mean, variance)
    if any(tensor.shape != (images.shape[3],) for tensor in statistics):
        raise ModelFormatError(f"its statistics do not fit an input of {images.shape[3]} channels")
    epsilon = call.attributes.number("epsilon", 1e-3)
    operands = [tensor.logical for tensor in statistics]
    return call.in_data_format(call.planar(call.emit("BatchNormalization", images.planar, *operands, epsilon=epsilon)))


@translates("MatMul", "_FusedMatMul")
def matrix_product(call: Call, x: Tensor, y: Tensor, *extra: Tensor) -> Tensor:
    """Multiply two matrices, and add the fused bias."""
    if x.rank != 2 or y.rank != 2:
        raise ModelFormatError(f"it multiplies tensors of {x.rank} and {y.rank} axes; both must have two")
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
    """Compute the Einstein summation of an equation, as ``numpy.einsum`` does."""
    equation = call.attributes.text("equation")
    if len(equation) > _MAX_EQUATION:
        raise ModelFormatError(f"its equation has {len(equation)} characters; at most {_MAX_EQUATION} are supported")
    return call.logical(call.emit("Einsum", *(operand.logical for operand in operands), equation=equation))


@translates("BatchMatMul", "BatchMatMulV2")
def batched_matrix_product(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """Multiply matrices, with the leading axes broadcast."""
    return _product(call, x, y, call.attributes.flag("adj_x"), call.attributes.flag("adj_y"))


def _product(call: Call, x: Tensor, y: Tensor, turn_x: bool, turn_y: bool) -> Tensor:
    def oriented(tensor: Tensor, turned: bool) -> Value:
        if tensor.rank < 2:
            raise ModelFormatError(f"it multiplies a tensor of {tensor.rank} axes; at least two are needed")
        order = [*range(tensor.rank - 2), tensor.rank - 1, tensor.rank - 2]
        return call.emit("Transpose", tensor.logical, perm=order) if turned else tensor.logical

    return call.logical(call.emit("MatMul", oriented(x, turn_x), oriented(y, turn_y)))
