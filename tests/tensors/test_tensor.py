"""Tensors: reading, sharing a buffer, and use after disposal."""

import asyncio
import copy
import gc
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from humanrt.errors import EngineClosedError, InputError, TensorDisposedError, TensorError
from humanrt.tensors import DTYPES, Registry, keep, pinned, values_of
from humanrt.tensors.tensor import OFF_LOOP_BYTES

LARGE = OFF_LOOP_BYTES // 4  # float32 elements from which a copy leaves the event loop


@pytest.fixture
def grid(registry):
    with registry.scope():
        yield registry.tensor(np.arange(6).reshape(2, 3), "float32")


# -- attributes and reading


def test_attributes(grid):
    assert (grid.shape, grid.rank, grid.size, grid.nbytes, grid.device) == ((2, 3), 2, 6, 24, "cpu")
    assert grid.dtype == np.float32
    assert not grid.is_disposed


def test_ids_are_never_used_again(registry):
    ids = []
    for _ in range(5):
        with registry.tensor(0) as tensor:
            ids.append(tensor.id)
    assert len(set(ids)) == 5


async def test_reads_return_the_values_in_the_shape_of_the_tensor(grid):
    expected = np.arange(6, dtype=np.float32).reshape(2, 3)
    for values in (await grid.data(), grid.data_sync(), grid.numpy(), np.asarray(grid)):
        np.testing.assert_array_equal(values, expected, strict=True)
    assert grid.array() == expected.tolist()


async def test_copies_are_independent_of_the_tensor(grid):
    for values in (await grid.data(), grid.data_sync(), np.array(grid)):
        values[:] = -1
    assert grid.array() == [[0, 1, 2], [3, 4, 5]]


def test_a_scalar_is_a_plain_number(registry):
    with registry.tensor(7) as tensor:
        assert tensor.array() == 7
        assert tensor.data_sync().shape == tensor.numpy().shape == ()


def test_data_can_be_awaited_by_asyncio_run(grid):
    assert asyncio.run(grid.data()).tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("size", [4, LARGE])
async def test_a_pending_read_survives_disposal(registry, size):
    """CONFORMANCE 10: the read completes, the counts fall at once."""
    tensor = registry.tensor(np.ones(size, np.float32))
    read = asyncio.create_task(tensor.data())
    tensor.dispose()
    assert registry.memory().baseline == (0, 0, 0, 0)
    np.testing.assert_array_equal(await read, np.ones(size, np.float32))


async def test_only_a_large_read_leaves_the_event_loop(registry):
    class Counting(ThreadPoolExecutor):
        submitted = 0

        def submit(self, *args):
            self.submitted += 1
            return super().submit(*args)

    executor = Counting(1)
    asyncio.get_running_loop().set_default_executor(executor)
    with registry.scope():
        small, large = (registry.adopt(np.zeros(size, np.float32)) for size in (LARGE - 1, LARGE))
        await small.data()
        assert executor.submitted == 0
        await large.data()
        assert executor.submitted == 1


async def test_a_cancelled_large_read_leaves_nothing(registry):
    """CONFORMANCE 26."""
    with registry.tensor(np.ones(LARGE, np.float32)) as tensor:
        read = asyncio.create_task(tensor.data())
        await asyncio.sleep(0)
        read.cancel()
        with pytest.raises(asyncio.CancelledError):
            await read


def test_array_protocol_follows_numpy(grid):
    assert np.asarray(grid).base is not None
    assert np.asarray(grid, dtype=np.float64).dtype == np.float64
    assert np.array(grid, copy=True).flags.writeable
    assert np.add(np.ones((2, 3), np.float32), grid).tolist() == [[1, 2, 3], [4, 5, 6]]


# -- views


@pytest.mark.parametrize("dtype", sorted(DTYPES, key=str), ids=str)
@pytest.mark.parametrize("shape", [(), (3,), (0, 2), (2, 1, 2)])
def test_a_view_has_every_dtype_and_shape(registry, dtype, shape):
    values = np.ones(shape, dtype)
    with registry.from_numpy(values) as tensor:
        view = tensor.numpy()
        np.testing.assert_array_equal(view, values, strict=True)
        assert view.size == 0 or np.shares_memory(view, values)


