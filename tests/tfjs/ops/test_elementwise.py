"""Element-wise ops against NumPy, on NHWC and on NCHW operands."""

import math

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humanrt.errors import ModelFormatError, UnsupportedOpError

SETTINGS = settings(
    deadline=None, max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

UNARY = {
    "Abs": np.abs,
    "Asinh": np.arcsinh,
    "Atan": np.arctan,
    "Ceil": np.ceil,
    "Cos": np.cos,
    "Cosh": np.cosh,
    "Elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "EnsureShape": lambda x: x,
    "Erf": np.vectorize(math.erf, otypes=[np.float32]),
    "Exp": np.exp,
    "FakeQuantWithMinMaxVars": lambda x: x,
    "Floor": np.floor,
    "Identity": lambda x: x,
    "Neg": np.negative,
    "Reciprocal": np.reciprocal,
    "Relu": lambda x: np.maximum(x, 0),
    "Relu6": lambda x: np.clip(x, 0, 6),
    "Round": np.rint,
    "PlaceholderWithDefault": lambda x: x,
    "Print": lambda x: x,
    "Selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Sign": np.sign,
    "Sin": np.sin,
    "Sinh": np.sinh,
    "Snapshot": lambda x: x,
    "Softplus": lambda x: np.log1p(np.exp(x)),
    "Square": np.square,
    "StopGradient": lambda x: x,
    "Tan": np.tan,
    "Tanh": np.tanh,
}
BINARY = {
    "Add": np.add,
    "AddV2": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "RealDiv": np.divide,
    "Div": np.divide,
    "FloorDiv": np.floor_divide,
    "FloorMod": np.mod,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "SquaredDifference": lambda x, y: (x - y) ** 2,
    "Atan2": np.arctan2,
    "Equal": np.equal,
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
    "Less": np.less,
    "LessEqual": np.less_equal,
    "Mod": np.mod,
    "NotEqual": np.not_equal,
}


@pytest.fixture
def image(rng):
    return rng.uniform(-8, 8, (2, 3, 4, 5)).astype(np.float32)


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("op", UNARY)
def test_unary(evaluate, image, op, planar):
    np.testing.assert_allclose(evaluate(op, image, planar=planar), UNARY[op](image), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(("op", "function"), [("Log", np.log), ("Sqrt", np.sqrt), ("Rsqrt", lambda x: 1 / np.sqrt(x))])
def test_unary_of_positive_numbers(evaluate, image, op, function):
    positive = np.abs(image) + 0.01
    np.testing.assert_allclose(evaluate(op, positive), function(positive), rtol=2e-6, atol=1e-6)


def test_sigmoid_is_accurate_near_zero(evaluate):
    x = np.float32([-87, -40, -12, -9, 0, 9, 100, -1000])
    expected = [1 / (1 + math.exp(-value)) for value in x[:-1].tolist()]
    np.testing.assert_allclose(evaluate("Sigmoid", x), [*expected, 0], rtol=1e-6, atol=0)


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("op", BINARY)
def test_binary(evaluate, image, rng, op, planar):
    other = rng.uniform(0.5, 4, image.shape).astype(np.float32)
    other[0, 0] = image[0, 0]
    expected = BINARY[op](image, other)
    np.testing.assert_allclose(evaluate(op, image, other, planar=planar), expected, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("op", ["FloorDiv", "FloorMod", "RealDiv", "Div"])
def test_integer_division_floors(evaluate, op):
    x, y = np.meshgrid(np.int32([-7, -6, -1, 0, 1, 6, 7, 2**31 - 1, -(2**31)]), np.int32([-3, -2, 2, 3, 7]))
    expected = np.mod(x, y) if op == "FloorMod" else np.floor_divide(x, y)
    np.testing.assert_array_equal(evaluate(op, x, y), expected)


def test_integer_division_by_zero_does_not_end_the_process(evaluate):
    assert evaluate("FloorDiv", np.int32([4]), np.int32([0])).dtype == np.int32


@pytest.mark.parametrize(("op", "function"), [("Sqrt", np.sqrt), ("Exp", np.exp)])
def test_float_functions_of_integers_return_floats(evaluate, op, function):
    x = np.int32([0, 1, 4])
    np.testing.assert_allclose(evaluate(op, x), function(x.astype(np.float32)), rtol=1e-6)


@pytest.mark.parametrize("op", ["Floor", "Ceil", "Round"])
def test_rounding_leaves_integers_alone(evaluate, op):
    np.testing.assert_array_equal(evaluate(op, np.int32([-3, 4])), np.int32([-3, 4]))


def test_relu6_of_integers(evaluate):
    np.testing.assert_array_equal(evaluate("Relu6", np.int32([-3, 4, 9])), np.int32([0, 4, 6]))
    np.testing.assert_array_equal(evaluate("Relu", np.int32([-3, 4, 9])), np.int32([0, 4, 9]))


def test_pow(evaluate, rng):
    x = rng.uniform(0.1, 3, (2, 3)).astype(np.float32)
    np.testing.assert_allclose(evaluate("Pow", x, np.float32([2, 0.5, -1])), x ** np.float32([2, 0.5, -1]), rtol=1e-5)


def test_logic(evaluate):
    x, y = np.array([True, True, False, False]), np.array([True, False, True, False])
    np.testing.assert_array_equal(evaluate("LogicalAnd", x, y), x & y)
    np.testing.assert_array_equal(evaluate("LogicalOr", x, y), x | y)
    np.testing.assert_array_equal(evaluate("LogicalNot", x), ~x)


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_add_n(evaluate, dtype):
    x = np.arange(6, dtype=dtype).reshape(2, 3)
    np.testing.assert_array_equal(evaluate("AddN", x, x + 1, x * 2), 4 * x + 1)


@pytest.mark.parametrize(
    ("target", "expected"), [("DT_INT32", [-1, 0, 2]), ("DT_BOOL", [True, False, True]), ("DT_HALF", [-1.9, 0, 2.9])]
)
def test_cast(evaluate, target, expected):
    result = evaluate("Cast", np.float32([-1.9, 0, 2.9]), DstT=target)
    np.testing.assert_array_equal(result, np.asarray(expected, result.dtype))


def test_cast_to_an_unsupported_dtype(evaluate):
    with pytest.raises(UnsupportedOpError, match=r"'node' \(Cast\).*DT_STRING"):
        evaluate("Cast", np.float32([1]), DstT="DT_STRING")


@pytest.mark.parametrize("op", ["Select", "SelectV2"])
@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.bool_])
def test_select(evaluate, op, dtype):
    condition, x, y = np.array([[True, False], [False, True]]), np.ones((2, 2), dtype), np.zeros((2, 2), dtype)
    np.testing.assert_array_equal(evaluate(op, condition, x, y), np.where(condition, x, y))


def test_a_vector_selects_rows(evaluate):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(evaluate("Select", np.array([True, False]), x, -x), [x[0], -x[1]])


@pytest.mark.parametrize("slope_shape", [(5,), (1, 1, 5), (1, 1, 1, 5), (3, 4, 5)])
@pytest.mark.parametrize("planar", [False, True])
def test_prelu_with_slopes_of_any_sign(evaluate, known, image, rng, slope_shape, planar):
    slope = rng.uniform(-3, 3, slope_shape).astype(np.float32)
    result = evaluate("Prelu", image, known(slope), planar=planar)
    np.testing.assert_allclose(result, np.where(image > 0, image, slope * image), rtol=0, atol=1e-5)


@pytest.mark.parametrize("alpha", [0.0, 0.1, -1.5])
def test_leaky_relu(evaluate, image, alpha):
    expected = np.where(image > 0, image, np.float32(alpha) * image)
    np.testing.assert_allclose(evaluate("LeakyRelu", image, alpha=alpha), expected, rtol=1e-6)


@SETTINGS
@given(bounds=st.lists(st.tuples(st.sampled_from(["Minimum", "Maximum"]), st.integers(-4, 4)), min_size=1, max_size=4))
def test_chains_of_clips(new_writer, run, bounds):
    """Merged clips, also with disjoint ranges, have the results of the chain."""
    writer, x = new_writer(), np.linspace(-6, 6, 25, dtype=np.float32)[None]
    name, expected = writer.node("Relu", [writer.placeholder("x", x.shape)]), np.maximum(x, 0)
    for op, bound in bounds:
        name = writer.node(op, [name, writer.const(np.float32(bound))])
        expected = (np.minimum if op == "Minimum" else np.maximum)(expected, np.float32(bound))
    np.testing.assert_array_equal(next(iter(run(writer.write(), {"x": x}).values())), expected)


def test_relu_minimum_maximum_is_one_clip(writer, run):
    x = np.linspace(-9, 9, 7, dtype=np.float32)[None]
    name = writer.node("Relu", [writer.placeholder("x", x.shape)])
    name = writer.node("Minimum", [name, writer.const(np.float32(6))])
    writer.node("Maximum", [name, writer.const(np.float32(0))], "y")
    np.testing.assert_array_equal(run(writer.write(), {"x": x})["y"], np.clip(x, 0, 6))
    ops = [node.op_type for node in onnx.load(writer.folder / "model.onnx").graph.node]
    assert ops == ["Clip", "Identity"]


@st.composite
def broadcastable(draw):
    """Two shapes of up to four axes that broadcast."""
    full = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    shapes = []
    for _ in range(2):
        kept = full[draw(st.integers(0, len(full))) :]
        shapes.append([size if draw(st.booleans()) else 1 for size in kept])
    return shapes


@SETTINGS
@given(shapes=broadcastable(), planar=st.booleans(), fixed=st.booleans())
def test_broadcasting(evaluate, known, shapes, planar, fixed):
    x, y = (np.arange(np.prod(shape), dtype=np.float32).reshape(shape) + 1 for shape in shapes)
    result = evaluate("Sub", x, known(y) if fixed else y, planar=planar)
    np.testing.assert_array_equal(result, x - y)


@pytest.mark.parametrize("fixed", [False, True])
def test_a_scalar_and_an_image(evaluate, known, image, fixed):
    number = np.array(2.5, np.float32)
    result = evaluate("Mul", known(number) if fixed else number, image, planar=True)
    np.testing.assert_array_equal(result, image * number)


def test_shapes_that_do_not_broadcast(evaluate):
    with pytest.raises(ModelFormatError, match=r"'node' \(Add\)"):
        evaluate("Add", np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32))


