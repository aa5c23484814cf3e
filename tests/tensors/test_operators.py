"""Python's operators and indexing of tensors: NumPy's results, as tensors."""

import operator

import numpy as np
import pytest

from humanrt.errors import InputError, TensorDisposedError

GRID = np.float32([[1, -2, 3], [4, 5, -6]])
ROW = np.float32([2, 3, -4])
ARITHMETIC = (
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
)

every_operator = pytest.mark.parametrize("operate", ARITHMETIC, ids=lambda operate: operate.__name__)


@every_operator
@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "float16"])
def test_operators_match_numpy(registry, operate, dtype):
    one, other = GRID.astype(dtype), ROW.astype(dtype)
    expected = operate(one, other)
    if operate is operator.truediv and expected.dtype == np.float64:
        expected = expected.astype(np.float32)
    with registry.scope():
        tensor = registry.tensor(one)
        np.testing.assert_array_equal(operate(tensor, registry.tensor(other)).data_sync(), expected, strict=True)
        np.testing.assert_array_equal(operate(tensor, other).data_sync(), expected, strict=True)
        np.testing.assert_array_equal(operate(one, registry.tensor(other)).data_sync(), expected, strict=True)


@every_operator
def test_a_number_may_be_on_either_side(registry, operate):
    with registry.scope():
        tensor = registry.tensor(GRID)
        np.testing.assert_array_equal(operate(tensor, 2).data_sync(), operate(GRID, 2), strict=True)
        np.testing.assert_array_equal(operate(2.5, tensor).data_sync(), operate(2.5, GRID), strict=True)


def test_powers_matrices_and_signs(registry):
    with registry.scope():
        tensor = registry.tensor(GRID)
        np.testing.assert_array_equal((tensor**2).data_sync(), GRID**2, strict=True)
        np.testing.assert_array_equal((2**tensor).data_sync(), 2**GRID, strict=True)
        np.testing.assert_array_equal((tensor @ GRID.T).data_sync(), GRID @ GRID.T, strict=True)
        np.testing.assert_array_equal((GRID.T @ tensor).data_sync(), GRID.T @ GRID, strict=True)
        np.testing.assert_array_equal((-tensor).data_sync(), -GRID, strict=True)
        np.testing.assert_array_equal(abs(tensor).data_sync(), abs(GRID), strict=True)


@pytest.mark.parametrize(
    "compute",
    [
        lambda t: t + 1,
        lambda t: 1 - t,
        lambda t: t @ t,
        lambda t: -t,
        abs,
        lambda t: t < 1,
        lambda t: t[0],
        lambda t: t[...],
        lambda t: t.slice(0, 1),
        lambda t: np.ones((2, 2), np.float32) * t,
    ],
)
def test_a_result_is_counted_and_owned_by_the_caller(registry, compute):
    with registry.tensor(np.ones((2, 2), np.float32)) as tensor:
        with compute(tensor):
            assert registry.memory().num_tensors == 2
        tensor.dispose()
        with pytest.raises(TensorDisposedError):
            compute(tensor)


def test_equality_and_hash_are_those_of_the_handle(registry):
    with registry.scope():
        one, other = registry.tensor([1]), registry.tensor([1])
        assert one == one
        assert one != other
        assert one != np.int32([1])
        assert one in [other, one]
        assert len({one, other}) == 2


def test_numpy_functions_return_arrays(registry):
    with registry.tensor(GRID) as tensor:
        np.testing.assert_array_equal(np.add(tensor, tensor), 2 * GRID, strict=True)


def test_iteration_raises_because_it_would_leak(registry):
    with registry.tensor(GRID) as tensor:
        for use in (iter, list, lambda t: 1 in t):
            with pytest.raises(TypeError):
                use(tensor)


@pytest.mark.parametrize(("value", "truth"), [(1, True), (0.0, False), ([[2]], True), ([False], False)])
def test_one_element_has_a_truth_value(registry, value, truth):
    with registry.tensor(value) as tensor:
        assert bool(tensor) is truth


def test_several_elements_have_no_truth_value(registry):
    with registry.tensor([1, 2]) as tensor, pytest.raises(InputError, match="neither true nor false"):
        bool(tensor)


# -- indexing

CUBE = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
SHARING = ((), ..., slice(None), (None, ...), (slice(None), None), (slice(0, 2), slice(0, 99)), (..., slice(-4, None)))
COPYING = (
    0,
    -1,
    np.int64(1),
    (1, 2),
    (1, 2, 3),
    (..., 0),
    slice(1, None),
    slice(None, None, 2),
    slice(None, None, -1),
    (slice(None), slice(2, 0, -1), None, 1),
    slice(5, 9),
)


@pytest.mark.parametrize("key", [*SHARING, *COPYING], ids=str)
def test_indexing_matches_numpy(registry, key):
    with registry.scope():
        tensor = registry.tensor(CUBE)
        part = tensor[key]
        np.testing.assert_array_equal(part.data_sync(), np.array(CUBE[key]), strict=True)
        shared = any(key is other for other in SHARING)
        assert np.shares_memory(registry.ledger.values(part), registry.ledger.values(tensor)) == shared
        assert registry.memory().num_data_buffers == (1 if shared else 2)


def test_indexing_a_strided_array(registry):
    with registry.scope():
        tensor = registry.from_numpy(CUBE[:, ::2])
        assert tensor[1].array() == CUBE[1, ::2].tolist()
        assert tensor[:, None].array() == CUBE[:, None, ::2].tolist()


@pytest.mark.parametrize(
    "key",
    [2, -3, (0, 0, 0, 0), (..., ...), slice(None, None, 0), 1.5, "a", True, [0], (0, [1]), np.array([0]), np.array(0)],
    ids=str,
)
def test_an_index_that_is_not_basic_raises(registry, key):
    with registry.tensor(CUBE) as tensor:
        before = registry.memory()
        with pytest.raises(InputError):
            tensor[key]
        assert registry.memory() == before


def test_indexing_a_scalar_raises(registry):
    with registry.tensor(1) as scalar:
        for use in (lambda: scalar[0], lambda: scalar.slice(0)):
            with pytest.raises(InputError):
                use()
        with scalar[...] as same:
            assert same.array() == 1


@pytest.mark.parametrize(
    ("begin", "size", "key"),
    [
        (1, None, (slice(1, None),)),
        ([0, 1], [2, 2], (slice(0, 2), slice(1, 3))),
        ([0, 1, 2], [-1, 1], (slice(0, None), slice(1, 2), slice(2, None))),
        (0, 1, (slice(0, 1),)),
        ([2, 3, 4], [0, 0, 0], (slice(2, 2), slice(3, 3), slice(4, 4))),
    ],
)
def test_slice(registry, begin, size, key):
    with registry.scope():
        np.testing.assert_array_equal(registry.tensor(CUBE).slice(begin, size).data_sync(), CUBE[key], strict=True)


@pytest.mark.parametrize(
    ("begin", "size"), [(-1, 1), (0, 3), (3, None), ([0, 0, 0, 0], None), (0, -2), (0, [1, 1, 1, 1])]
)
def test_slice_beyond_the_tensor_raises(registry, begin, size):
    with registry.tensor(CUBE) as tensor, pytest.raises(InputError, match=r"slice\(\) of shape \(2, 3, 4\)"):
        tensor.slice(begin, size)