def test_a_view_cannot_be_made_writable(registry, four_floats):
    """The array of the caller is writable; the view of it is not, and cannot be made writable."""
    with registry.from_numpy(four_floats) as tensor:
        view = tensor.numpy()
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1
        for array in (view, view[1:], view.reshape(2, 2)):
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.flags.writeable = True


def test_a_view_outlives_its_tensor_and_is_reported(registry):
    """CONFORMANCE 11."""
    tensor = registry.tensor([1.0, 2.0, 3.0])
    assert registry.memory().reasons == ()
    view = tensor.numpy()
    tensor.dispose()
    memory = registry.memory()
    assert memory.baseline == (0, 0, 0, 0)
    assert memory.unreliable
    assert "NumPy views still alive: 1" in memory.reasons[0]
    assert view.tolist() == [1, 2, 3]
    del view
    assert not registry.memory().unreliable


@pytest.mark.parametrize(
    "derive",
    [
        lambda v: v[1:],
        lambda v: v[::-1],
        lambda v: v.reshape(3, 1),
        memoryview,
        lambda v: v[1:][1:].view("i4"),
        lambda v: np.asarray(v.base),
    ],
)
def test_objects_derived_from_a_view_are_reported_while_they_are_alive(registry, derive):
    """CONFORMANCE 11: NumPy shortens chains of bases, and slices outlive the view they were cut from."""
    tensor = registry.tensor([1.0, 2.0, 3.0])
    derived = derive(tensor.numpy())
    tensor.dispose()
    assert registry.memory().unreliable
    del derived
    assert not registry.memory().unreliable


def test_pinned_values_can_be_read_after_disposal(registry, four_floats):
    tensor = registry.adopt(four_floats)
    with pinned(tensor) as array:
        tensor.dispose()
        assert registry.memory().baseline == (0, 0, 0, 0)
        assert array.tolist() == [0, 1, 2, 3]


# -- DLPack


class Consumer:
    """A consumer that asks a tensor for DLPack as another library does."""

    def __init__(self, tensor, **asked):
        self.tensor = tensor
        self.asked = asked

    def __dlpack__(self, **_):
        return self.tensor.__dlpack__(**self.asked)

    def __dlpack_device__(self):
        return self.tensor.__dlpack_device__()


@pytest.mark.parametrize("dtype", sorted(DTYPES, key=str), ids=str)
def test_dlpack_shares_with_a_consumer_that_asks_for_a_version(registry, dtype):
    """CONFORMANCE 11: the values are read-only, and the view is reported while it is referenced."""
    values = np.ones((2, 3), dtype)
    with registry.from_numpy(values) as tensor:
        shared = np.from_dlpack(tensor)
        np.testing.assert_array_equal(shared, values, strict=True)
        assert np.shares_memory(shared, values)
        assert not shared.flags.writeable
    assert registry.memory().unreliable
    del shared
    assert not registry.memory().unreliable


@pytest.mark.parametrize("asked", [{}, {"max_version": (0, 8)}, {"max_version": (1, 0), "copy": True}])
def test_dlpack_copies_for_other_consumers(registry, asked):
    with registry.tensor([1.0, 2.0]) as tensor:
        copy = np.from_dlpack(Consumer(tensor, **asked))
        assert copy.tolist() == [1, 2]
        assert not np.shares_memory(copy, values_of(tensor))
        assert not registry.memory().unreliable


def test_dlpack_does_not_share_writable_memory(registry):
    with registry.tensor([1.0, 2.0]) as tensor, pytest.raises(BufferError, match="read-only"):
        tensor.__dlpack__(copy=False)


# -- sharing


