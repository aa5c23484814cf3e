"""Comparisons and logic, for dtypes that TF.js lacks and where the result differs."""

import numpy as np
import pytest

from humanrt.errors import InputError


def test_numbers_of_different_dtypes_are_compared_exactly(values):
    """float32 cannot hold 2**24 + 1: upcast to it, the two would be equal."""
    assert not values("equal", np.int32(2**24 + 1), np.float32(2**24))
    assert values("greater", np.int64(2**24 + 1), np.float32(2**24))
    assert values("less", np.uint8(1), np.int64(2))


def test_nan_equals_nothing(values):
    x = np.float32([np.nan])
    for name in ("equal", "greater", "greater_equal", "less", "less_equal"):
        assert not values(name, x, x)


@pytest.mark.parametrize("name", ["logical_and", "logical_or", "logical_not"])
def test_logic_accepts_bool_only(values, name):
    numbers = [np.ones(2, np.bool_)] if name != "logical_not" else []
    with_tensor = [*numbers, np.ones(2, np.int32)]
    # An array that is not a tensor is read as bool, as TF.js reads lists.
    assert values(name, *with_tensor).dtype == bool


@pytest.mark.parametrize("name", ["logical_and", "logical_or", "logical_not", "where"])
def test_a_tensor_that_is_not_bool_raises(ops, name):
    with ops.registry.scope():
        numbers = ops.registry.tensor([1, 0])
        others = {"logical_not": 0, "where": 2}.get(name, 1)
        with pytest.raises(InputError, match=rf"{name}\(\) of int32 \(2,\).* is int32; accepted: bool; cast\(\)"):
            getattr(ops, name)(numbers, *[True] * others)


def test_where_broadcasts_and_upcasts(values):
    chosen = values("where", [[True], [False]], np.uint8([1, 2]), np.float16(0.5))
    np.testing.assert_array_equal(chosen, np.float16([[1, 2], [0.5, 0.5]]), strict=True)
