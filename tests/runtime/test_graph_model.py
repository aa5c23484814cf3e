import asyncio
import threading
import weakref

import numpy as np
import pytest
from onnx import TensorProto, helper

from humanrt.errors import (
    BlockingCallError,
    EngineClosedError,
    MemoryLimitError,
    ModelDisposedError,
    ModelFormatError,
    ModelInputError,
    ModelRunError,
    ScopeClosedError,
    TensorDisposedError,
)
from humanrt.runtime import scheduler
from humanrt.runtime.device import Device
from humanrt.runtime.graph_model import GraphModel
from humanrt.runtime.sessions import SessionStatistics
from humanrt.runtime.signature import TensorSpec
from humanrt.tensors import Ledger, Registry
from humanrt.tensors.pool import Block
from humanrt.tensors.profile import Window, measure

PATIENCE = 30  # seconds until a test that hangs gives up
FLOAT = TensorProto.FLOAT


@pytest.fixture
def load(cache, cpu, registry):
    """Loads a model file for the registry of the test, and unloads it afterwards."""
    models = []

    def load(file, name="model"):
        model = GraphModel(registry, cache.acquire(*file, cpu), name)
        models.append(model)
        return model

    yield load
    for model in models:
        model.dispose()
    assert cache.statistics().live == 0


@pytest.fixture
def numbers(registry):
    with registry.tensor(np.arange(6, dtype=np.float32).reshape(2, 3)) as tensor:
        yield tensor


@pytest.fixture
def pair(registry):
    with registry.tensor([[1.0, 2.0], [3.0, 4.0]]) as a, registry.tensor([[5.0, 6.0], [7.0, 8.0]]) as b:
        yield a, b


def test_the_specs_of_a_model(load, double, arithmetic):
    model = load(double, "twice")
    assert model.name == "twice"
    assert model.inputs == (TensorSpec("x", (None, 3), np.dtype(np.float32)),)
    assert model.outputs == (TensorSpec("y", (None, 3), np.dtype(np.float32)),)
    assert [spec.name for spec in load(arithmetic).outputs] == ["sum", "product"]


async def test_one_output_comes_as_a_tensor(load, double, registry, numbers):
    """CONFORMANCE 36: as many tensors as outputs, and the inputs undisturbed"""
    model = load(double)
    before = registry.memory()
    with await model.execute_async(numbers) as output:
        assert registry.memory().num_tensors == before.num_tensors + 1
        assert registry.memory().num_bytes == before.num_bytes + 24
        np.testing.assert_array_equal(output.data_sync(), [[0, 2, 4], [6, 8, 10]])
    np.testing.assert_array_equal(numbers.data_sync(), [[0, 1, 2], [3, 4, 5]])


async def test_several_outputs_come_in_the_order_asked_for(load, arithmetic, registry, pair):
    model = load(arithmetic)
    total, product = await model.execute_async(list(pair))
    np.testing.assert_array_equal(total.data_sync(), [[6, 8], [10, 12]])
    np.testing.assert_array_equal(product.data_sync(), [[5, 12], [21, 32]])
    again = await model.execute_async({"b": pair[1], "a": pair[0]}, ["product", "sum"])
    np.testing.assert_array_equal(again[0].data_sync(), product.data_sync())
    alone = await model.execute_async(pair, "product")
    np.testing.assert_array_equal(alone.data_sync(), product.data_sync())
    registry.dispose([total, product, again, alone])


async def test_predict_names_its_outputs(load, arithmetic, registry, pair):
    outputs = await load(arithmetic).predict(pair)
    assert list(outputs) == ["sum", "product"]
    np.testing.assert_array_equal(outputs["sum"].data_sync(), [[6, 8], [10, 12]])
    registry.dispose(outputs)


async def test_on_a_gpu_a_run_takes_one_of_its_threads(load, double, numbers, monkeypatch):
    model, ran_on_gpu, run_on_gpu = load(double), [], scheduler.run_on_gpu

    async def note_and_run(function, *arguments, **options):
        ran_on_gpu.append(function)
        return await run_on_gpu(function, *arguments, **options)

    monkeypatch.setattr(scheduler, "run_on_gpu", note_and_run)
    (await model.execute_async(numbers)).dispose()
    assert ran_on_gpu == []
    monkeypatch.setattr(model._lease, "device", Device("cuda:0", "cuda", 0, "CUDAExecutionProvider"))
    with await model.execute_async(numbers) as output:
        np.testing.assert_array_equal(output.data_sync(), 2 * numbers.data_sync())
    assert ran_on_gpu == [model._run]


