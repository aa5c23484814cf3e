"""What all ops have in common: what is counted, what is freed, what raises. One table lists them."""

import asyncio
import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from humanrt.errors import EngineClosedError, InputError, MemoryLimitError, ScopeClosedError, TensorDisposedError
from humanrt.tensors import Registry, values_of
from humanrt.tensors.kernels.run import quietly, run_many
from humanrt.tensors.ops import ImageOperations, Operations
from humanrt.tensors.profile import Window

GRID = np.arange(6, dtype=np.float32).reshape(2, 3)
ROW = np.float32([4, 2, 9])
TRUTH = np.array([[True, False, True], [False, False, True]])
PICTURES = np.arange(2 * 3 * 4 * 3, dtype=np.float32).reshape(2, 3, 4, 3)
BOXES = np.float32([[0, 0, 1, 1], [0, 0, 0.9, 1], [2, 2, 3, 3]])
SCORES = np.float32([0.9, 0.8, 0.7])


@dataclass(frozen=True)
class Call:
    """A valid call, with tensors first and then attributes; and tensors for which it raises."""

    inputs: tuple
    attributes: dict = field(default_factory=dict)
    bad: tuple | None = None
    results: int = 1
    listed: bool = False  # the tensors are passed as one list


TWO = Call((GRID, ROW), bad=(GRID, np.zeros(4, np.float32)))
ONE = Call((GRID,))
ALONG = Call((GRID,), bad=(GRID,))
BOOLS = Call((TRUTH, TRUTH[0]), bad=(TRUTH, ROW))

OPS = {
    **dict.fromkeys(("add", "sub", "mul", "div", "floor_div", "mod", "pow", "minimum", "maximum"), TWO),
    **dict.fromkeys(("equal", "greater", "greater_equal", "less", "less_equal"), TWO),
    **dict.fromkeys(("neg", "abs", "square", "relu", "exp", "log", "sqrt", "rsqrt", "sigmoid", "tanh"), ONE),
    **dict.fromkeys(("logical_and", "logical_or"), BOOLS),
    "logical_not": Call((TRUTH,), bad=(GRID,)),
    "where": Call((TRUTH, GRID, ROW), bad=(GRID, GRID, ROW)),
    "clip_by_value": Call((GRID,), {"clip_value_min": 1, "clip_value_max": 2}),
    **{name: Call((GRID,), {"axis": 1}, bad=(ROW,)) for name in ("sum", "mean", "max", "min", "softmax")},
    **{name: Call((GRID,), {"axis": 1}, bad=(ROW,)) for name in ("arg_max", "arg_min")},
    "top_k": Call((GRID,), {"k": 3}, bad=(GRID[:, :2],), results=2),
    "mat_mul": Call((GRID, GRID.T), bad=(GRID, GRID)),
    "transpose": Call((GRID,), {"perm": (1, 0)}, bad=(ROW,)),
    "concat": Call((GRID, GRID), bad=(GRID, ROW), listed=True),
    "stack": Call((GRID, GRID), bad=(GRID, ROW), listed=True),
    "unstack": Call((GRID,), {"axis": 1}, bad=(ROW,), results=3),
    "split": Call((GRID,), {"num_or_size_splits": [1, -1], "axis": 1}, bad=(ROW,), results=2),
    "pad": Call((GRID,), {"paddings": [(1, 0), (0, 2)]}, bad=(ROW,)),
    "gather": Call((GRID, np.int32([1, 0])), bad=(GRID, np.int32([2]))),
    "tile": Call((GRID,), {"reps": (1, 2)}, bad=(ROW,)),
    "reverse": Call((GRID,), {"axis": 1}, bad=(ROW,)),
    "image.resize_bilinear": Call((PICTURES,), {"size": (2, 5)}, bad=(GRID,)),
    "image.resize_nearest": Call((PICTURES,), {"size": (2, 5)}, bad=(GRID,)),
    "image.crop_and_resize": Call(
        (PICTURES, BOXES[:2], np.int32([0, 1])), {"crop_size": (2, 2)}, bad=(PICTURES, BOXES[:2], np.int32([0, 2]))
    ),
    "image.flip_left_right": Call((PICTURES,), bad=(GRID,)),
    "image.rotate_with_offset": Call((PICTURES,), {"radians": 1.0}, bad=(GRID,)),
    "image.rgb_to_grayscale": Call((PICTURES,), bad=(PICTURES[..., :2],)),
    "image.non_max_suppression": Call((BOXES, SCORES), {"max_output_size": 2}, bad=(BOXES, ROW[:2])),
}

every_op = pytest.mark.parametrize("name", OPS)


def invoke(ops, name, tensors, call):
    """Call an op; return a list of its results."""
    owner = ops.image if name.startswith("image.") else ops
    inputs = [tensors] if call.listed else tensors
    results = getattr(owner, name.removeprefix("image."))(*inputs, **call.attributes)
    return list(results) if isinstance(results, list | tuple) else [results]


