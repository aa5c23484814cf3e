"""Arithmetic, comparisons and activations: one number out for each number in."""

from collections.abc import Callable
from functools import partial, reduce

import numpy as np

from humanrt.errors import UnsupportedOpError
from humanrt.tfjs.builder import Value, constant
from humanrt.tfjs.graph import BOOL, FLOAT32, INT32, DType
from humanrt.tfjs.layout import NHWC_TO_NCHW, Tensor
from humanrt.tfjs.ops.table import TABLE, Call, translates

_FLOAT64: DType = np.dtype(np.float64)

_SAME_IN_ONNX = {
    "Abs": "Abs",
    "Add": "Add",
    "AddV2": "Add",
    "BiasAdd": "Add",
    "Equal": "Equal",
    "Greater": "Greater",
    "GreaterEqual": "GreaterOrEqual",
    "Less": "Less",
    "LessEqual": "LessOrEqual",
    "LogicalAnd": "And",
    "LogicalNot": "Not",
    "LogicalOr": "Or",
    "Mul": "Mul",
    "Neg": "Neg",
    "Pow": "Pow",
    "Sub": "Sub",
}
_FLOAT_ONLY = ("Cos", "Elu", "Exp", "Log", "Reciprocal", "Sin", "Softplus", "Sqrt", "Tanh")
_IDENTITY_ON_INTEGERS = ("Ceil", "Floor", "Round")


def apply(call: Call, function: Callable[..., Value], *tensors: Tensor) -> Tensor:
    """Apply an element-wise function to the values of tensors, in NCHW when one of them exists there only."""
    pictures = [tensor for tensor in tensors if tensor.rank == 4]
    others = [tensor for tensor in tensors if tensor.rank != 4]
    if any(tensor.is_planar for tensor in pictures) and all(
        tensor.rank == 0 or (tensor.rank < 4 and tensor.constant is not None) for tensor in others
    ):
        return call.planar(function(*map(_planar_operand, tensors)))
    return call.logical(function(*(tensor.logical for tensor in tensors)))


def _planar_operand(tensor: Tensor) -> Value:
    if tensor.rank == 4:
        return tensor.planar
    if tensor.constant is None or tensor.rank == 0:
        return tensor.logical
    padded = tensor.constant.reshape((1,) * (4 - tensor.rank) + tensor.constant.shape)
    return constant(padded.transpose(NHWC_TO_NCHW))


def _same(onnx_op: str, call: Call, *tensors: Tensor) -> Tensor:
    return apply(call, partial(call.emit, onnx_op), *tensors)


def _float_only(call: Call, x: Tensor) -> Tensor:
    return apply(call, lambda value: call.emit(call.op, call.builder.cast(value, FLOAT32)), x)


def _rounding(call: Call, x: Tensor) -> Tensor:
    return x if x.dtype == INT32 else _same(call.op, call, x)