def test_wrong_number_of_inputs(evaluate):
    with pytest.raises(ModelFormatError, match=r"'node' \(Add\): it does not accept 1 inputs"):
        evaluate("Add", np.zeros(3, np.float32))


@pytest.mark.parametrize(
    ("op", "function", "low", "high"),
    [
        ("Acos", np.arccos, -1, 1),
        ("Acosh", np.arccosh, 1, 9),
        ("Asin", np.arcsin, -1, 1),
        ("Atanh", np.arctanh, -0.9, 0.9),
    ],
)
def test_functions_of_a_narrow_range(evaluate, rng, op, function, low, high):
    x = rng.uniform(low, high, 20).astype(np.float32)
    np.testing.assert_allclose(evaluate(op, x), function(x), rtol=1e-5, atol=1e-6)


def test_nan_and_infinity(evaluate):
    x = np.float32([0, np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(evaluate("IsNan", x), np.isnan(x))
    np.testing.assert_array_equal(evaluate("IsInf", x), np.isinf(x))


def test_division_by_zero_that_gives_zero(evaluate):
    np.testing.assert_array_equal(evaluate("DivNoNan", np.float32([6, 5, 0]), np.float32([2, 0, 0])), [3, 0, 0])


@pytest.mark.parametrize("computed", [False, True])
def test_clip_by_value(evaluate, known, image, computed):
    bounds = [np.array(bound, np.float32) for bound in (-1, 2)]
    result = evaluate("ClipByValue", image, *(bounds if computed else map(known, bounds)))
    np.testing.assert_array_equal(result, np.clip(image, -1, 2))


def test_identities(evaluate, image):
    first, second = evaluate("IdentityN", image, image[0], outputs=2)
    np.testing.assert_array_equal(first, image)
    np.testing.assert_array_equal(second, image[0])


def test_a_bias_in_nchw(evaluate, image, rng):
    bias = rng.normal(size=3).astype(np.float32)
    result = evaluate("BiasAdd", image, bias, data_format="NCHW")
    np.testing.assert_array_equal(result, image + bias[:, None, None])