def test_execute_runs_on_the_calling_thread(load, double, registry, numbers):
    """CONFORMANCE 37: in tidy, outputs are freed unless returned"""
    model = load(double)
    before = scheduler.statistics()
    kept = registry.tidy(lambda: [model.execute(numbers), model.execute(numbers)][1])
    assert registry.memory().num_tensors == 2
    np.testing.assert_array_equal(kept.data_sync(), [[0, 2, 4], [6, 8, 10]])
    kept.dispose()
    assert scheduler.statistics() == before


def test_the_error_of_a_run_holds_no_tensor(load, double, registry):
    model = load(double)
    wrong = registry.tensor([1])
    watched = weakref.ref(wrong)
    with pytest.raises(ModelInputError) as caught:
        model.execute(wrong)
    wrong.dispose()
    del wrong
    assert watched() is None
    assert caught.value.__traceback__ is not None
    assert registry.memory().num_tensors == 0


async def test_the_error_of_an_awaited_run_holds_no_tensor(load, double, registry):
    model = load(double)
    wrong = registry.tensor([1])
    watched = weakref.ref(wrong)
    with pytest.raises(ModelInputError) as caught:
        await model.execute_async(wrong)
    wrong.dispose()
    del wrong
    assert watched() is None
    assert caught.value.__traceback__ is not None


async def test_execute_refuses_the_thread_of_a_running_loop(load, double, registry, numbers):
    model = load(double)
    with pytest.raises(BlockingCallError, match="await execute_async"):
        model.execute(numbers)
    output = await asyncio.to_thread(model.execute, numbers)
    output.dispose()


async def test_outputs_belong_to_the_scope_of_the_caller(load, double, registry, numbers):
    """CONFORMANCE 37"""
    model = load(double)
    async with registry.scope() as scope:
        freed = await model.execute_async(numbers)
        returned = scope.returns(await model.execute_async(numbers))
        assert registry.memory().num_tensors == 3
    assert freed.is_disposed
    assert not returned.is_disposed
    returned.dispose()


async def test_a_model_gives_and_takes_every_dtype(load, write_model, registry):
    kinds = ["FLOAT", "FLOAT16", "INT32", "INT64", "UINT8", "BOOL"]
    values = [(kind, getattr(TensorProto, kind), [2]) for kind in kinds]
    nodes = [helper.make_node("Identity", [kind], [kind + "_out"]) for kind in kinds]
    model = load(write_model(nodes, values, [(name + "_out", kind, shape) for name, kind, shape in values]))
    async with registry.scope():
        inputs = [registry.tensor([0, 1], spec.dtype) for spec in model.inputs]
        for spec, tensor in zip(model.inputs, await model.execute_async(inputs), strict=True):
            assert tensor.dtype == spec.dtype
            np.testing.assert_array_equal(tensor.data_sync(), [0, 1])


async def test_scalars_and_strided_inputs(load, write_model, registry):
    nodes = [helper.make_node("Mul", ["x", "factor"], ["y"]), helper.make_node("Identity", ["factor"], ["same"])]
    file = write_model(
        nodes, [("x", FLOAT, [3, 2]), ("factor", FLOAT, [])], [("y", FLOAT, [3, 2]), ("same", FLOAT, [])]
    )
    model = load(file)
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    async with registry.scope():
        product, same = await model.execute_async([registry.from_numpy(array.T), registry.tensor(2.0)])
        assert (same.shape, same.array()) == ((), 2.0)
        np.testing.assert_array_equal(product.data_sync(), array.T * 2)


async def test_an_output_that_passes_an_input_through_is_memory_of_its_own(load, write_model, registry):
    file = write_model([helper.make_node("Identity", ["x"], ["y"])], [("x", FLOAT, [4])], [("y", FLOAT, [4])])
    array = np.ones(4, np.float32)
    async with registry.scope():
        output = await load(file).execute_async(registry.from_numpy(array))
        array[:] = 0
        np.testing.assert_array_equal(output.data_sync(), [1, 1, 1, 1])


@pytest.mark.parametrize("rows", [2, 10_000])
async def test_outputs_own_their_memory(load, double, registry, monkeypatch, rows):
    """A view would keep the session's whole arena alive."""
    adopted = []
    adopt = Ledger.adopt
    monkeypatch.setattr(Ledger, "adopt", lambda self, array: adopted.append(array) or adopt(self, array))
    with registry.adopt(np.ones((rows, 3), np.float32)) as numbers:
        adopted.clear()
        (await load(double).execute_async(numbers)).dispose()
    memory = adopted[0] if adopted[0].base is None else adopted[0].base
    assert memory.flags.owndata
    assert type(memory) in (np.ndarray, Block)