def _unary(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda call, x: function(call, x)


def _binary(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda call, x, y: function(call, x, y)


for _tf_op, _onnx_op in _SAME_IN_ONNX.items():
    _arity = _unary if _tf_op in {"Abs", "LogicalNot", "Neg"} else _binary
    TABLE[_tf_op] = _arity(partial(_same, _onnx_op))
TABLE.update(dict.fromkeys(_FLOAT_ONLY, _float_only))
TABLE.update(dict.fromkeys(_IDENTITY_ON_INTEGERS, _rounding))


@translates("Identity", "StopGradient", "Snapshot")
def identity(call: Call, x: Tensor) -> Tensor:
    """Return the operand itself."""
    return x


@translates("AddN")
def add_n(call: Call, x: Tensor, *others: Tensor) -> Tensor:
    """Add tensors pairwise: ONNX Runtime merges Add into convolutions and has no Sum of integers."""
    return reduce(partial(_same, "Add", call), others, x)


@translates("Rsqrt")
def rsqrt(call: Call, x: Tensor) -> Tensor:
    """1 / sqrt(x)."""
    return apply(call, lambda value: call.emit("Reciprocal", call.emit("Sqrt", value)), x)


@translates("Sigmoid")
def sigmoid(call: Call, x: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x)), written out.

    ONNX Runtime's Sigmoid is right to 5e-8 of 1 and not of its value, which is lost on what a model is sure not to see.
    Written out it is right to the last bits, and takes as long.
    """

    def function(value: Value) -> Value:
        exponential = call.emit("Exp", call.emit("Neg", call.builder.cast(value, FLOAT32)))
        return call.emit("Reciprocal", call.emit("Add", exponential, np.float32(1)))

    return apply(call, function, x)


@translates("Square")
def square(call: Call, x: Tensor) -> Tensor:
    """Compute x * x."""
    return apply(call, lambda value: call.emit("Mul", value, value), x)


@translates("SquaredDifference")
def squared_difference(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """(x - y) ** 2."""

    def function(left: Value, right: Value) -> Value:
        difference = call.emit("Sub", left, right)
        return call.emit("Mul", difference, difference)

    return apply(call, function, x, y)


@translates("RealDiv", "Div", "FloorDiv")
def divide(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """TF.js divides integers with the floor, whatever the op is called."""

    def function(left: Value, right: Value) -> Value:
        if left.dtype == INT32:
            return _integer_floor_divide(call, left, right)
        quotient = call.emit("Div", left, right)
        return call.emit("Floor", quotient) if call.op == "FloorDiv" else quotient

    return apply(call, function, x, y)


@translates("FloorMod")
def floor_mod(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """Return the remainder with the sign of the divisor."""

    def function(left: Value, right: Value) -> Value:
        if left.dtype == INT32:
            return call.emit("Sub", left, call.emit("Mul", _integer_floor_divide(call, left, right), right))
        remainder = call.emit("Mod", left, right, fmod=1)
        return call.emit("Mod", call.emit("Add", remainder, right), right, fmod=1)

    return apply(call, function, x, y)


def _integer_floor_divide(call: Call, left: Value, right: Value) -> Value:
    """In double precision, which is exact: ONNX's integer Div truncates, and a zero divisor would end the process."""
    quotient = call.emit("Div", call.builder.cast(left, _FLOAT64), call.builder.cast(right, _FLOAT64))
    return call.builder.cast(call.emit("Floor", quotient), INT32)


@translates("Atan2")
def atan2(call: Call, y: Tensor, x: Tensor) -> Tensor:
    """Return the angle of the point (x, y), in radians from -pi to pi; 0 at the origin."""

    def function(rise: Value, run: Value) -> Value:
        zero, half_turn = np.float32(0), np.float32(np.pi)
        angle = call.emit("Atan", call.emit("Div", rise, run))
        turn = call.emit("Where", call.emit("GreaterOrEqual", rise, zero), half_turn, -half_turn)
        angle = call.emit("Where", call.emit("Less", run, zero), call.emit("Add", angle, turn), angle)
        upright = call.emit("Mul", call.emit("Sign", rise), half_turn / 2)
        return call.emit("Where", call.emit("Equal", run, zero), upright, angle)

    return apply(call, function, y, x)


@translates("Cast")
def cast(call: Call, x: Tensor) -> Tensor:
    """To another type: truncated to integers, compared with zero to booleans."""
    dtype = call.attributes.dtype("DstT")
    return x if x.dtype == dtype else apply(call, lambda value: call.builder.cast(value, dtype), x)


@translates("Select", "SelectV2")
def select(call: Call, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Where(condition, x, y). A vector that conditions Select chooses whole rows."""
    if call.op == "Select" and condition.rank == 1 and x.rank > 1:
        condition = call.logical(call.emit("Unsqueeze", condition.logical, np.arange(1, x.rank, dtype=np.int64)))

    def function(chosen: Value, left: Value, right: Value) -> Value:
        if left.dtype != BOOL:
            return call.emit("Where", chosen, left, right)
        either = (call.emit("And", chosen, left), call.emit("And", call.emit("Not", chosen), right))
        return call.emit("Or", *either)

    return apply(call, function, condition, x, y)


@translates("Minimum", "Maximum")
def extremum(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """Return the smaller or larger of two; against one constant it is half a Clip."""
    bound = None if y.constant is None or y.constant.size != 1 else float(y.constant.ravel()[0])
    if bound is None or x.constant is not None or x.dtype != FLOAT32 or y.rank > x.rank:
        return _same("Min" if call.op == "Minimum" else "Max", call, x, y)
    return clip(call, x, -np.inf, bound) if call.op == "Minimum" else clip(call, x, bound, np.inf)


@translates("Relu")
def relu(call: Call, x: Tensor) -> Tensor:
    """max(x, 0)."""
    return clip(call, x, 0, np.inf)


@translates("Relu6")
def relu6(call: Call, x: Tensor) -> Tensor:
    """min(max(x, 0), 6)."""
    return clip(call, x, 0, 6)


def clip(call: Call, x: Tensor, low: float, high: float) -> Tensor:
    """Clip x to [low, high]. Clips of a clip become one, which ONNX Runtime merges into the convolution before it."""

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


@translates("LeakyRelu")
def leaky_relu(call: Call, x: Tensor) -> Tensor:
    """Return x where it is positive, alpha * x elsewhere."""
    alpha = call.attributes.number("alpha", 0.2)
    return apply(call, lambda value: call.emit("LeakyRelu", value, alpha=alpha), x)


@translates("Prelu")
def prelu(call: Call, x: Tensor, slope: Tensor) -> Tensor:
    """Return x where it is positive, slope * x elsewhere, written as (1 - slope) * relu(x) + slope * x.

    ONNX Runtime has no PRelu for its blocked layout; on the face mesh this takes 0.4 times as long. It holds for slopes
    of any sign, within (1 + 2 |slope|) roundings of x.
    """

    def function(value: Value, factor: Value) -> Value:
        complement = call.emit("Sub", np.float32(1), factor)
        rectified = call.emit("Mul", call.emit("Relu", value), complement)
        return call.emit("Add", rectified, call.emit("Mul", value, factor))

    return apply(call, function, x, slope)


def activate(call: Call, name: str, x: Tensor, arguments: list[Tensor]) -> Tensor:
    """Apply a fused activation; a Prelu takes its slopes off the front of ``arguments``."""
    match name:
        case "Relu":
            return relu(call, x)
        case "Relu6":
            return relu6(call, x)
        case "Sigmoid":
            return sigmoid(call, x)
        case "Elu" | "Tanh":
            return _same(name, call, x)
        case "LeakyRelu":
            alpha = call.attributes.number("leakyrelu_alpha", 0.2)
            return apply(call, lambda value: call.emit("LeakyRelu", value, alpha=alpha), x)
        case "Prelu" if arguments:
            return prelu(call, x, arguments.pop(0))
    raise UnsupportedOpError(f"there is no translation of the fused {name!r} with {len(arguments)} more inputs")
