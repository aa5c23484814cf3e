"""Element-wise arithmetic, comparisons and logic."""

from collections.abc import Callable
from functools import partial, reduce

import numpy as np

from humanrt.tfjs.graph import BOOL, FLOAT32, INT32, DType
from humanrt.tfjs.layout import NHWC_TO_NCHW, Tensor
from humanrt.tfjs.ops.table import TABLE, Call, translates
from humanrt.tfjs.values import Value, constant

_FLOAT64: DType = np.dtype(np.float64)

_SAME_IN_ONNX = {
    "Abs": "Abs",
    "Add": "Add",
    "AddV2": "Add",
    "Equal": "Equal",
    "Erf": "Erf",
    "Greater": "Greater",
    "GreaterEqual": "GreaterOrEqual",
    "IsInf": "IsInf",
    "IsNan": "IsNaN",
    "Less": "Less",
    "LessEqual": "LessOrEqual",
    "LogicalAnd": "And",
    "LogicalNot": "Not",
    "LogicalOr": "Or",
    "Mul": "Mul",
    "Neg": "Neg",
    "Pow": "Pow",
    "Sign": "Sign",
    "Sub": "Sub",
}
_ONE_OPERAND = frozenset({"Abs", "Erf", "IsInf", "IsNan", "LogicalNot", "Neg", "Sign"})
_FLOAT_ONLY = (
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Cos",
    "Cosh",
    "Elu",
    "Exp",
    "Log",
    "Reciprocal",
    "Selu",
    "Sin",
    "Sinh",
    "Softplus",
    "Sqrt",
    "Tan",
    "Tanh",
)
_IDENTITY_ON_INTEGERS = ("Ceil", "Floor", "Round")


