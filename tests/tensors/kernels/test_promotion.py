"""The dtypes of results."""

from itertools import product

import numpy as np
import pytest

from humanrt.errors import InputError
from humanrt.tensors import DTYPES
from humanrt.tensors.kernels.promotion import float_dtype, number_array, promoted, sum_dtype

NAMES = ("bool", "uint8", "int32", "int64", "float16", "float32")

# The dtype of the row with that of the column. For bool, int32 and float32 it is TF.js's upcastType().
TABLE = """
          bool     uint8    int32    int64    float16  float32
bool      bool     uint8    int32    int64    float16  float32
uint8     uint8    uint8    int32    int64    float16  float32
int32     int32    int32    int32    int64    float16  float32
int64     int64    int64    int64    int64    float16  float32
float16   float16  float16  float16  float16  float16  float32
float32   float32  float32  float32  float32  float32  float32
"""
UPCAST = {row.split()[0]: dict(zip(NAMES, row.split()[1:], strict=True)) for row in TABLE.strip().splitlines()[1:]}


def test_the_table_has_every_dtype():
    assert {np.dtype(name) for name in NAMES} == DTYPES


@pytest.mark.parametrize(("one", "other"), list(product(NAMES, NAMES)))
def test_two_dtypes(values, one, other):
    expected = np.dtype(UPCAST[one][other])
    assert promoted(np.dtype(one), np.dtype(other)) == expected
    a, b = np.ones(3, one), np.ones(3, other)
    for name in ("add", "sub", "mul", "div", "mod", "pow"):
        assert values(name, a, b).dtype == expected
    for name in ("minimum", "maximum"):
        assert values(name, a, b).dtype == ("int32" if expected == "bool" else expected)
    assert values("floor_div", a, b).dtype == (expected if expected.kind in "iu" else "int32")
    assert values("where", True, a, b).dtype == expected
    assert values("concat", [a, b]).dtype == expected
    assert values("stack", [a, b]).dtype == expected
    assert values("mat_mul", a[None], b[:, None]).dtype == expected
    assert values("equal", a, b).dtype == "bool"


@pytest.mark.parametrize("name", NAMES)
def test_one_dtype_alone(values, name):
    x = np.ones((1, 3), name)
    floats = float_dtype(np.dtype(name))
    assert floats == ("float16" if name == "float16" else "float32")
    for op in ("exp", "log", "sqrt", "rsqrt", "sigmoid", "tanh", "mean", "softmax"):
        assert values(op, x).dtype == floats
    for op in ("neg", "abs", "square", "relu", "max", "min", "transpose", "reverse"):
        assert values(op, x).dtype == name
    assert values("clip_by_value", x, 0, 1).dtype == name
    sums = sum_dtype(np.dtype(name))
    assert values("sum", x).dtype == sums
    assert sums == (name if name in ("float16", "float32", "int64") else "int32")
    assert [result.dtype for result in values("top_k", x)] == [name, "int32"]
    assert values("arg_max", x).dtype == values("arg_min", x).dtype == "int32"
    picture = np.ones((1, 2, 2, 3), name)
    assert values("image.resize_bilinear", picture, (3, 3)).dtype == floats
    assert values("image.crop_and_resize", picture, [[0, 0, 1, 1]], [0], (3, 3)).dtype == floats
    for op, arguments in (("resize_nearest", [(3, 3)]), ("flip_left_right", []), ("rotate_with_offset", [0.5])):
        assert values(f"image.{op}", picture, *arguments).dtype == name
    assert values("image.rgb_to_grayscale", picture).dtype == name


@pytest.mark.parametrize(
    ("number", "beside", "expected"),
    [
        (True, "uint8", "uint8"),
        (True, None, "bool"),
        (1, "bool", "int32"),
        (1, "uint8", "uint8"),
        (1, "int64", "int64"),
        (1, "float16", "float16"),
        (1, None, "int32"),
        (0.5, "bool", "float32"),
        (0.5, "int64", "float32"),
        (0.5, "float16", "float16"),
        (0.5, None, "float32"),
        (1e9, "float16", "float16"),
    ],
)
def test_a_plain_number_adapts(values, number, beside, expected):
    array = number_array(number, None if beside is None else np.dtype(beside))
    assert (array.dtype, array.shape) == (expected, ())
    if beside is not None:
        x = np.ones(2, beside)
        assert values("add", x, number).dtype == values("add", number, x).dtype == expected


def test_a_number_out_of_range_raises(values):
    with pytest.raises(InputError, match="300 do not fit uint8"):
        values("add", np.ones(2, np.uint8), 300)


def test_a_numpy_number_has_a_width(values):
    assert values("add", np.ones(2, np.float16), np.float32(1)).dtype == "float32"


def test_two_plain_numbers(values):
    np.testing.assert_array_equal(values("add", 1, 0.5), np.float32(1.5), strict=True)
