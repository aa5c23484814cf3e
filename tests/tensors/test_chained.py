"""Ops as methods of tensors: the same as the engine's, with the tensor as the first input."""

import inspect

import numpy as np
import pytest

from humanrt.errors import InputError
from humanrt.tensors import Registry, Tensor
from humanrt.tensors.chained import Chained
from humanrt.tensors.ops import ImageOperations, Operations

GRID = np.float32([[1, -2, 3], [4, 5, -6]])
# TF.js chains no asynchronous op; of these another input is the tensor; of pictures it chains two.
OTHERS = {"image", "linalg", "boolean_mask_async", "in_top_k_async", "concat", "stack", "where"}
IMAGE = {"resize_bilinear", "resize_nearest"}


def public(kind):
    return {name for name in dir(kind) if not name.startswith("_")}


CHAINED = sorted(public(Operations) - OTHERS | IMAGE)


@pytest.mark.parametrize("name", CHAINED)
def test_a_method_has_the_parameters_and_text_of_its_op(name):
    op, method = getattr(ImageOperations if name in IMAGE else Operations, name), getattr(Tensor, name)
    _, _, *parameters = inspect.signature(op).parameters.values()
    assert [*inspect.signature(method).parameters.values()][1:] == parameters
    assert (method.__doc__, method.__name__, method.__qualname__) == (op.__doc__, name, f"Tensor.{name}")


def test_every_method_of_this_kind_is_an_op():
    made = {name for name, value in vars(Chained).items() if getattr(value, "__signature__", None)}
    assert made == set(CHAINED)


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (lambda t: t.square().sum(), np.float32(91)),
        (lambda t: t.add(1).mul(t), (GRID + 1) * GRID),
        (lambda t: t.sum(axis=1, keep_dims=True), GRID.sum(1, keepdims=True)),
        (lambda t: t.clip_by_value(-1, 2).to_int(), GRID.clip(-1, 2).astype(np.int32)),
        (lambda t: t.mat_mul(t, transpose_b=True), GRID @ GRID.T),
        (lambda t: t.greater(0).logical_not(), GRID <= 0),
        (lambda t: t.where(t.greater(0), 0), np.where(GRID > 0, GRID, 0)),
        (lambda t: t.concat(t, 1), np.concatenate([GRID, GRID], 1)),
        (lambda t: t.concat([t, GRID]), np.concatenate([GRID, GRID, GRID])),
        (lambda t: t.stack([t.neg()], axis=2), np.stack([GRID, -GRID], 2)),
        (lambda t: t.top_k(2).values, np.float32([[3, 1], [5, 4]])),
        (lambda t: t.split(3, axis=1)[2], GRID[:, 2:]),
        (lambda t: t.strided_slice([0, -1], [2, 0], [1, -2], end_mask=2), GRID[:, ::-2]),
        (lambda t: t.mirror_pad([[0, 0], [1, 1]], "symmetric"), np.pad(GRID, [(0, 0), (1, 1)], "symmetric")),
        (lambda t: t.as_3d(2, 3, 1).resize_nearest((1, 3)), GRID[:1, :, None]),
        (lambda t: t.flatten(), GRID.ravel()),
        (lambda t: t.as_1d(), GRID.ravel()),
        (lambda t: t.as_2d(3, 2), GRID.reshape(3, 2)),
        (lambda t: t.as_4d(1, 3, 2, 1), GRID.reshape(1, 3, 2, 1)),
        (lambda t: t.as_5d(1, 3, 1, 2, 1), GRID.reshape(1, 3, 1, 2, 1)),
        (lambda t: t[0, 2].as_1d().as_scalar(), GRID[0, 2]),
        (lambda t: t.flatten().reshape_as(t), GRID),
        (lambda t: t.as_type("int64"), GRID.astype(np.int64)),
        (lambda t: t.to_bool().to_float(), np.ones((2, 3), np.float32)),
    ],
)
def test_chains(registry, chain, expected):
    with registry.scope():
        np.testing.assert_array_equal(chain(registry.tensor(GRID)).data_sync(), expected, strict=True)


def test_a_scope_frees_every_link_but_the_last(registry):
    with registry.tensor(GRID) as tensor:
        with registry.tidy(lambda: tensor.square().add(1).sum()):
            assert registry.memory().num_tensors == 2
        with registry.tidy(lambda: tensor.as_3d(1, 2, 3)):
            assert registry.memory().num_data_buffers == 1


def test_what_does_not_fit_leaves_nothing(registry):
    with registry.tensor(GRID) as tensor:
        before = registry.memory()
        for call in (
            lambda: tensor.add([1, 2]),
            lambda: tensor.as_2d(4, 2),
            lambda: tensor.as_scalar(),
            lambda: tensor.concat([[1.0]]),
            lambda: tensor.where(tensor, 1),
            lambda: tensor.as_type([2, 2]),
        ):
            with pytest.raises(InputError):
                call()
        assert registry.memory() == before


def test_a_variable_keeps_the_values(registry):
    with registry.scope():
        variable = registry.tensor(GRID).variable("weights", "float16")
    assert (variable.name, variable.dtype, variable.array()) == ("weights", np.float16, GRID.tolist())
    with registry.tensor(GRID) as tensor, pytest.raises(InputError, match="called 'weights' already"):
        tensor.variable("weights")
    variable.dispose()


def test_a_link_is_known_by_the_line_that_made_it():
    registry = Registry(track_sites=True)
    with registry.tensor(GRID) as tensor, tensor.square() as square:
        (row,) = registry.leaks(only={square.id}).rows
        assert "in test_a_link_is_known_by_the_line_that_made_it" in row.site
    registry.close()


@pytest.mark.parametrize(
    "function",
    [
        *(np.sum, np.mean, np.max, np.argmax, np.transpose, np.squeeze, np.abs),
        lambda x: np.concatenate([x, (x + 0)]),
        lambda x: np.vstack((x, x)),
        lambda x: np.where(x > 0, x, 0),
        lambda x: np.reshape(x, (3, 2)),
        lambda x: np.sum(x, axis=0, keepdims=True),
        lambda x: np.zeros_like(a=x, dtype=[("a", "f4")]),
    ],
)
def test_functions_of_numpy_take_the_values_and_make_no_tensor(registry, function):
    """NumPy would call the method of its name: ``sum()`` with an argument ``out``, ``transpose()`` for a tensor."""
    with registry.scope():
        tensor = registry.tensor(GRID)
        result = function(tensor)
        assert not isinstance(result, Tensor)
        np.testing.assert_array_equal(result, function(GRID))