def apply(call: Call, function: Callable[..., Value], *tensors: Tensor) -> Tensor:
    """Apply an element-wise function to tensors, in NCHW if one of them exists in NCHW only."""
    images = [tensor for tensor in tensors if tensor.rank == 4]
    others = [tensor for tensor in tensors if tensor.rank != 4]
    if any(tensor.is_planar for tensor in images) and all(
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


def same(onnx_op: str, call: Call, *tensors: Tensor) -> Tensor:
    """Apply an ONNX op with the semantics of the TF.js op."""
    return apply(call, partial(call.emit, onnx_op), *tensors)


def _float_only(call: Call, x: Tensor) -> Tensor:
    return apply(call, lambda value: call.emit(call.op, call.builder.cast(value, FLOAT32)), x)


def _rounding(call: Call, x: Tensor) -> Tensor:
    return x if x.dtype == INT32 else same(call.op, call, x)


def _unary(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda call, x: function(call, x)


def _binary(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda call, x, y: function(call, x, y)


for _tf_op, _onnx_op in _SAME_IN_ONNX.items():
    _arity = _unary if _tf_op in _ONE_OPERAND else _binary
    TABLE[_tf_op] = _arity(partial(same, _onnx_op))
TABLE.update(dict.fromkeys(_FLOAT_ONLY, _float_only))
TABLE.update(dict.fromkeys(_IDENTITY_ON_INTEGERS, _rounding))


@translates(
    "EnsureShape", "FakeQuantWithMinMaxVars", "Identity", "PlaceholderWithDefault", "Print", "Snapshot", "StopGradient"
)
def identity(call: Call, x: Tensor, *ignored: Tensor) -> Tensor:
    """Return the first operand: TF.js ignores the other effects of these ops too."""
    return x


@translates("IdentityN")
def identities(call: Call, *tensors: Tensor) -> tuple[Tensor, ...]:
    """Return the operands."""
    return tensors


@translates("NotEqual")
def not_equal(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """Compute x != y."""
    return apply(call, lambda left, right: call.emit("Not", call.emit("Equal", left, right)), x, y)


@translates("DivNoNan")
def divide_no_nan(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """Compute x / y, and 0 where y is 0."""

    def function(left: Value, right: Value) -> Value:
        zero = np.zeros((), right.dtype)
        return call.emit("Where", call.emit("Equal", right, zero), zero, call.emit("Div", left, right))

    return apply(call, function, x, y)


@translates("BiasAdd")
def bias_add(call: Call, x: Tensor, bias: Tensor) -> Tensor:
    """Add one number for each channel."""
    if x.rank == 4 and call.attributes.text("data_format", "NHWC") == "NCHW":
        return call.in_data_format(same("Add", call, call.images(x), bias))
    return same("Add", call, x, bias)


@translates("AddN")
def add_n(call: Call, x: Tensor, *others: Tensor) -> Tensor:
    """Add tensors pairwise: ONNX Runtime fuses Add into convolutions and has no Sum of integers."""
    return reduce(partial(same, "Add", call), others, x)


@translates("Rsqrt")
def rsqrt(call: Call, x: Tensor) -> Tensor:
    """Compute 1 / sqrt(x)."""
    return apply(call, lambda value: call.emit("Reciprocal", call.emit("Sqrt", value)), x)


@translates("Square")
def square(call: Call, x: Tensor) -> Tensor:
    """Compute x * x."""
    return apply(call, lambda value: call.emit("Mul", value, value), x)


@translates("SquaredDifference")
def squared_difference(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """Compute (x - y) ** 2."""

    def function(left: Value, right: Value) -> Value:
        difference = call.emit("Sub", left, right)
        return call.emit("Mul", difference, difference)

    return apply(call, function, x, y)


@translates("RealDiv", "Div", "FloorDiv")
def divide(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """Divide. Integers are divided with the floor for all three ops, as in TF.js."""

    def function(left: Value, right: Value) -> Value:
        if left.dtype == INT32:
            return _integer_floor_divide(call, left, right)
        quotient = call.emit("Div", left, right)
        return call.emit("Floor", quotient) if call.op == "FloorDiv" else quotient

    return apply(call, function, x, y)


@translates("FloorMod", "Mod")
def floor_mod(call: Call, x: Tensor, y: Tensor) -> Tensor:
    """Compute the remainder, which has the sign of the divisor."""

    def function(left: Value, right: Value) -> Value:
        if left.dtype == INT32:
            return call.emit("Sub", left, call.emit("Mul", _integer_floor_divide(call, left, right), right))
        remainder = call.emit("Mod", left, right, fmod=1)
        return call.emit("Mod", call.emit("Add", remainder, right), right, fmod=1)

    return apply(call, function, x, y)


def _integer_floor_divide(call: Call, left: Value, right: Value) -> Value:
    """Divide int32 numbers in float64, which is exact.

    ONNX's integer Div truncates, and ends the process if a divisor is zero.
    """
    quotient = call.emit("Div", call.builder.cast(left, _FLOAT64), call.builder.cast(right, _FLOAT64))
    return call.builder.cast(call.emit("Floor", quotient), INT32)


@translates("Atan2")
def atan2(call: Call, y: Tensor, x: Tensor) -> Tensor:
    """Compute the angle of the point (x, y) in radians, from -pi to pi; 0 at the origin."""

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
    """Cast to another dtype: integers are truncated, booleans are ``x != 0``."""
    dtype = call.attributes.dtype("DstT")
    return x if x.dtype == dtype else apply(call, lambda value: call.builder.cast(value, dtype), x)


@translates("Select", "SelectV2")
def select(call: Call, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Compute where(condition, x, y). In the op Select, a vector as the condition selects whole rows."""
    if call.op == "Select" and condition.rank == 1 and x.rank > 1:
        condition = call.logical(call.emit("Unsqueeze", condition.logical, np.arange(1, x.rank, dtype=np.int64)))

    def function(chosen: Value, left: Value, right: Value) -> Value:
        if left.dtype != BOOL:
            return call.emit("Where", chosen, left, right)
        either = (call.emit("And", chosen, left), call.emit("And", call.emit("Not", chosen), right))
        return call.emit("Or", *either)

    return apply(call, function, condition, x, y)
