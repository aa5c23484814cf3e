"""Convolutions, pooling and matrix products, with the bias and activation that TensorFlow fuses into them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.builder import Value, int64
from humanrt.tfjs.graph import INT32, Dimension
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.elementwise import activate
from humanrt.tfjs.ops.table import TABLE, Call, known, known_integers, translates

_MAX_WINDOW = 2**16
"""No kernel, stride or dilation reaches it; larger ones overflow the arithmetic of shape inference."""


def same_padding(
    sizes: Sequence[Dimension], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[int] | None:
    """Return TensorFlow's SAME padding as ONNX pads, begins then ends, the odd pixel last; None for unknown sizes."""
    begins, ends = [], []
    for size, extent, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
        if not isinstance(size, int):
            return None
        total = max((-(-size // stride) - 1) * stride + (extent - 1) * dilation + 1 - size, 0)
        begins.append(total // 2)
        ends.append(total - total // 2)
    return begins + ends


def _window(call: Call, name: str, default: tuple[int, ...] | None = None) -> list[int]:
    """Return the two spatial numbers of an attribute like ``strides``, which lists four."""
    numbers = call.attributes.integers(name, default)
    if len(numbers) != 4 or numbers[0] != 1 or numbers[3] != 1 or any(not 1 <= n < _MAX_WINDOW for n in numbers):
        raise ModelFormatError(f"attribute {name!r} is {numbers}, not [1, height, width, 1]")
    return list(numbers[1:3])


def _padding(
    call: Call, x: Tensor, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> dict[str, Any]:
    """Return the ONNX attributes that pad x for a window."""
    padding = call.attributes.text("padding")
    if padding == "VALID":
        return {"pads": [0, 0, 0, 0]}
    if padding == "SAME":
        pads = same_padding(x.shape[1:3], kernel, strides, dilations)
        return {"auto_pad": "SAME_UPPER"} if pads is None else {"pads": pads}
    if padding == "EXPLICIT":
        numbers = call.attributes.integers("explicit_paddings")
        if len(numbers) == 8 and all(0 <= n < _MAX_WINDOW for n in numbers):
            return {"pads": [numbers[2], numbers[4], numbers[3], numbers[5]]}
    raise ModelFormatError(f"attribute 'padding' is {padding!r}, or its explicit numbers do not fit")


def _require_picture(call: Call, x: Tensor) -> None:
    if call.attributes.text("data_format", "NHWC") != "NHWC":
        raise UnsupportedOpError("only the layout NHWC is translated")
    if x.rank != 4:
        raise ModelFormatError(f"its input has {x.rank} axes, not 4")


def _filter_shape(weights: Tensor) -> tuple[int, int, int, int]:
    sizes = [size for size in weights.shape if isinstance(size, int)]
    if len(sizes) != 4 or weights.rank != 4 or 0 in sizes:
        raise ModelFormatError(f"its filter has the shape {weights.shape}, not [height, width, in, out]")
    return sizes[0], sizes[1], sizes[2], sizes[3]


@translates("Conv2D", "_FusedConv2D", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative")
def convolution(call: Call, x: Tensor, weights: Tensor, *extra: Tensor) -> Tensor:
    """Return a convolution; a depthwise one is a grouped one with a group for each channel."""
    _require_picture(call, x)
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
    return _activated(call, call.planar(result), names, arguments)


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
    _require_picture(call, x)
    height, width, _, channels = _filter_shape(weights)
    if x.shape[3] != channels:
        raise ModelFormatError(f"its filter takes {channels} channels, its input has {x.shape[3]}")
    strides, wanted = _window(call, "strides"), _output_size(output_shape)
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
    return call.planar(result)


def _output_size(output_shape: Tensor) -> list[int]:
    """Return [height, width]; the batch and channels that the operand may name beside them need not be known."""
    sizes = output_shape.logical.sizes
    numbers = known(output_shape, "output size").ravel().tolist() if sizes is None else sizes.ravel().tolist()
    return [size for size in (numbers[1:3] if len(numbers) == 4 else numbers) if isinstance(size, int)]


def _pool(call: Call, x: Tensor) -> Tensor:
    _require_picture(call, x)
    kernel, strides = _window(call, "ksize"), _window(call, "strides")
    pads = _padding(call, x, kernel, strides, (1, 1))
    onnx_op = {"MaxPool": "MaxPool", "AvgPool": "AveragePool"}[call.op]
    return call.planar(call.emit(onnx_op, x.planar, kernel_shape=kernel, strides=strides, **pads))


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


@translates("DepthToSpace")
def depth_to_space(call: Call, x: Tensor) -> Tensor:
    """Channels to blocks of pixels, depth first."""
    _require_picture(call, x)
    block = call.attributes.integer("block_size")
    if not 2 <= block < _MAX_WINDOW:
        raise ModelFormatError(f"attribute 'block_size' is {block}")
    return call.planar(call.emit("DepthToSpace", x.planar, blocksize=block, mode="DCR"))


@translates("SpaceToBatchND")
def space_to_batch(call: Call, x: Tensor, block_shape: Tensor, paddings: Tensor) -> Tensor:
    """Blocks of pixels to samples of the batch: how a dilated convolution was written once."""
    blocks = known_integers(block_shape, "block shape")
    margins = np.array(known_integers(paddings, "paddings"), np.int64).reshape(-1, 2)
    _require_blocks(x, blocks, len(margins))
    last = len(blocks) + 1
    around = np.zeros((x.rank, 2), np.int64)
    around[1:last] = margins
    padded = call.emit("Pad", x.logical, around.T.ravel(), np.zeros((), x.dtype))
    sizes = _sizes(padded)
    split = [sizes[0]]
    for size, block in zip(sizes[1:last], blocks, strict=True):
        if size % block:
            raise ModelFormatError(f"cannot cut a size of {size} into blocks of {block}")
        split += [size // block, block]
    count = len(blocks)
    order = [*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count, 2), *range(2 * count + 1, count + x.rank)]
    cut = call.emit("Transpose", call.emit("Reshape", padded, int64(split + sizes[last:])), perm=order)
    merged = [sizes[0] * int(np.prod(blocks)), *split[1::2], *sizes[last:]]
    return call.logical(call.emit("Reshape", cut, int64(merged)))


@translates("BatchToSpaceND")
def batch_to_space(call: Call, x: Tensor, block_shape: Tensor, crops: Tensor) -> Tensor:
    """Return the way back from ``space_to_batch``."""
    blocks = known_integers(block_shape, "block shape")
    margins = np.array(known_integers(crops, "crops"), np.int64).reshape(-1, 2)
    _require_blocks(x, blocks, len(margins))
    sizes, count = _sizes(x.logical), len(blocks)
    batch, area = sizes[0], int(np.prod(blocks))
    if batch % area:
        raise ModelFormatError(f"cannot spread a batch of {batch} over blocks of {area}")
    split = call.emit("Reshape", x.logical, int64([*blocks, batch // area, *sizes[1:]]))
    order = [count]
    for axis in range(count):
        order += [count + 1 + axis, axis]
    order += range(2 * count + 1, count + x.rank)
    joined = [size * block for size, block in zip(sizes[1:], blocks, strict=False)]
    spread = call.emit("Transpose", split, perm=order)
    whole = call.emit("Reshape", spread, int64([batch // area, *joined, *sizes[count + 1 :]]))
    ends = [size - after for size, after in zip(joined, margins[:, 1], strict=True)]
    cut = call.emit("Slice", whole, int64(margins[:, 0]), int64(ends), int64(range(1, count + 1)))
    return call.logical(cut)


def _require_blocks(x: Tensor, blocks: Sequence[int], margins: int) -> None:
    if not 0 < len(blocks) < x.rank or margins != len(blocks) or any(not 1 <= block < _MAX_WINDOW for block in blocks):
        raise ModelFormatError(f"its blocks {list(blocks)} do not fit an input of {x.rank} axes")


def _sizes(value: Value) -> list[int]:
    sizes = [size for size in value.shape if isinstance(size, int)]
    if len(sizes) != value.rank:
        raise UnsupportedOpError("its input's size is known only when the model runs")
    return sizes