async def test_large_outputs_are_recycled(load, double, registry, monkeypatch):
    """What one run gave back, the next one takes; never while somebody looks at it."""
    model = load(double)
    run, results = model._run, []
    # The thread that computed may hold its list of results a moment longer than the caller holds the tensors.
    monkeypatch.setattr(model, "_run", lambda *arguments: results.append(run(*arguments)) or results[-1])
    with registry.tensor(np.ones((10_000, 3), np.float32)) as numbers:
        (await model.execute_async(numbers)).dispose()
        assert registry.memory().pooled_bytes == 120_000
        output = await model.execute_async(numbers)
        assert registry.memory().pooled_bytes == 0
        view = output.numpy()
        output.dispose()
        assert registry.memory().pooled_bytes == 0
        (await model.execute_async(numbers)).dispose()
        np.testing.assert_array_equal(view, np.full((10_000, 3), 2))


async def test_a_profile_shows_the_runs(load, double, registry, numbers):
    model = load(double, "twice")

    async def work():
        (await model.execute_async(numbers)).dispose()
        return await model.execute_async(numbers)

    profile = await measure(registry.ledger, work, Window.profile)
    assert [kernel.name for kernel in profile.kernels] == ["twice", "twice"]
    assert profile.kernels[0].input_shapes == profile.kernels[0].output_shapes == ((2, 3),)
    assert profile.kernels[0].milliseconds > 0
    assert (profile.new_tensors, profile.new_bytes, profile.peak_bytes) == (1, 24, 48)
    profile.result.dispose()


async def test_an_output_beyond_the_limit_leaves_nothing(cache, cpu, double):
    registry = Registry(memory_limit=30)
    model = GraphModel(registry, cache.acquire(*double, cpu), "twice")
    with registry.tensor(np.ones((2, 3), np.float32)) as numbers:
        with pytest.raises(MemoryLimitError):
            await model.execute_async(numbers)
        assert registry.memory().baseline == (1, 1, 24, 0)
    model.dispose()


def test_the_metadata_of_a_model(load, write_model):
    file = write_model(
        [helper.make_node("Identity", ["x"], ["y"])],
        [("x", FLOAT, [1])],
        [("y", FLOAT, [1])],
        metadata={"author": "me"},
    )
    metadata = load(file).metadata
    assert metadata == {"author": "me", "graph": "graph", "producer": "", "description": ""}
    with pytest.raises(TypeError):
        metadata["author"] = "you"


async def test_bad_inputs_cost_nothing(load, arithmetic, registry, pair):
    """CONFORMANCE 38"""
    model = load(arithmetic, "adder")
    before = registry.memory(), scheduler.statistics()
    for call in (model.execute_async, model.predict):
        with pytest.raises(
            ModelInputError, match=r"adder cannot run: there is no input 'c'.*'b': float32 \[2, 2\] is missing"
        ):
            await call({"a": pair[0], "c": pair[1]})
    with pytest.raises(ModelInputError):
        await asyncio.to_thread(model.execute, pair, "quotient")
    assert (registry.memory(), scheduler.statistics()) == before


async def test_a_tensor_that_is_disposed_just_before_the_run(load, arithmetic, registry, pair, monkeypatch):
    """Another thread may dispose it between the check and the run."""
    model = load(arithmetic)
    bind = model._signature.bind

    def bind_and_dispose(*arguments):
        bound = bind(*arguments)
        pair[1].dispose()
        return bound

    monkeypatch.setattr(model._signature, "bind", bind_and_dispose)
    with pytest.raises(TensorDisposedError):
        await model.execute_async(pair)


async def test_a_run_that_fails_names_the_model(load, write_model, registry):
    node = helper.make_node("Reshape", ["x", "shape"], ["y"])
    file = write_model([node], [("x", FLOAT, [None]), ("shape", TensorProto.INT64, [None])], [("y", FLOAT, None)])
    model = load(file, "shaper")
    with registry.tensor([1.0, 2.0, 3.0]) as x, registry.tensor([2, 2], np.int64) as shape:
        with pytest.raises(ModelRunError, match=r"shaper failed in ONNX Runtime: .*Reshape") as caught:
            await model.execute_async([x, shape])
        assert caught.value.__cause__ is not None
        assert registry.memory().num_tensors == 2
        with registry.tensor([3, 1], np.int64) as fitting:
            (await model.execute_async([x, fitting])).dispose()


async def test_a_constructor_that_fails_releases_the_lease(double, cache, cpu, registry, monkeypatch):
    def fail(*_):
        raise ModelFormatError("no outputs")

    monkeypatch.setattr("humanrt.runtime.graph_model.read_specs", fail)
    with pytest.raises(ModelFormatError, match="no outputs"):
        GraphModel(registry, cache.acquire(*double, cpu), "doubler")
    assert cache.statistics() == SessionStatistics(created=1, live=0)