def test_the_table_has_every_op():
    public = {name for name in dir(Operations) if not name.startswith("_")} - {"image", "registry"}
    public |= {f"image.{name}" for name in dir(ImageOperations) if not name.startswith("_")}
    assert public - {"image.non_max_suppression_async"} == set(OPS)


@every_op
def test_only_the_results_are_counted(ops, name):
    """CONFORMANCE 28: the intermediates of an op never outlive it; the inputs are unchanged."""
    call, registry = OPS[name], ops.registry
    tensors = [registry.tensor(array) for array in call.inputs]
    before = registry.memory()
    results = invoke(ops, name, tensors, call)
    after = registry.memory()
    assert len(results) == call.results
    assert after.num_tensors == before.num_tensors + call.results
    assert after.num_data_buffers == before.num_data_buffers + call.results
    assert after.num_bytes == before.num_bytes + sum(result.nbytes for result in results)
    for tensor, array in zip(tensors, call.inputs, strict=True):
        np.testing.assert_array_equal(tensor.data_sync(), array, strict=True)
    registry.dispose([tensors, results])


@every_op
def test_a_result_has_its_own_memory(ops, name):
    call = OPS[name]
    with ops.registry.scope():
        tensors = [ops.registry.tensor(array) for array in call.inputs]
        inputs = [values_of(tensor) for tensor in tensors]
        for result in invoke(ops, name, tensors, call):
            array = values_of(result)
            assert array.flags.c_contiguous
            assert array.shape == result.shape
            assert not any(np.shares_memory(array, other) for other in inputs)


@every_op
def test_a_scope_frees_the_results(ops, name):
    """CONFORMANCE 13."""
    call, registry = OPS[name], ops.registry
    results = registry.tidy(lambda: invoke(ops, name, [registry.tensor(array) for array in call.inputs], call))
    assert registry.memory().num_tensors == call.results
    registry.dispose(results)
    with registry.scope():
        invoke(ops, name, [registry.tensor(array) for array in call.inputs], call)


@every_op
def test_arrays_and_lists_are_accepted_and_never_counted(ops, name):
    call, registry = OPS[name], ops.registry
    with registry.scope():
        expected = invoke(ops, name, [registry.tensor(array) for array in call.inputs], call)
        from_arrays = invoke(ops, name, list(call.inputs), call)
        from_lists = invoke(ops, name, [array.tolist() for array in call.inputs], call)
        assert registry.memory().num_tensors == 3 * call.results  # the inputs' handles have vanished
        for results in zip(expected, from_arrays, from_lists, strict=True):
            first, *others = [result.data_sync() for result in results]
            for other in others:
                np.testing.assert_array_equal(other, first)


@every_op
def test_a_disposed_input_raises(ops, name):
    """CONFORMANCE 9: in every op, at every position."""
    call, registry = OPS[name], ops.registry
    for place in range(len(call.inputs)):
        with registry.scope():
            tensors = [registry.tensor(array) for array in call.inputs]
            tensors[place].dispose()
            before = registry.memory()
            with pytest.raises(TensorDisposedError, match=f"tensor {tensors[place].id} "):
                invoke(ops, name, tensors, call)
            assert registry.memory() == before


@every_op
def test_a_tensor_of_another_engine_raises(ops, name):
    """CONFORMANCE 42."""
    call, other = OPS[name], Registry()
    with ops.registry.scope(), other.scope():
        tensors = [ops.registry.tensor(array) for array in call.inputs[:-1]]
        stranger = other.tensor(call.inputs[-1])
        before = ops.registry.memory(), other.memory()
        with pytest.raises(InputError, match="belongs to another engine"):
            invoke(ops, name, [*tensors, stranger], call)
        assert (ops.registry.memory(), other.memory()) == before


@pytest.mark.parametrize("name", [name for name in OPS if OPS[name].bad is not None])
def test_invalid_inputs_raise_with_the_name_of_the_op_and_count_nothing(ops, name):
    call, registry = OPS[name], ops.registry
    with registry.scope():
        tensors = [registry.tensor(array) for array in call.bad]
        before = registry.memory()
        with pytest.raises(InputError) as caught:
            invoke(ops, name, tensors, call)
        assert registry.memory() == before
    assert f"{name.removeprefix('image.')}() of " in str(caught.value)
    for array in call.bad:
        assert f"{array.dtype} {array.shape}" in str(caught.value)


@every_op
def test_an_op_in_an_ended_scope_raises_and_counts_nothing(ops, name):
    """CONFORMANCE 25."""
    call, registry = OPS[name], ops.registry
    with registry.scope() as scope:
        tensors = [registry.keep(registry.tensor(array)) for array in call.inputs]
        registry.ledger.close_scope(scope._owned)
        with pytest.raises(ScopeClosedError):
            invoke(ops, name, tensors, call)
        scope._owned.closed = False
    assert registry.memory().num_tensors == len(tensors)
    registry.dispose(tensors)