def test_a_clone_shares_the_buffer(registry, grid):
    """CONFORMANCE 2: and its bytes are counted once."""
    before = registry.memory()
    clone = grid.clone()
    after = registry.memory()
    assert after.num_tensors == before.num_tensors + 1
    assert (after.num_data_buffers, after.num_bytes) == (before.num_data_buffers, before.num_bytes)
    assert clone.id != grid.id


@pytest.mark.parametrize(
    ("derive", "expected"),
    [
        (lambda t: t.clone(), lambda a: a),
        (lambda t: t.reshape((3, -1)), lambda a: a.reshape(3, -1)),
        (lambda t: t.reshape(-1), lambda a: a.reshape(-1)),
        (lambda t: t.reshape([1, 3, 1, 2]), lambda a: a.reshape(1, 3, 1, 2)),
        (lambda t: t.expand_dims(), lambda a: a[None]),
        (lambda t: t.expand_dims(1), lambda a: a[:, None]),
        (lambda t: t.expand_dims(-1), lambda a: a[..., None]),
        (lambda t: t.reshape((1, 2, 1, 3)).squeeze(), lambda a: a),
        (lambda t: t.reshape((1, 2, 1, 3)).squeeze(0), lambda a: a[:, None]),
        (lambda t: t.reshape((1, 2, 1, 3)).squeeze((0, -2)), lambda a: a),
    ],
)
def test_shape_changes_share_the_buffer_and_outlive_their_source(registry, derive, expected):
    """CONFORMANCE 3."""
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    with registry.scope():
        source = registry.from_numpy(values)
        derived = derive(source)
        assert registry.memory().num_data_buffers == 1
        source.dispose()
        np.testing.assert_array_equal(derived.data_sync(), expected(values), strict=True)
        assert np.shares_memory(derived.numpy(), values)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.reshape((4, 2)),
        lambda t: t.reshape("ab"),
        lambda t: t.expand_dims(3),
        lambda t: t.expand_dims(-4),
        lambda t: t.squeeze(0),
        lambda t: t.squeeze(2),
        lambda t: t.squeeze("a"),
        lambda t: t.cast("float64"),
    ],
)
def test_an_invalid_change_raises_and_counts_nothing(registry, grid, change):
    before = registry.memory()
    with pytest.raises(InputError):
        change(grid)
    assert registry.memory() == before


def test_a_strided_array_is_shared_and_copied_only_to_reshape_it(registry):
    values = np.arange(12, dtype=np.int32).reshape(3, 4)[:, ::2]
    with registry.scope():
        tensor = registry.from_numpy(values)
        assert np.shares_memory(tensor.numpy(), values)
        assert np.shares_memory(tensor.clone().numpy(), values)
        flat = tensor.reshape(-1)
        assert flat.array() == values.reshape(-1).tolist()
        assert not np.shares_memory(flat.numpy(), values)
        assert tensor.data_sync().flags.c_contiguous
        # NumPy could return a view here, but then the engine would own a part of the caller's memory.
        assert not np.shares_memory(tensor.expand_dims().numpy(), values)


def test_from_numpy_shows_what_the_caller_writes(registry, four_floats):
    with registry.from_numpy(four_floats) as tensor:
        four_floats[0] = 9
        assert tensor.array() == [9, 1, 2, 3]


def test_tensor_copies(registry, four_floats):
    with registry.tensor(four_floats) as tensor:
        four_floats[0] = 9
        assert tensor.array() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("data", "dtype", "expected"),
    [
        ([1.7, -1.7, 0.2], "int32", [1, -1, 0]),
        ([0.0, 0.5, -2.0], "bool", [False, True, True]),
        ([True, False], "float32", [1.0, 0.0]),
        ([1, 2], "float16", [1.0, 2.0]),
        ([1e30], "float16", [float("inf")]),
    ],
)
def test_cast(registry, data, dtype, expected):
    """Values as in TF.js's cast: fractions are truncated, any number but 0 is true."""
    with registry.scope():
        result = registry.tensor(data).cast(dtype)
        assert result.dtype == dtype
        assert result.array() == expected


