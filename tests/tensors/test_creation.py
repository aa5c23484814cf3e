"""The methods that create tensors and variables."""

import numpy as np
import pytest

from humanrt.errors import InputError, MemoryLimitError, TensorDisposedError
from humanrt.tensors import DTYPES, Registry
from humanrt.tensors.workspace import Workspace

NOTHING = (0, 0, 0, 0)


def read(tensor):
    """Return the values and dtype of a tensor, and free it."""
    with tensor:
        return tensor.array(), tensor.dtype.name


def test_tensor_from_numpy_adopt_and_scalar(workspace, registry):
    array = np.ones((2, 2), np.float32)
    with registry.scope():
        made = [workspace.tensor([1, 2]), workspace.from_numpy(array), workspace.adopt(array.copy())]
        made.append(workspace.scalar(3.0))
        assert [tensor.shape for tensor in made] == [(2,), (2, 2), (2, 2), ()]
        assert registry.memory().num_tensors == 4
        assert np.shares_memory(made[1].numpy(), array)


@pytest.mark.parametrize("dtype", sorted(DTYPES, key=str), ids=str)
def test_zeros_and_ones(workspace, dtype):
    assert read(workspace.zeros((2, 1), dtype)) == ([[0], [0]], dtype.name)
    assert read(workspace.ones([2], dtype)) == ([1, 1], dtype.name)


def test_zeros_and_ones_are_float32_by_default(workspace):
    assert read(workspace.zeros(2)) == ([0, 0], "float32")
    assert read(workspace.ones(())) == (1, "float32")


def test_large_zeros_are_zero_in_recycled_memory(workspace, registry):
    workspace.ones(100_000).dispose()
    assert registry.memory().pooled_bytes
    with workspace.zeros(100_000) as zeros:
        assert not zeros.numpy().any()


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (2.5, None, ([2.5, 2.5], "float32")),
        (7, None, ([7, 7], "int32")),
        (True, None, ([True, True], "bool")),
        (2.9, "uint8", ([2, 2], "uint8")),
        (1e30, "float16", ([float("inf")] * 2, "float16")),
    ],
)
def test_fill_chooses_the_dtype_as_tensor_does(workspace, value, dtype, expected):
    assert read(workspace.fill(2, value, dtype)) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0, 3), [0, 1, 2]),
        ((3, 0), [3, 2, 1]),
        ((0, 1, 0.25), [0, 0.25, 0.5, 0.75]),
        ((1, 0, -0.5), [1, 0.5]),
        ((0, 5, 2), [0, 2, 4]),
        ((2, 2), []),
        ((0, 3, -1), []),
        ((3, 0, 2), []),
    ],
)
def test_range(workspace, arguments, expected):
    """The numbers are those of TF.js's tests of range()."""
    assert read(workspace.range_(*arguments)) == (expected, "float32")


def test_range_of_another_dtype(workspace):
    assert read(workspace.range_(0, 3, dtype="int32")) == ([0, 1, 2], "int32")


def test_dlpack_is_shared(workspace, registry):
    array = np.arange(4, dtype=np.int32)
    with workspace.from_dlpack(array) as tensor:
        assert np.shares_memory(tensor.numpy(), array)
        assert tensor.dtype == np.int32
        array[0] = 9
        assert tensor.array() == [9, 1, 2, 3]
        with workspace.from_dlpack(tensor) as again:
            assert np.shares_memory(registry.ledger.values(again), array)


@pytest.mark.parametrize(
    "make",
    [
        lambda workspace: workspace.zeros(-1),
        lambda workspace: workspace.zeros("ab"),
        lambda workspace: workspace.zeros((1,) * 33),
        lambda workspace: workspace.zeros((2**40, 2**40)),
        lambda workspace: workspace.zeros(2, "float64"),
        lambda workspace: workspace.fill(2, "a"),
        lambda workspace: workspace.fill(2, 300, "uint8"),
        lambda workspace: workspace.fill(2, [1, 2, 3]),
        lambda workspace: workspace.range_(0, 1, 0),
        lambda workspace: workspace.range_(0, float("inf")),
        lambda workspace: workspace.range_(0, 1, float("nan")),
        lambda workspace: workspace.range_(0, 300, dtype="uint8"),
        lambda workspace: workspace.from_dlpack([1, 2]),
        lambda workspace: workspace.from_dlpack(np.array(["a"])),
        lambda workspace: workspace.from_dlpack(np.zeros(2)),
        lambda workspace: workspace.scalar([1, 2]),
    ],
)
def test_invalid_arguments_raise_and_count_nothing(workspace, registry, make):
    before = registry.memory()
    with pytest.raises(InputError):
        make(workspace)
    assert registry.memory() == before


def test_the_limit_raises_before_memory_is_allocated():
    workspace = Workspace(Registry(memory_limit=10**9))
    for make in (workspace.zeros, workspace.ones):
        with pytest.raises(MemoryLimitError):
            make((2**20, 2**30))
    workspace.registry.close()


# -- variables


