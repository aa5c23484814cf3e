"""Reductions, softmax and rankings against NumPy."""

import numpy as np
import pytest

from humanrt.errors import ModelFormatError

FUNCTIONS = {
    "Mean": np.mean,
    "Sum": np.sum,
    "Max": np.max,
    "Min": np.min,
    "Prod": np.prod,
    "EuclideanNorm": lambda x, **axes: np.sqrt(np.sum(x * x, **axes)),
}


@pytest.fixture
def x(rng):
    return rng.normal(size=(2, 3, 4, 5)).astype(np.float32)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("axes", [(1, 2), (3,), (-1, 0), (1,), (0, 1, 2, 3), (2, 2), ()])
@pytest.mark.parametrize("op", FUNCTIONS)
def test_reductions(evaluate, known, x, op, axes, planar, keep):
    expected = FUNCTIONS[op](x, axis=tuple(sorted({axis % 4 for axis in axes})), keepdims=keep)
    result = evaluate(op, x, known(np.int32(axes)), planar=planar, keep_dims=keep)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6)


def test_sum_of_integers(evaluate, known):
    x = np.arange(6, dtype=np.int32).reshape(2, 3)
    np.testing.assert_array_equal(evaluate("Sum", x, known([1])), x.sum(1))


def test_an_axis_out_of_range(evaluate, known, x):
    with pytest.raises(ModelFormatError, match=r"\(Mean\): its axis 4 is out of range for an input of 4 axes"):
        evaluate("Mean", x, known([4]))


@pytest.mark.parametrize("planar", [False, True])
def test_softmax(evaluate, x, planar):
    powers = np.exp(x - x.max(-1, keepdims=True))
    expected = powers / powers.sum(-1, keepdims=True)
    np.testing.assert_allclose(evaluate("Softmax", x, planar=planar), expected, rtol=1e-5)


@pytest.mark.parametrize("axis", [1, -1])
def test_arg_extrema(evaluate, known, x, axis):
    for op, function in (("ArgMax", np.argmax), ("ArgMin", np.argmin)):
        result = evaluate(op, x, known(axis))
        assert result.dtype == np.int32
        np.testing.assert_array_equal(result, function(x, axis))


@pytest.mark.parametrize("fed", [False, True])
def test_top_k(evaluate, known, x, fed):
    values, indices = evaluate("TopKV2", x, np.int32(3) if fed else known(3), outputs=2)
    order = np.argsort(-x, axis=-1)[..., :3]
    assert indices.dtype == np.int32
    np.testing.assert_array_equal(indices, order)
    np.testing.assert_array_equal(values, np.take_along_axis(x, order, -1))


@pytest.mark.parametrize("k", [-1, 6])
def test_top_k_out_of_range(evaluate, known, x, k):
    with pytest.raises(ModelFormatError, match=r"\(TopKV2\)"):
        evaluate("TopKV2", x, known(k), outputs=2)


@pytest.mark.parametrize(("op", "function"), [("All", np.all), ("Any", np.any)])
def test_all_and_any(evaluate, known, op, function):
    x = np.array([[True, True], [True, False], [False, False]])
    np.testing.assert_array_equal(evaluate(op, x, known([1])), function(x, axis=1))
    assert evaluate(op, x, known([0, 1])) == function(x)


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_cumulative_sum(evaluate, known, reverse, exclusive):
    x = np.arange(1, 5, dtype=np.int32)
    expected = np.cumsum(x[::-1])[::-1] if reverse else np.cumsum(x)
    result = evaluate("Cumsum", x, known(0), reverse=reverse, exclusive=exclusive)
    np.testing.assert_array_equal(result, expected - x if exclusive else expected)


def test_log_softmax(evaluate, x):
    expected = x - np.log(np.exp(x).sum(-1, keepdims=True))
    np.testing.assert_allclose(evaluate("LogSoftmax", x), expected, rtol=1e-4, atol=1e-5)
