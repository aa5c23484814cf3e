"""Moving elements, and products of matrices, for dtypes that TF.js lacks and where it is wrong."""

import numpy as np
import pytest

from humanrt.errors import InputError

GRID = np.arange(6, dtype=np.uint8).reshape(2, 3)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("transpose", (GRID, (0, 0)), "repeated axis"),
        ("transpose", (GRID, (0,)), "axes don't match"),
        ("concat", ([],), r"concat\(\) of nothing"),
        ("concat", (GRID,), "needs a list or tuple of tensors, got ndarray"),
        ("concat", ([1, 2],), "zero-dimensional"),
        ("stack", ([GRID, GRID[0]],), "same shape"),
        ("split", (GRID, 2, 1), "size 3 cannot be split into 2 equal parts"),
        ("split", (GRID, 0, 1), "size 3 cannot be split into 0 equal parts"),
        ("split", (GRID, [-1, -1], 1), "do not add up to 3; one may be -1"),
        ("split", (GRID, [4, -1], 1), "do not add up to 3"),
        ("split", (GRID, [], 1), "do not add up to 3"),
        ("split", (GRID, [3], 2), "axis"),
        ("pad", (1, []), "for every axis"),
        ("pad", (GRID, [(1, 1)]), "for every axis"),
        ("pad", (GRID, [(1, 1), (-1, 0)]), "not negative"),
        ("pad", (GRID, [(1, 1), (1, 1)], 256), "do not fit uint8"),
        ("gather", (GRID, [0, 2]), "indices are 0 to 2; accepted: 0 to 1"),
        ("gather", (GRID, [-1]), "indices are -1"),
        ("gather", (GRID, [0], 1, 2), "batch_dims is 2"),
        ("gather", (GRID, [[0], [1], [1]], 1, 1), "batch_dims is 1"),
        ("gather", (GRID, [0], 0, -1), "batch_dims is -1"),
        ("tile", (GRID, (2,)), "one number for every axis"),
        ("tile", (GRID, (2, -1)), "negative dimensions"),
        ("reverse", (GRID, 2), "axis 2 is out of bounds"),
        ("mat_mul", (GRID, GRID), "inner sizes 3 and 2"),
        ("mat_mul", (GRID[0], GRID), "two axes or more"),
        ("mat_mul", (np.zeros((2, 1, 2)), np.zeros((3, 2, 1))), "broadcast"),
    ],
)
def test_invalid_arguments_raise(values, name, arguments, words):
    with pytest.raises(InputError, match=words):
        values(name, *arguments)


def test_indices_must_be_integers(ops):
    with ops.registry.scope():
        for dtype in ("int32", "int64", "uint8"):
            assert ops.gather(GRID, ops.registry.tensor([1], dtype)).array() == [[3, 4, 5]]
        with pytest.raises(InputError, match="indices is float32; accepted: int32, int64 and uint8"):
            ops.gather(GRID, ops.registry.tensor([1.0]))


def test_joined_dtypes_are_upcast(values):
    """TF.js uses the dtype of the first, and truncates the others."""
    for name, expected in (("concat", [1, 0.5]), ("stack", [[1], [0.5]])):
        np.testing.assert_array_equal(values(name, [np.uint8([1]), [0.5]]), np.float32(expected), strict=True)


def test_concat_accepts_empty_parts(values):
    assert values("concat", [GRID[:0], GRID, GRID[:0]]).tolist() == GRID.tolist()


def test_split_with_the_rest_first(values):
    """TF.js returns wrong sizes here."""
    assert [part.tolist() for part in values("split", GRID, [-1, 1], 1)] == [[[0, 1], [3, 4]], [[2], [5]]]


def test_gather_in_batches(values):
    """Each entry has its own indices, also with an axis between the batch and the gathered one."""
    x = np.arange(24, dtype=np.int64).reshape(2, 3, 4)
    indices = np.array([[0, 3], [1, 1]])
    expected = np.stack([np.take(entry, numbers, axis=1) for entry, numbers in zip(x, indices, strict=True)])
    np.testing.assert_array_equal(values("gather", x, indices, 2, 1), expected, strict=True)
    np.testing.assert_array_equal(values("gather", x, indices, -1, 1), expected, strict=True)


def test_gather_without_indices(values):
    assert values("gather", GRID, np.zeros((0, 2), np.int32)).shape == (0, 2, 3)


def test_a_scalar_index_gathers_one_slice(values):
    assert values("gather", GRID, 1).tolist() == [3, 4, 5]


def test_pad_in_every_dtype(values):
    for dtype in ("float16", "int64", "uint8", "bool"):
        padded = values("pad", np.ones(2, dtype), [(1, 2)], 0)
        np.testing.assert_array_equal(padded, np.array([0, 1, 1, 0, 0], dtype), strict=True)
    assert values("pad", GRID, [(0, 1), (0, 0)], 7.9)[-1].tolist() == [7, 7, 7]


def test_unstack_of_an_empty_axis(values):
    assert values("unstack", GRID[:0]) == []


@pytest.mark.parametrize("dtype", ["float16", "int64", "uint8", "int32", "float32"])
def test_matrices_of_every_dtype(values, dtype):
    one, other = np.arange(6).reshape(2, 3), np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(
        values("mat_mul", one.astype(dtype), other.astype(dtype)), (one @ other).astype(dtype), strict=True
    )


def test_products_of_bool_matrices(values):
    ways = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], bool)
    assert values("mat_mul", ways, ways).tolist() == (ways.astype(int) @ ways > 0).tolist()


def test_float16_products_are_summed_in_float32(values):
    """A sum of ones in float16 stops at 2048."""
    assert values("mat_mul", np.ones((1, 4096), np.float16), np.ones((4096, 1), np.float16)) == 4096


def test_batches_of_both_inputs_broadcast(values):
    """TF.js multiplies the wrong matrices here."""
    one, other = np.arange(4.0).reshape(2, 1, 1, 2), np.arange(6.0).reshape(1, 3, 2, 1)
    assert values("mat_mul", one, other).tolist() == (one @ other).tolist()