def test_cast_of_values_out_of_range_does_not_warn(registry):
    with registry.scope():
        assert registry.tensor([float("nan"), 1e30]).cast("int32").shape == (2,)


def test_cast_to_the_same_dtype_is_a_clone(registry, grid):
    buffers = registry.memory().num_data_buffers
    assert grid.cast("float32").array() == grid.array()
    assert registry.memory().num_data_buffers == buffers


# -- the end

USES = {
    "data": lambda t: t.data(),
    "data_sync": lambda t: t.data_sync(),
    "numpy": lambda t: t.numpy(),
    "array": lambda t: t.array(),
    "asarray": np.asarray,
    "pinned": lambda t: pinned(t).__enter__(),
    "print": lambda t: t.print(),
    "dlpack": lambda t: t.__dlpack__(),
    "dlpack device": lambda t: t.__dlpack_device__(),
    "clone": lambda t: t.clone(),
    "reshape": lambda t: t.reshape(-1),
    "expand_dims": lambda t: t.expand_dims(),
    "squeeze": lambda t: t.squeeze(),
    "cast": lambda t: t.cast("int32"),
    "cast to the same": lambda t: t.cast("float32"),
    "keep": keep,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_any_use_after_disposal_raises(registry, use):
    """CONFORMANCE 9: shape, dtype and repr still work."""
    tensor = registry.tensor([[1.0, 2.0]])
    tensor.dispose()
    with pytest.raises(TensorDisposedError, match=rf"tensor {tensor.id} .*\(1, 2\), float32.*it was disposed"):
        use(tensor)
    assert tensor.is_disposed
    assert (tensor.shape, tensor.dtype, tensor.size, tensor.nbytes, tensor.rank) == ((1, 2), np.float32, 2, 8, 2)
    assert repr(tensor) == f"Tensor(id={tensor.id}, shape=(1, 2), dtype=float32, disposed)"
    assert registry.memory().baseline == (0, 0, 0, 0)


def test_a_tensor_is_a_context_manager(registry):
    with pytest.raises(ZeroDivisionError), registry.tensor(1) as tensor:
        raise ZeroDivisionError
    assert tensor.is_disposed


def test_repr_shows_short_values_on_one_line(registry):
    with registry.scope():
        small = registry.tensor([[1.0, 0.33333], [2.0, 3.0]])
        assert repr(small) == f"Tensor(id={small.id}, shape=(2, 2), dtype=float32, [[1. , 0.3333], [2. , 3. ]])"
        big = registry.adopt(np.zeros((300, 300, 3), np.uint8))
        assert len(repr(big)) < 300
        assert "\n" not in repr(big)


def test_print_shows_the_values(registry, capsys):
    with registry.scope():
        registry.tensor([[1, 2], [3, 4]]).print()
        registry.tensor(2.5).print()
    assert capsys.readouterr().out == "Tensor int32 [2, 2]\n    [[1, 2],\n     [3, 4]]\nTensor float32 []\n    2.5\n"


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_tensor_cannot_be_copied_or_pickled(grid, copier):
    """Two handles with one id would free each other's buffer."""
    with pytest.raises(TensorError, match="clone"):
        copier(grid)


def test_a_tensor_of_a_closed_engine_raises():
    registry = Registry()
    tensor = registry.tensor(1)
    registry.close()
    with pytest.raises(TensorDisposedError, match="its engine was closed"):
        tensor.data_sync()
    with pytest.raises(EngineClosedError):
        registry.tensor(1)


def test_the_error_contains_the_history_if_it_was_recorded():
    registry = Registry(track_sites=True)
    tensor = registry.tensor(1)
    with registry.scope():
        scoped = registry.tensor(2)
    tensor.dispose()
    for disposed in (tensor, scoped):
        here = r"test_tensor\.py:\d+ in test_the_error_contains_the_history"
        with pytest.raises(TensorDisposedError, match=rf"made at .*{here}.*, freed at .*{here}"):
            disposed.array()
    del tensor, scoped, disposed
    gc.collect()
    assert registry.memory().num_leaked == 0
