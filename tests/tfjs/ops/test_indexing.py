"""Gathering and scattering against NumPy."""

import numpy as np
import pytest

from humanrt.errors import ModelFormatError, UnsupportedOpError


@pytest.fixture
def x(rng):
    return rng.normal(size=(2, 3, 4, 6)).astype(np.float32)


@pytest.mark.parametrize("axis", [0, 2, -1])
def test_gather(evaluate, known, x, axis):
    indices = np.int32([[1, 0], [0, 1]])
    np.testing.assert_array_equal(evaluate("GatherV2", x, indices, known(axis)), np.take(x, indices, axis))


def test_gather_nd(evaluate, x):
    indices = np.int32([[0, 1], [1, 2]])
    np.testing.assert_array_equal(evaluate("GatherNd", x, indices), x[indices[:, 0], indices[:, 1]])


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.bool_])
def test_where(evaluate, dtype):
    x = np.array([[0, 1, 0], [1, 0, 1]], dtype)
    result = evaluate("Where", x)
    assert result.dtype == np.int32
    np.testing.assert_array_equal(result, np.argwhere(x))


@pytest.mark.parametrize(
    ("indices", "values"), [([1, 3], [5.0, 6.0]), ([[0], [4]], [5.0, 6.0]), (2, 9.0), ([1, 3], 4.0)]
)
@pytest.mark.parametrize("fed", [False, True])
def test_sparse_to_dense(evaluate, known, indices, values, fed):
    expected = np.full(5, -1, np.float32)
    expected[np.ravel(indices)] = values
    first = np.int32(indices) if fed else known(indices)
    np.testing.assert_array_equal(evaluate("SparseToDense", first, known([5]), known(values), known(-1.0)), expected)


def test_gather_of_rows(evaluate, known, x):
    np.testing.assert_array_equal(evaluate("Gather", x, known([1, 0, 1])), x[[1, 0, 1]])


@pytest.mark.parametrize("apart", [1, 2, -1])
def test_gather_with_batch_dims(evaluate, known, rng, x, apart):
    indices = rng.integers(0, 3, (2, 3) if apart in (1, -1) else (2, 3, 2), dtype=np.int32)
    axis = apart if apart > 0 else indices.ndim - 1
    flat = x.reshape(-1, *x.shape[axis:])
    expected = np.stack([rows[chosen] for rows, chosen in zip(flat, indices.reshape(len(flat), -1), strict=True)])
    result = evaluate("GatherV2", x, indices, known(axis), batch_dims=apart)
    np.testing.assert_array_equal(result, expected.reshape(indices.shape + x.shape[axis + 1 :]))


def test_gather_with_batch_dims_along_a_later_axis(evaluate, known, x):
    with pytest.raises(UnsupportedOpError, match="batch_dims"):
        evaluate("GatherV2", x, np.zeros((2, 2), np.int32), known(2), batch_dims=1)


@pytest.mark.parametrize(("op", "expected"), [("ScatterNd", [0, 11, 0, 3]), ("TensorScatterUpdate", [10, 5, 30, 3])])
def test_scattering(evaluate, known, op, expected):
    indices, updates = np.int32([[1], [3], [1]]), np.float32([6, 3, 5])
    if op == "ScatterNd":
        result = evaluate(op, indices, updates, known([4]))
    else:
        result = evaluate(op, np.float32([10, 20, 30, 40]), indices, updates)
    np.testing.assert_array_equal(result, expected)


def test_scattering_by_a_scalar(evaluate, known):
    with pytest.raises(ModelFormatError, match="are a scalar"):
        evaluate("ScatterNd", known(1), known([1.0]), known([4]))


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_one_hot(evaluate, known, axis):
    indices = np.int32([0, 2, 9])
    expected = np.where(indices[:, None] == np.arange(4), 5, -1)
    result = evaluate("OneHot", indices, known(4), known(5), known(-1), axis=axis)
    np.testing.assert_array_equal(result, expected.T if axis == 0 else expected)


def test_one_hot_of_a_negative_number_of_classes(evaluate, known):
    with pytest.raises(ModelFormatError, match="its depth is -1"):
        evaluate("OneHot", np.int32([0]), known(-1), known(1), known(0))


@pytest.mark.parametrize(
    ("op", "axes"),
    [("ReverseV2", [1]), ("ReverseV2", [-1, 0]), ("ReverseV2", []), ("Reverse", [False, True, False, True])],
)
def test_reverse(evaluate, known, x, op, axes):
    turned = np.flatnonzero(axes) if op == "Reverse" else axes
    operand = known(np.array(axes)) if op == "Reverse" else known(np.int32(axes))
    np.testing.assert_array_equal(evaluate(op, x, operand), np.flip(x, tuple(turned)))
