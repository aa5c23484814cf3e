"""Bounds and activations, on their own and fused into convolutions."""

from dataclasses import replace

import numpy as np

from humanrt.errors import UnsupportedOpError
from humanrt.tfjs.graph import FLOAT32
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.elementwise import apply, same
from humanrt.tfjs.ops.table import Call, translates
from humanrt.tfjs.values import Value


@translates("Sigmoid")
def sigmoid(call: Call, x: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x)), written with elementary ops.

    ONNX Runtime's Sigmoid has an absolute error of 5e-8, so that values near 0 have a large relative error. The
    elementary ops are accurate to the last bits, and take the same time.
    """

    def function(value: Value) -> Value:
        exponential = call.emit("Exp", call.emit("Neg", call.builder.cast(value, FLOAT32)))
        return call.emit("Reciprocal", call.emit("Add", exponential, np.float32(1)))

    return apply(call, function, x)


@translates("Minimum", "Maximum")
def extremum(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """Return the element-wise minimum or maximum; with one constant number it becomes a Clip."""
    bound = None if y.constant is None or y.constant.size != 1 else float(y.constant.ravel()[0])
    if bound is None or x.constant is not None or x.dtype != FLOAT32 or y.rank > x.rank:
        return same("Min" if call.op == "Minimum" else "Max", call, x, y)
    return clip(call, x, -np.inf, bound) if call.op == "Minimum" else clip(call, x, bound, np.inf)


@translates("Relu")
def relu(call: Call, x: Tensor) -> Tensor:
    """Return max(x, 0)."""
    return clip(call, x, 0, np.inf)


@translates("Relu6")
def relu6(call: Call, x: Tensor) -> Tensor:
    """Return min(max(x, 0), 6)."""
    return clip(call, x, 0, 6)


def clip(call: Call, x: Tensor, low: float, high: float) -> Tensor:
    """Clip x to [low, high]. Consecutive clips become one, which ONNX Runtime fuses into a preceding convolution."""

    def function(value: Value) -> Value:
        source, lower, upper = value, low, high
        if value.clip is not None and value.clip[1] <= high and low <= value.clip[2]:
            source, lower, upper = value.clip[0], max(low, value.clip[1]), min(high, value.clip[2])
        if source.dtype != FLOAT32:
            result = call.emit("Max", source, np.asarray(lower, source.dtype))
            return result if upper == np.inf else call.emit("Min", result, np.asarray(upper, source.dtype))
        if (lower, upper) == (0, np.inf):
            result = call.emit("Relu", source)
        else:
            result = call.emit("Clip", source, np.float32(lower), np.float32(upper))
        if result.constant is None:
            result.clip = (source, lower, upper)
        return result

    return apply(call, function, x)


@translates("ClipByValue")
def clip_by_value(call: Call, x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Clip x to [low, high]."""
    return extremum(replace(call, op="Minimum"), extremum(replace(call, op="Maximum"), x, low), high)


@translates("LeakyRelu")
def leaky_relu(call: Call, x: Tensor) -> Tensor:
    """Return x where it is positive, alpha * x elsewhere."""
    alpha = call.attributes.number("alpha", 0.2)
    return apply(call, lambda value: call.emit("LeakyRelu", value, alpha=alpha), x)


@translates("Prelu")
def prelu(call: Call, x: Tensor, slope: Tensor) -> Tensor:
    """Return x where it is positive, slope * x elsewhere, written as (1 - slope) * relu(x) + slope * x.

    ONNX Runtime has no PRelu for its blocked layout: on the face mesh this form takes 0.4 times as long. It is valid
    for slopes of any sign, with an error of at most (1 + 2 |slope|) roundings of x.
    """

    def function(value: Value, factor: Value) -> Value:
        complement = call.emit("Sub", np.float32(1), factor)
        rectified = call.emit("Mul", call.emit("Relu", value), complement)
        return call.emit("Add", rectified, call.emit("Mul", value, factor))

    return apply(call, function, x, slope)


def activate(call: Call, name: str, x: Tensor, arguments: list[Tensor]) -> Tensor:
    """Apply a fused activation. A Prelu removes its slopes from the front of ``arguments``."""
    match name:
        case "Relu":
            return relu(call, x)
        case "Relu6":
            return relu6(call, x)
        case "Sigmoid":
            return sigmoid(call, x)
        case "Elu" | "Tanh":
            return same(name, call, x)
        case "LeakyRelu":
            alpha = call.attributes.number("leakyrelu_alpha", 0.2)
            return apply(call, lambda value: call.emit("LeakyRelu", value, alpha=alpha), x)
        case "Prelu" if arguments:
            return prelu(call, x, arguments.pop(0))
    raise UnsupportedOpError(f"its fused activation {name!r} with {len(arguments)} more inputs has no translation")