def test_a_variable_survives_tidy_and_dispose_variables_frees_all(workspace, registry):
    """CONFORMANCE 29."""

    def make():
        workspace.variable([1.0, 2.0], "kept")
        workspace.variable(3)

    workspace.tidy(make)
    assert registry.memory().baseline == (2, 2, 12, 0)
    workspace.dispose_variables()
    assert registry.memory().baseline == NOTHING
    workspace.dispose_variables()


def test_a_name_is_taken_until_its_variable_is_disposed(workspace, registry):
    """CONFORMANCE 30."""
    variable = workspace.variable([1.0], "weights")
    before = registry.memory()
    with pytest.raises(InputError, match="'weights' already"):
        workspace.variable([2.0], "weights")
    assert registry.memory().baseline == before.baseline
    variable.dispose()
    with workspace.variable([3.0], "weights") as again:
        assert again.name == "weights"
        variable.dispose()
        with pytest.raises(InputError):
            workspace.variable([4.0], "weights")
        registry.dispose({"nested": [again]})
        assert again.is_disposed
        workspace.variable(5, "weights").dispose()


def test_default_names_of_variables_differ(workspace):
    names = {workspace.variable(i).name for i in range(3)}
    assert len(names) == 3
    workspace.dispose_variables()


def test_a_variable_created_from_a_tensor_shares_its_buffer(workspace, registry):
    """CONFORMANCE 31."""
    with workspace.tensor([1.0, 2.0]) as tensor:
        variable = workspace.variable(tensor)
        assert registry.memory().baseline == (2, 1, 8, 0)
    assert variable.array() == [1, 2]
    variable.dispose()


def test_a_variable_of_another_dtype_has_its_own_buffer(workspace, registry):
    with workspace.tensor([1.5, 2.5]) as tensor, workspace.variable(tensor, dtype="int32") as variable:
        assert (variable.array(), variable.dtype) == ([1, 2], np.int32)
        assert registry.memory().baseline == (2, 2, 16, 0)


@pytest.mark.parametrize("other", [[1.0, 2.0, 3.0], [[1.0, 2.0]], [1, 2], 1.0])
def test_assigning_another_shape_or_dtype_raises(workspace, registry, other):
    """CONFORMANCE 31."""
    with workspace.variable([1.0, 2.0], "weights") as variable, workspace.tensor(other) as tensor:
        before = registry.memory()
        with pytest.raises(InputError, match="variable 'weights' is float32"):
            variable.assign(tensor)
        assert registry.memory() == before
        assert variable.array() == [1, 2]


def test_assign_shares_the_values_and_frees_the_old_buffer(workspace, registry):
    """CONFORMANCE 31."""
    variable = workspace.variable([1.0, 2.0])
    clone = variable.clone()
    with workspace.tensor([3.0, 4.0]) as tensor:
        variable.assign(tensor)
        assert registry.memory().baseline == (3, 2, 16, 0)
    assert (variable.array(), clone.array()) == ([3, 4], [1, 2])
    clone.dispose()
    assert registry.memory().baseline == (1, 1, 8, 0)
    variable.assign(variable)
    assert (variable.array(), registry.memory().baseline) == ([3, 4], (1, 1, 8, 0))
    variable.dispose()
    assert registry.memory().baseline == NOTHING


def test_assigning_a_large_variable_recycles_the_old_memory(workspace, registry):
    variable = workspace.variable(source := workspace.zeros(100_000))
    source.dispose()
    with workspace.ones(100_000) as ones:
        variable.assign(ones)
    assert registry.memory().pooled_bytes == 400_000
    assert variable.numpy().all()
    variable.dispose()


def test_assign_raises_if_either_tensor_is_disposed(workspace):
    variable, tensor = workspace.variable([1.0]), workspace.tensor([2.0])
    tensor.dispose()
    with pytest.raises(TensorDisposedError, match=f"tensor {tensor.id}"):
        variable.assign(tensor)
    variable.dispose()
    with workspace.tensor([2.0]) as live, pytest.raises(TensorDisposedError, match=f"tensor {variable.id}"):
        variable.assign(live)


def test_disposing_a_variable_twice_never_frees_another_handle(workspace, registry):
    """CONFORMANCE 32."""
    tensor = workspace.tensor([1.0, 2.0])
    variable = workspace.variable(tensor)
    variable.dispose()
    variable.dispose()
    assert tensor.array() == [1, 2]
    assert registry.memory().baseline == (1, 1, 8, 0)
    tensor.dispose()


def test_a_variable_that_is_not_referenced_stays_alive(workspace, registry):
    """CONFORMANCE 29: the engine holds it, so it is not a leak."""
    workspace.variable([1.0])
    assert registry.memory().baseline == (1, 1, 4, 0)
    workspace.dispose_variables()


@pytest.mark.parametrize("end", [Registry.close, Registry.reset])
def test_closing_and_resetting_free_variables_and_their_names(end):
    registry = Registry()
    with registry.tensor(1) as source:
        variable = registry.variables.add(source, "name")
    end(registry)
    assert variable.is_disposed
    assert registry.memory().baseline == NOTHING
    assert registry.variables.names() == {}
    variable.dispose()
