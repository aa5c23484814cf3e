"""Arithmetic for dtypes that TF.js lacks and where it is wrong; tests/peer/test_ops.py compares the rest with it."""

import numpy as np
import pytest

from humanrt.errors import InputError

INTEGERS = ("int32", "int64", "uint8")
LIMITS = {name: np.iinfo(name) for name in INTEGERS}


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_wrap(values, dtype):
    low, high = np.array(LIMITS[dtype].min, dtype), np.array(LIMITS[dtype].max, dtype)
    one = np.array(1, dtype)
    assert values("add", high, one) == low
    assert values("sub", low, one) == high
    assert values("square", high) == 1
    assert values("neg", low) == low
    assert values("abs", low) == low
    assert values("sum", np.array([high, one])) == (256 if dtype == "uint8" else low)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_integer_division_rounds_down(values, dtype):
    a, b = np.array([7, -7, 7, -7, 0, 5], dtype), np.array([2, 2, -2, -2, 5, 0], dtype)
    for name in ("div", "floor_div"):
        np.testing.assert_array_equal(values(name, a, b), np.array([3, -4, -4, 3, 0, 0], dtype), strict=True)
    np.testing.assert_array_equal(values("mod", a, b), np.array([1, 1, -1, -1, 0, 0], dtype), strict=True)


def test_large_int64_stays_exact(values):
    huge = np.int64(2**62 + 1)
    assert values("floor_div", huge, np.int64(1)) == huge
    assert values("mod", huge, np.int64(2)) == 1
    assert values("pow", np.int64(3), np.int64(39)) == 3**39


def test_float_floor_div_gives_int32(values):
    quotients = values("floor_div", np.float32([7, -7, 1, 0, np.inf, 3e9]), np.float32([2, 2, 0, 0, 1, 1]))
    np.testing.assert_array_equal(quotients, np.int32([3, -4, 0, 0, 0, 3_000_000_000 - 2**32]), strict=True)


def test_mod_never_gives_the_divisor_itself(values):
    """In float32, -1e-20 + 3 rounds to 3."""
    assert values("mod", -1e-20, 3.0) == 0


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_a_negative_exponent_truncates_integers(values, dtype):
    bases, exponents = np.array([2, 1, -1, -1, 0, -3], dtype), np.array([-1, -5, -2, -3, -1, -2], dtype)
    np.testing.assert_array_equal(values("pow", bases, exponents), np.array([0, 1, 1, -1, 0, 0], dtype), strict=True)
    assert values("pow", np.array(-2, dtype), np.array(LIMITS[dtype].min, dtype)) == 0


def test_uint8_powers(values):
    assert values("pow", np.uint8([2, 3]), np.uint8([7, 2])).tolist() == [128, 9]


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "rsqrt", "sigmoid", "tanh"])
@pytest.mark.parametrize("dtype", ["float16", "int64", "uint8", "bool"])
def test_dtypes_that_tfjs_lacks_are_computed_in_float32(values, name, dtype):
    x = np.array([1, 0, 1], dtype) if dtype == "bool" else np.array([0, 1, 5], dtype)
    formulas = {"rsqrt": lambda v: 1 / np.sqrt(v), "sigmoid": lambda v: 1 / (1 + np.exp(-v))}
    with np.errstate(all="ignore"):
        expected = formulas.get(name, getattr(np, name, None))(x.astype(np.float64))
    np.testing.assert_allclose(values(name, x), expected, rtol=1e-3 if dtype == "float16" else 1e-6)


def test_float16_sigmoid_does_not_overflow(values):
    np.testing.assert_allclose(values("sigmoid", np.float16([-14])), 1 / (1 + np.exp(14)), rtol=0.05)


@pytest.mark.parametrize(
    ("x", "low", "high", "expected"),
    [
        (np.uint8([0, 100, 255]), -5, 300, [0, 100, 255]),
        (np.uint8([0, 100, 255]), 1.9, 99.9, [1, 99, 99]),
        (np.int64([-5, 5]), -np.inf, np.inf, [-5, 5]),
        (np.float16([-5, 5]), -1e9, 1e9, [-5, 5]),
        (np.array([True, False]), 0, 0.5, [False, False]),
        (np.float32([np.nan, 5]), 0, 1, [np.nan, 1]),
        (np.float32([np.nan, 5]), 1, 1, [1, 1]),
    ],
)
def test_clip_in_every_dtype(values, x, low, high, expected):
    np.testing.assert_array_equal(values("clip_by_value", x, low, high), np.array(expected, x.dtype), strict=True)


@pytest.mark.parametrize(("low", "high"), [(2, 1), (np.nan, 1), (0, np.nan)])
def test_limits_of_clip_must_be_in_order(values, low, high):
    with pytest.raises(InputError, match=r"clip_by_value\(\) of float32 \(\): the limits"):
        values("clip_by_value", 1.0, low, high)


def test_infinities_and_nan_do_not_warn(values):
    """Warnings are errors in this suite."""
    extreme = np.float32([np.inf, -np.inf, np.nan, 0, 3e38, -3e38])
    for name in ("add", "sub", "mul", "div", "floor_div", "mod", "pow", "minimum", "maximum"):
        values(name, extreme[:, None], extreme)
        values(name, np.float16([6e4, 0]), np.float16([6e4, 0]))
        values(name, np.int32([1, 2**31 - 1]), np.int32([0, 2**31 - 1]))
    for name in ("exp", "log", "sqrt", "rsqrt", "sigmoid", "tanh", "square", "relu", "sum", "mean", "max", "softmax"):
        values(name, extreme)
    values("mat_mul", extreme[:, None], extreme[None])
    values("equal", extreme[:, None], extreme)
    values("image.resize_bilinear", extreme.reshape(2, 3, 1), (3, 3))
    values("image.rgb_to_grayscale", extreme.reshape(2, 3))


def test_the_error_contains_shapes_that_do_not_broadcast(values):
    with pytest.raises(InputError, match=r"add\(\) of float32 \(2, 3\), float32 \(4,\): .*broadcast"):
        values("add", np.zeros((2, 3), np.float32), np.zeros(4, np.float32))
