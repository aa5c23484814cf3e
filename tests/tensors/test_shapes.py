"""Other shapes and dtypes, by the engine; values and errors are compared with TF.js in tests/peer."""

import numpy as np
import pytest

from humanrt.errors import InputError, TensorDisposedError
from humanrt.tensors import Registry

GRID = np.float32([[1, -2, 3]])
# Each with the shape of its result, for GRID.
OPS = {
    "clone": ((), (1, 3)),
    "reshape": (([3, -1],), (3, 1)),
    "expand_dims": ((1,), (1, 1, 3)),
    "squeeze": (([0],), (3,)),
    "cast": (("float32",), (1, 3)),
    "slice": (([0, 0], [1, 3]), (1, 3)),
}

every_op = pytest.mark.parametrize("name", OPS)


@every_op
def test_the_result_of_a_tensor_shares_its_buffer(workspace, name):
    (arguments, shape), registry = OPS[name], workspace.registry
    with registry.tensor(GRID) as tensor, getattr(workspace, name)(tensor, *arguments) as result:
        assert result.shape == shape
        assert result.data_sync().ravel().tolist() == [1, -2, 3]
        assert registry.memory().num_tensors == 2
        assert registry.memory().num_data_buffers == 1


@every_op
def test_of_values_only_the_result_is_left(workspace, name):
    arguments, shape = OPS[name]
    with getattr(workspace, name)(GRID.tolist(), *arguments) as result:
        assert (result.shape, result.dtype) == (shape, np.float32)
        assert workspace.registry.memory().num_tensors == 1


@every_op
def test_tensors_of_another_engine_and_disposed_ones_are_refused(workspace, name):
    arguments, other = OPS[name][0], Registry()
    with other.tensor(GRID) as stranger, pytest.raises(InputError, match="belongs to another engine"):
        getattr(workspace, name)(stranger, *arguments)
    disposed = workspace.registry.tensor(GRID)
    disposed.dispose()
    with pytest.raises(TensorDisposedError):
        getattr(workspace, name)(disposed, *arguments)


@pytest.mark.parametrize(
    ("name", "arguments"), [("reshape", ([2],)), ("expand_dims", (5,)), ("squeeze", ([1],)), ("slice", ([2], [1]))]
)
def test_what_does_not_fit_leaves_nothing(workspace, name, arguments):
    with pytest.raises(InputError):
        getattr(workspace, name)(GRID.tolist(), *arguments)
    assert workspace.registry.memory().baseline == (0, 0, 0, 0)