async def test_outputs_are_registered_all_or_none(load, arithmetic, registry, pair, monkeypatch):
    """CONFORMANCE 26"""
    model = load(arithmetic)
    adopt = Ledger.adopt
    adopted = []

    def adopt_once(self, array):
        if adopted:
            raise EngineClosedError("closed just now")
        adopted.append(adopt(self, array))
        return adopted[0]

    monkeypatch.setattr(Ledger, "adopt", adopt_once)
    with pytest.raises(EngineClosedError):
        await model.execute_async(pair)
    assert adopted[0].is_disposed
    assert registry.memory().num_tensors == 2


async def test_a_task_that_outlives_its_scope_leaves_no_outputs(load, arithmetic, registry, pair):
    """CONFORMANCE 25"""
    model = load(arithmetic)
    may_run = asyncio.Event()

    async def late():
        await may_run.wait()
        return await model.execute_async(pair)

    async with registry.scope():
        task = asyncio.create_task(late())
        await asyncio.sleep(0)
    may_run.set()
    with pytest.raises(ScopeClosedError):
        await task
    assert registry.memory().num_tensors == 2


def test_dispose_ends_a_model(load, double, cache, registry, numbers):
    """CONFORMANCE 39"""
    model, other = load(double, "first"), load(double, "second")
    assert not model.is_disposed
    model.dispose()
    model.dispose()
    assert model.is_disposed
    assert cache.statistics() == SessionStatistics(created=1, live=1)
    with pytest.raises(ModelDisposedError, match="first was disposed"):
        model.execute(numbers)
    with pytest.raises(ModelDisposedError):
        asyncio.run(model.execute_async(numbers))
    with pytest.raises(ModelDisposedError):
        asyncio.run(model.predict(numbers))
    with pytest.raises(ModelDisposedError):  # before its inputs are examined
        model.execute([])
    with pytest.raises(ModelDisposedError):
        asyncio.run(model.execute_async([]))
    assert model.inputs[0].name == "x"
    other.execute(numbers).dispose()
    other.dispose()
    assert cache.statistics() == SessionStatistics(created=1, live=0)


class Gate:
    """Makes each run of a model wait before it reads its inputs, on its worker thread."""

    def __init__(self, model, monkeypatch):
        self.entered, self.may_run = threading.Event(), threading.Event()
        run = model._run

        def run_later(*arguments):
            self.entered.set()
            assert self.may_run.wait(PATIENCE)
            return run(*arguments)

        monkeypatch.setattr(model, "_run", run_later)


async def test_dispose_waits_for_the_runs_that_have_begun(load, double, cache, registry, numbers, monkeypatch):
    """CONFORMANCE 39, 43"""
    model = load(double)
    gate = Gate(model, monkeypatch)
    runs = [asyncio.create_task(model.execute_async(numbers)) for _ in range(4)]
    await asyncio.to_thread(gate.entered.wait, PATIENCE)
    model.dispose()
    with pytest.raises(ModelDisposedError):
        await model.execute_async(numbers)
    draining = [asyncio.create_task(model.drain()) for _ in range(2)]
    await asyncio.sleep(0)
    draining[0].cancel()
    await asyncio.sleep(0)
    assert draining[0].cancelled()
    assert not draining[1].done()
    assert cache.statistics().live == 1
    gate.may_run.set()
    await draining[1]
    assert cache.statistics().live == 0
    await model.drain()
    outputs = await asyncio.gather(*runs)
    for output in outputs:
        np.testing.assert_array_equal(output.data_sync(), [[0, 2, 4], [6, 8, 10]])
        output.dispose()


async def test_an_input_disposed_during_the_run_changes_nothing(load, double, registry, monkeypatch):
    """CONFORMANCE 36: its memory is not given to another tensor while the model reads it."""
    model = load(double)
    gate = Gate(model, monkeypatch)
    rows = 10_000  # large enough for the pool
    run = asyncio.create_task(model.execute_async(tensor := registry.tensor(np.ones((rows, 3), np.float32))))
    await asyncio.to_thread(gate.entered.wait, PATIENCE)
    tensor.dispose()
    assert registry.memory().num_tensors == 0, "the count falls at once"
    with registry.tensor(np.zeros((rows, 3), np.float32)):
        gate.may_run.set()
        with await run as output:
            np.testing.assert_array_equal(output.data_sync(), np.full((rows, 3), 2))


def test_two_loops_in_two_threads_run_one_model(load, double, registry):
    """CONFORMANCE 49"""
    model = load(double)
    together = threading.Barrier(2, timeout=PATIENCE)
    wrong = []

    async def main(number):
        together.wait()
        async with registry.scope():
            inputs = [registry.tensor(np.full((1, 3), number + i, np.float32)) for i in range(50)]
            outputs = await asyncio.gather(*(model.execute_async(tensor) for tensor in inputs))
            wrong.extend(i for i in range(50) if outputs[i].array() != [[2.0 * (number + i)] * 3])

    threads = [threading.Thread(target=asyncio.run, args=(main(number),)) for number in (100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert wrong == []
