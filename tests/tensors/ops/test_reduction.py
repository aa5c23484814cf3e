"""Reductions, for dtypes that TF.js lacks and where it is wrong."""

import asyncio

import numpy as np
import pytest

from humanrt.errors import InputError

CUBE = np.arange(24).reshape(2, 3, 4)


@pytest.mark.parametrize("dtype", ["float16", "int64", "uint8"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), [1, -1], ()])
@pytest.mark.parametrize("keep_dims", [False, True])
def test_dtypes_that_tfjs_lacks(values, dtype, axis, keep_dims):
    x = CUBE.astype(dtype)
    numpy_axis = tuple(axis) if isinstance(axis, list) else axis
    for name, formula in (("sum", np.sum), ("mean", np.mean), ("max", np.max), ("min", np.min)):
        found = values(name, x, axis, keep_dims)
        expected = formula(CUBE.astype(np.float64), axis=numpy_axis, keepdims=keep_dims)
        np.testing.assert_allclose(found, expected, rtol=1e-3 if dtype == "float16" else 1e-7)
        assert found.shape == expected.shape


@pytest.mark.parametrize("shape", [(100_000,), (100_000, 2)])
def test_long_sums_are_accurate(values, shape):
    """NumPy adds along the first of several axes in sequence: in float32 the error is 2e-4 here."""
    tenths = np.full(shape, 0.1, np.float32)
    np.testing.assert_allclose(values("sum", tenths, 0), tenths.astype(np.float64).sum(axis=0), rtol=1e-7)
    np.testing.assert_allclose(values("mean", tenths, 0), tenths[0], rtol=1e-7)
    assert (values("sum", np.ones((4096, 2), np.float16), 0) == 4096).all()  # in float16 it would stop at 2048
    assert (values("mean", np.full((4096, 2), 100, np.float16), 0) == 100).all()


@pytest.mark.parametrize("name", ["max", "min", "arg_max", "arg_min"])
def test_the_largest_of_no_elements_raises(values, name):
    with pytest.raises(InputError, match=rf"{name}\(\) of float32 \(2, 0\)"):
        values(name, np.zeros((2, 0), np.float32), axis=1)


@pytest.mark.parametrize("name", ["sum", "mean"])
def test_sums_and_averages_of_no_elements_are_zero(values, name):
    assert values(name, np.zeros((2, 0), np.float32), axis=1).tolist() == [0, 0]
    assert values(name, np.zeros((2, 0), np.float32), axis=0).shape == (0,)


@pytest.mark.parametrize("axis", [2, -3, (0, 0), (1, -1), 0.5, "x"])
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
def test_an_axis_out_of_range_raises(values, name, axis):
    with pytest.raises(InputError, match=rf"{name}\(\) of float32 \(2, 3\): "):
        values(name, np.zeros((2, 3), np.float32), axis)


@pytest.mark.parametrize("name", ["sum", "max", "arg_max", "arg_min", "softmax", "unstack", "reverse"])
def test_an_axis_of_a_scalar_raises(values, name):
    with pytest.raises(InputError):
        values(name, 1.0, axis=0)


def test_arg_max_ignores_nan_unless_it_is_first(values):
    nan = np.nan
    rows = np.float32([[1, nan, 2], [nan, 5, 6], [-np.inf, nan, -np.inf], [np.inf, nan, 0], [0, nan, nan]])
    assert values("arg_max", rows, 1).tolist() == [2, 0, 0, 0, 0]
    assert values("arg_min", rows, 1).tolist() == [0, 0, 0, 2, 0]
    assert values("arg_max", rows.astype(np.float16), -1).tolist() == [2, 0, 0, 0, 0]


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool", "float16"])
def test_top_k_keeps_the_order_of_equals(values, dtype):
    x = np.array([[1, 0, 1, 1], [0, 1, 0, 0]], dtype)
    largest, indices = values("top_k", x, 3)
    np.testing.assert_array_equal(largest, np.array([[1, 1, 1], [1, 0, 0]], dtype), strict=True)
    np.testing.assert_array_equal(indices, np.int32([[0, 2, 3], [1, 0, 2]]), strict=True)


def test_top_k_of_integers_at_their_limits(values):
    limits = np.iinfo(np.int64)
    largest, _ = values("top_k", np.array([limits.min, 0, limits.max]), 3)
    assert largest.tolist() == [limits.max, 0, limits.min]


def test_top_k_sorts_nan_first(values):
    largest, indices = values("top_k", np.float32([1, np.nan, 2]), 2)
    np.testing.assert_array_equal(largest, np.float32([np.nan, 2]))
    assert indices.tolist() == [1, 2]


def test_the_result_of_top_k_is_named(ops):
    with ops.registry.scope():
        found = ops.top_k([1.0, 3.0])
        assert (found.values.array(), found.indices.array()) == ([3.0], [1])


@pytest.mark.parametrize("axis", [0, 1, -2])
def test_softmax_along_any_axis(values, axis):
    x = np.float32([[1, 2], [1000, -1000]])
    exponentials = np.exp(x.astype(np.float64) - x.max(axis=axis, keepdims=True))
    np.testing.assert_allclose(
        values("softmax", x, axis), exponentials / exponentials.sum(axis=axis, keepdims=True), rtol=1e-6
    )


def test_softmax_of_no_elements(values):
    assert values("softmax", np.zeros((2, 0), np.float32)).shape == (2, 0)


def test_of_equal_predictions_the_first_are_the_best_and_nan_is_none(values):
    rows = np.float32([[1, 1, 0], [np.nan, 1, 0], [np.nan, 1, 0], [np.inf, 1, 0]])
    assert values("in_top_k_async", rows, [1, 0, 1, 0], 1).tolist() == [False, False, True, True]
    assert values("in_top_k_async", rows[:1], [0], rows.shape[1]).tolist() == [True]
    assert values("in_top_k_async", rows, [1, 0, -1, 3], 2).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[1.0, 2.0]], [0], 3), "k is 3; accepted: 1 to 2"),
        (([[1.0, 2.0]], [0], 0), "k is 0"),
        (([1.0, 2.0], 0), "two axes or more"),
    ],
)
def test_predictions_that_do_not_fit(values, arguments, words):
    with pytest.raises(InputError, match=words):
        values("in_top_k_async", *arguments)


def test_targets_must_be_integers(ops):
    with ops.registry.scope(), pytest.raises(InputError, match="targets is float32; accepted: int32"):
        asyncio.run(ops.in_top_k_async([[1.0, 2.0]], ops.registry.tensor([0.0])))
