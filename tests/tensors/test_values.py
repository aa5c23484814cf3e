"""Which values, dtypes and shapes are accepted."""

import numpy as np
import pytest

from humanrt.errors import InputError
from humanrt.tensors import DTYPES, Registry
from humanrt.tensors.values import resolve_shape


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1.5, "float32", ()),
        (3, "int32", ()),
        (True, "bool", ()),
        ([1, 2.5], "float32", (2,)),
        ([[1, 2], [3, 4], [5, 6]], "int32", (3, 2)),
        ((True, False), "bool", (2,)),
        ([], "float32", (0,)),
        (np.float64(2), "float32", ()),
        (np.int64(2), "int64", ()),
        (np.zeros((2, 1), np.float64), "float32", (2, 1)),
        (np.zeros(3, np.float16), "float16", (3,)),
        (np.zeros(3, np.int64), "int64", (3,)),
        (np.zeros(3, ">f4"), "float32", (3,)),
        (bytearray(b"ab"), "uint8", (2,)),
    ],
)
def test_dtype_follows_the_data(registry, data, dtype, shape):
    with registry.tensor(data) as tensor:
        assert (tensor.dtype, tensor.shape) == (np.dtype(dtype), shape)
        assert tensor.data_sync().tolist() == np.asarray(data).tolist()


@pytest.mark.parametrize("dtype", sorted(DTYPES, key=str), ids=str)
def test_dtype_can_be_named(registry, dtype):
    for name in (dtype, dtype.name, dtype.type):
        with registry.tensor([0, 1], name) as tensor:
            assert tensor.dtype == dtype
            assert tensor.array() == [0, 1]


def test_fractions_are_truncated_towards_zero(registry):
    """TF.js: tensor1d([1.7, -1.7], 'int32') holds 1 and -1."""
    with registry.tensor([1.7, -1.7], "int32") as tensor:
        assert tensor.array() == [1, -1]


def test_float64_beyond_float32_becomes_infinite(registry):
    """TF.js: new Float32Array([1e300]) holds Infinity."""
    with registry.tensor(np.array([1e300])) as tensor:
        assert tensor.array() == [float("inf")]


def test_the_limits_of_an_integer_dtype_are_accepted(registry):
    limits = [-(2**31), 2**31 - 1]
    with registry.tensor(limits) as tensor:
        assert tensor.array() == limits
    with registry.tensor([255.9, -0.9], "uint8") as tensor:
        assert tensor.array() == [255, 0]


@pytest.mark.parametrize(
    ("data", "dtype", "message"),
    [
        ([[1, 2], [3]], None, "same length"),
        (None, None, "NoneType"),
        ("text", None, "str"),
        ([1, "a"], None, "list"),
        ({"a": 1}, None, "dict"),
        (object(), None, "object"),
        ([1j], None, "complex128"),
        ([1j], "float32", "complex128"),
        (2**70, None, "int"),
        (np.zeros(2, np.int8), None, "int8"),
        (np.zeros(2, np.uint16), None, "uint16"),
        (np.array(["2020"], "datetime64[D]"), None, "datetime64"),
        ([1.0], "float64", "float64"),
        ([1.0], "no such dtype", "no such dtype"),
        ([2**31], None, "int32"),
        ([256], "uint8", "do not fit uint8"),
        ([-1], "uint8", "do not fit uint8"),
        ([float("nan")], "int32", "do not fit int32"),
        ([float("inf")], "int64", "do not fit int64"),
        ([2.0**63], "int64", "do not fit int64"),
    ],
)
def test_invalid_data_raises_and_counts_nothing(data, dtype, message):
    registry = Registry()
    before = registry.memory()
    with pytest.raises(InputError, match=message):
        registry.tensor(data, dtype)
    assert registry.memory() == before


@pytest.mark.parametrize(
    ("array", "message"),
    [([1.0], "list"), (np.float32(1), "float32"), (np.zeros(2), "float64"), (np.zeros(2, ">f4"), ">f4")],
)
def test_only_arrays_of_a_tensor_dtype_can_be_shared(registry, array, message):
    with pytest.raises(InputError, match=message):
        registry.from_numpy(array)


def test_an_adopted_array_needs_a_tensor_dtype(registry):
    with pytest.raises(InputError, match="float64"):
        registry.adopt(np.zeros(2))


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        (6, 6, (6,)),
        (-1, 6, (6,)),
        ((), 1, ()),
        ((2, -1), 6, (2, 3)),
        ([1, 6, 1], 6, (1, 6, 1)),
        ((np.int64(3), 2), 6, (3, 2)),
        ((0, 3), 0, (0, 3)),
        ((-1, 3), 0, (0, 3)),
    ],
)
def test_a_size_of_minus_one_is_inferred(shape, size, expected):
    assert resolve_shape(shape, size) == expected


@pytest.mark.parametrize(
    ("shape", "size"),
    [(5, 6), ((4, -1), 6), ((-1, -1), 6), ((-2, -3), 6), ((-1, 0), 0), ((), 2), ((2.0, 3), 6), ("23", 6), (None, 1)],
)
def test_an_impossible_shape_raises(shape, size):
    with pytest.raises(InputError):
        resolve_shape(shape, size)


def test_shape_can_be_given_with_the_data(registry):
    with registry.tensor([1, 2, 3, 4, 5, 6], shape=(2, -1)) as tensor:
        assert tensor.array() == [[1, 2, 3], [4, 5, 6]]
    with pytest.raises(InputError, match="2 elements cannot take the shape"):
        registry.tensor([1, 2], shape=(3,))