def test_several_results_are_created_all_or_none():
    """The second result exceeds the memory limit: the first is freed, and nothing is lost."""
    registry = Registry(memory_limit=12)
    with pytest.raises(MemoryLimitError):
        run_many(registry.ledger, "both", lambda x: [x.copy(), x.copy()], np.float32([1, 2]))
    assert registry.memory().baseline == (0, 0, 0, 0)
    registry.close()


def test_an_op_of_a_closed_engine_raises(ops):
    ops.registry.close()
    with pytest.raises(EngineClosedError):
        ops.add(1, 2)


def test_a_profile_records_every_op(ops):
    window = Window(ops.registry.ledger)
    with ops.registry.scope(), window.open():
        ops.add(GRID, ROW)
        ops.split(GRID, 3, axis=1)
        with pytest.raises(InputError):
            ops.add(GRID, [1, 2])
    assert [(kernel.name, kernel.input_shapes, kernel.output_shapes) for kernel in window.kernels] == [
        ("add", ((2, 3), (3,)), ((2, 3),)),
        ("split", ((2, 3),), ((2, 1),) * 3),
    ]
    assert all(kernel.milliseconds > 0 for kernel in window.kernels)


def test_an_input_disposed_by_another_thread_is_still_read(ops):
    """CONFORMANCE 36: a kernel holds the memory of its inputs, also where freed memory is recycled."""
    registry = ops.registry
    computing, disposed = threading.Event(), threading.Event()

    def kernel(array):
        computing.set()
        assert disposed.wait(10)
        return [array.copy()]

    tensor = registry.adopt(np.ones(100_000, np.float32))
    results = []
    thread = threading.Thread(target=lambda: results.extend(run_many(registry.ledger, "slow", kernel, tensor)))
    thread.start()
    assert computing.wait(10)
    tensor.dispose()
    other = registry.tensor(np.zeros(100_000, np.float32))
    disposed.set()
    thread.join()
    assert results[0].data_sync().all()
    registry.dispose([results, other])


@pytest.mark.parametrize(
    ("value", "words"),
    [("text", "a str with values"), ([[1], [2, 3]], "nested lists must have the same length"), (1 + 2j, "complex")],
)
def test_values_that_cannot_become_a_tensor_raise(ops, value, words):
    with pytest.raises(InputError, match=words):
        ops.add(GRID, value)


# -- the awaitable form


async def test_the_awaitable_form_returns_the_same(ops):
    with ops.registry.scope():
        expected = ops.image.non_max_suppression(BOXES, SCORES, 2).array()
        chosen = await ops.image.non_max_suppression_async(BOXES, SCORES, 2)
        assert chosen.array() == expected == [0, 2]


async def test_a_pending_call_survives_the_disposal_of_its_inputs(ops):
    """CONFORMANCE 10."""
    boxes, scores = ops.registry.tensor(BOXES), ops.registry.tensor(SCORES)
    pending = ops.image.non_max_suppression_async(boxes, scores, 2)
    ops.registry.dispose([boxes, scores])
    with await pending as chosen:
        assert chosen.array() == [0, 2]


async def test_a_cancelled_call_leaves_nothing(ops, monkeypatch):
    """CONFORMANCE 26: the thread continues, but its result never becomes a tensor."""
    computing, ended = threading.Event(), threading.Event()

    def suppress(*_, **__):
        computing.set()
        assert ended.wait(10)
        return np.int32([0])

    monkeypatch.setattr("humanrt.tensors.kernels.suppression.suppress", suppress)
    call = asyncio.create_task(ops.image.non_max_suppression_async(BOXES, SCORES, 2))
    await asyncio.to_thread(computing.wait, 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    ended.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert ops.registry.memory().baseline == (0, 0, 0, 0)


async def test_the_awaitable_form_raises_for_invalid_inputs(ops):
    with pytest.raises(InputError, match=r"non_max_suppression_async\(\) of float32 \(3, 4\), float32 \(2,\)"):
        await ops.image.non_max_suppression_async(BOXES, SCORES[:2], 2)


# -- NumPy's warnings

ZERO = np.float32([0])


def divide(*arrays):
    return np.divide(*arrays)


def test_the_error_handling_of_the_caller_is_unchanged():
    with np.errstate(divide="raise"):
        assert quietly(divide, [np.float32([1]), ZERO]) == np.inf
        with pytest.raises(FloatingPointError):
            divide(np.float32([1]), ZERO)


def test_calls_may_be_nested_on_one_thread():
    """The garbage collector can run a finaliser inside a kernel."""
    assert quietly(lambda x: quietly(divide, [x, x]) + divide(x + 1, x), [ZERO]).shape == (1,)


def test_calls_on_many_threads_at_once():
    together = threading.Barrier(4)

    def kernel(x):
        together.wait(10)
        return divide(x + 1, x)

    results = []
    threads = [threading.Thread(target=lambda: results.append(quietly(kernel, [ZERO]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [np.inf] * 4


def test_a_call_after_an_error_is_quiet():
    def fail(_):
        raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            quietly(fail, [ZERO])
        assert quietly(divide, [ZERO + 1, ZERO]) == np.inf
