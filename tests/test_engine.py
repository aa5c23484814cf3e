"""An engine alone: tensors, scopes and models on one device."""

import asyncio
import copy
import pickle
import threading

import anyio
import numpy as np
import pytest

from humanrt import Engine, errors
from humanrt.engine import internals
from humanrt.model_files import prepare
from humanrt.runtime import sessions
from humanrt.runtime.graph_model import GraphModel
from humanrt.zoo import find_card

pytestmark = pytest.mark.usefixtures("own_sessions")

EMOTION = find_card("emotion")
NOTHING = (0, 0, 0, 0)
PATIENCE = 30  # seconds until a test that hangs fails


@pytest.fixture
async def engine():
    async with Engine("cpu") as engine:
        yield engine


@pytest.fixture
def slow_loads(monkeypatch):
    """Holds loads before their file is located, until ``may_end`` is set."""
    return SlowLoads(monkeypatch)


async def once(task, _):
    task.cancel()
    await asyncio.sleep(0)


async def twice(task, scope):
    await once(task, scope)
    await once(task, scope)


async def by_scope(_, scope):
    scope.cancel()
    for _ in range(5):  # anyio cancels again in each iteration of the event loop
        await asyncio.sleep(0)


CANCELLATIONS = (once, twice, by_scope)


class SlowLoads:
    def __init__(self, monkeypatch):
        self.begun, self.may_end = threading.Event(), threading.Event()
        monkeypatch.setattr("humanrt.model_files.prepare", self.load)

    def load(self, *arguments, **options):
        self.begun.set()
        assert self.may_end.wait(PATIENCE)
        return prepare(*arguments, **options)

    async def start(self, engine, source):
        """Start a load; return its task once it is held."""
        task = asyncio.create_task(engine.load_graph_model(source))
        assert await asyncio.to_thread(self.begun.wait, PATIENCE)
        return task

    def end(self):
        """Let all loads end, and wait for their threads."""
        self.may_end.set()
        for thread in threading.enumerate():
            if thread.name.startswith("humanrt-load"):
                thread.join(PATIENCE)


@pytest.fixture
def gray(engine):
    """An input for the emotion model."""
    with engine.tensor(np.linspace(-1, 1, 64 * 64, dtype=np.float32).reshape(1, 64, 64, 1)) as gray:
        yield gray


class TestTensors:
    async def test_all_tensors_are_in_one_registry(self, engine):
        array = np.ones((2, 2), np.float32)
        tensors = [engine.tensor([1, 2]), engine.from_numpy(array), engine.adopt(array.copy()), engine.scalar(3.0)]
        assert [tensor._ledger for tensor in tensors] == [engine.registry.ledger] * 4
        assert tensors[3].shape == ()
        assert engine.memory().num_tensors == 4
        engine.dispose(tensors)
        assert engine.memory().baseline == NOTHING

    async def test_scopes_free_what_is_neither_kept_nor_returned(self, engine):
        with engine.tidy():
            kept = engine.keep(engine.scalar(1.0))
            engine.scalar(2.0)
        async with engine.scope("outer") as scope:
            engine.scalar(3.0)
            returned = scope.returns(engine.scalar(4.0))
        result = engine.tidy(lambda: [engine.scalar(5.0), engine.scalar(6.0)][1:])
        assert [tensor.array() for tensor in (kept, returned, *result)] == [1.0, 4.0, 6.0]
        assert engine.memory().num_tensors == 3
        engine.dispose([kept, returned, result])

    async def test_two_engines_are_independent(self, engine):
        """CONFORMANCE 42."""
        with Engine("cpu") as other, engine.tidy():
            stays, goes = other.scalar(1.0), engine.scalar(2.0)
            assert (engine.memory().num_tensors, other.memory().num_tensors) == (1, 1)
        assert stays.is_disposed
        assert goes.is_disposed
        assert (engine.memory().baseline, other.memory().baseline) == (NOTHING, NOTHING)

    def test_leaving_with_frees_everything(self):
        with Engine("cpu") as engine:
            tensor = engine.scalar(1.0)
        assert tensor.is_disposed
        with pytest.raises(errors.EngineClosedError):
            engine.scalar(2.0)

    def test_sites_are_recorded_on_request(self, monkeypatch):
        for argument, variable in ((True, "0"), (False, "1")):
            monkeypatch.setenv("HUMANRT_TRACK_SITES", variable)
            with Engine("cpu", track_sites=argument) as engine:
                tensor = engine.scalar(1.0)
                assert __file__ in tensor._sites.created
                (row,) = engine.leaks().rows
                assert (row.tensors, row.owner) == (1, "caller")

    def test_each_engine_has_its_own_limits(self):
        """CONFORMANCE 42."""
        with Engine("cpu", memory_limit=1_000_000, pool_limit_bytes=100_000) as engine, Engine("cpu") as other:
            other.zeros(1_000_000).dispose()
            with pytest.raises(errors.MemoryLimitError):
                engine.zeros(250_001)
            engine.zeros(25_000).dispose()
            engine.ones(25_001).dispose()
            assert engine.memory().pooled_bytes == 100_000
            assert other.memory().pooled_bytes == 4_000_000
        for limits in ({"memory_limit": -1}, {"memory_limit": {"cpu": "1 GB"}}, {"pool_limit_bytes": -1}):
            with pytest.raises(errors.ConfigError):
                Engine("cpu", **limits)

    def test_reset_frees_all_tensors_and_sets_the_counters_to_zero(self):
        """CONFORMANCE 41."""
        with Engine("cpu") as engine:
            old = engine.scalar(1.0)
            engine.reset()
            assert engine.memory().baseline == NOTHING
            with pytest.raises(errors.StaleHandleError):
                old.array()
            old.dispose()
            with engine.scalar(2.0) as new:
                assert engine.memory().num_tensors == 1
                assert new.array() == 2


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.deepcopy], ids=["pickle", "copy"])
async def test_an_engine_cannot_be_pickled_or_copied(engine, duplicate):
    with pytest.raises(errors.EngineError, match="create a new Engine in each process"):
        duplicate({"engine": engine})


class TestDevice:
    async def test_ready_returns_the_device(self, engine):
        assert (await engine.ready()).name == "cpu"

    @pytest.mark.parametrize("name", ["tpu", "cuda:x", "cuda:\u0661", "gpu", "CPU", "", None])
    def test_a_name_of_no_device_is_refused_when_the_engine_is_created(self, name):
        with pytest.raises(errors.DeviceError, match=f"there is no device {name!r}: use"):
            Engine(name)

    async def test_backend_is_the_name_of_the_device_after_its_check(self):
        async with Engine("auto") as engine:
            assert engine.backend == "auto"
            device = await engine.ready()
            assert engine.backend == device.name != "auto"

    async def test_set_backend_is_for_the_models_that_are_loaded_afterwards(self, negation):
        async with Engine("cuda:99") as engine:
            with pytest.raises(errors.DeviceError):
                await engine.load_graph_model(negation)
            assert (await engine.set_backend("cpu")).name == engine.backend == "cpu"
            model = await engine.load_graph_model(negation)
            with pytest.raises(errors.DeviceError, match=r"while models are loaded \(negation\.onnx\)"):
                await engine.set_backend("auto")
            model.dispose()
            assert (await engine.set_backend("auto")).name == engine.backend

    @pytest.mark.parametrize("name", ["webgl", "", "cuda:99"])
    async def test_set_backend_to_an_unusable_device_keeps_the_device(self, engine, name):
        with pytest.raises(errors.DeviceError):
            await engine.set_backend(name)
        assert engine.backend == "cpu"

    async def test_set_backend_is_refused_during_a_load(self, engine, negation, slow_loads):
        load = await slow_loads.start(engine, negation)
        with pytest.raises(errors.DeviceError, match="one is loading"):
            await engine.set_backend("cpu")
        slow_loads.end()
        (await load).dispose()
        await engine.set_backend("cpu")


class TestModels:
    async def test_repeated_loads_and_resets_keep_the_counts_constant(self, engine, negation):
        """CONFORMANCE 48."""
        before = engine.memory(), sessions.statistics().live
        for _ in range(5):
            model = await engine.load_graph_model(negation)
            with engine.tensor([1.0]) as tensor:
                output = await model.execute_async(tensor)
            assert output.array() == [-1]
            engine.reset()
            with engine.tensor([2.0]) as tensor, await model.execute_async(tensor) as output:
                assert output.array() == [-2], "a model outlives a reset"
            model.dispose()
            engine.reset()
            assert (engine.memory(), sessions.statistics().live) == before

    async def test_loading_twice_shares_one_session(self, engine):
        """CONFORMANCE 40."""
        before = sessions.statistics()
        async with Engine("cpu") as other:
            models = [await engine.load_graph_model(EMOTION), await other.load_graph_model(EMOTION)]
            assert sessions.statistics() == (before.created + 1, before.live + 1)
            models[0].dispose()
            assert sessions.statistics().live == before.live + 1
        assert sessions.statistics().live == before.live

    async def test_the_model_of_a_cancelled_load_is_disposed(self, engine, negation, slow_loads):
        before = sessions.statistics()
        load = await slow_loads.start(engine, negation)
        load.cancel()
        with pytest.raises(asyncio.CancelledError):
            await load
        slow_loads.end()
        assert sessions.statistics() == (before.created + 1, before.live)


class TestClose:
    async def test_aclose_frees_all_and_refuses_further_use(self, gray, engine):
        """CONFORMANCE 43."""
        live = sessions.statistics().live
        model = await engine.load_graph_model(EMOTION)
        await engine.aclose()
        await engine.aclose()
        assert sessions.statistics().live == live
        assert gray.is_disposed
        assert engine.memory().baseline == NOTHING
        with pytest.raises(errors.ModelDisposedError):
            await model.execute_async(gray)
        for again in (engine.load_graph_model(EMOTION), asyncio.to_thread(internals(engine).load, EMOTION)):
            with pytest.raises(errors.EngineClosedError):
                await again

    async def test_aclose_waits_for_the_runs_in_flight(self, gray, engine):
        """CONFORMANCE 43."""
        live = sessions.statistics().live
        model = await engine.load_graph_model(EMOTION)
        runs = [asyncio.create_task(model.execute_async(gray)) for _ in range(20)]
        await asyncio.sleep(0)
        await engine.aclose()
        ends = await asyncio.gather(*runs, return_exceptions=True)
        assert all(isinstance(end, errors.EngineClosedError) or end.is_disposed for end in ends)
        assert sessions.statistics().live == live
        assert engine.memory().baseline == NOTHING

    @pytest.mark.parametrize("cancel", CANCELLATIONS, ids=lambda cancel: cancel.__name__)
    async def test_a_cancelled_aclose_lets_the_runs_in_flight_end(self, engine, negation, monkeypatch, cancel):
        live = sessions.statistics().live
        model = await engine.load_graph_model(negation)
        may_run, plain_run, scopes = threading.Event(), GraphModel._run, []

        def run(*arguments):
            assert may_run.wait(PATIENCE)
            return plain_run(*arguments)

        async def call(value):
            with engine.tensor([value]) as tensor, await model.execute_async(tensor) as output:
                return output.array()

        async def close():
            with anyio.CancelScope() as scope:
                scopes.append(scope)
                await engine.aclose()

        monkeypatch.setattr(GraphModel, "_run", run)
        runs = [asyncio.create_task(call(float(i))) for i in range(8)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(close())
        await asyncio.sleep(0)
        await cancel(closing, scopes[0])
        assert not closing.done()
        may_run.set()
        assert await asyncio.gather(*runs) == [[-i] for i in range(8)]
        (end,) = await asyncio.gather(closing, return_exceptions=True)
        assert isinstance(end, asyncio.CancelledError) or cancel is by_scope  # the scope catches its cancellation
        assert sessions.statistics().live == live
        assert engine.memory().baseline == NOTHING
        with pytest.raises(errors.EngineClosedError):
            engine.scalar(1.0)

    async def test_aclose_waits_for_the_loads_in_flight(self, engine, negation, slow_loads):
        live = sessions.statistics().live
        load = await slow_loads.start(engine, negation)
        closing = asyncio.create_task(engine.aclose())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not closing.done()
        slow_loads.end()
        await closing
        with pytest.raises(errors.EngineClosedError):
            await load
        assert sessions.statistics().live == live

    async def test_aclose_unloads_off_the_thread_of_the_event_loop(self, negation, monkeypatch):
        threads = []
        monkeypatch.setattr(sessions, "return_memory", lambda: threads.append(threading.current_thread()))
        async with Engine("cpu") as engine:
            await engine.load_graph_model(negation)
        assert len(threads) == 1
        assert threads[0] is not threading.current_thread()

    async def test_a_cancelled_aclose_does_not_wait_for_loads_and_their_models_are_disposed(
        self, engine, negation, slow_loads
    ):
        """A load may download for minutes."""
        live = sessions.statistics().live
        load = await slow_loads.start(engine, negation)
        closing = asyncio.create_task(engine.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        with pytest.raises(errors.EngineClosedError):
            engine.scalar(1.0)
        slow_loads.end()
        with pytest.raises(errors.EngineClosedError):
            await load
        assert sessions.statistics().live == live

    async def test_a_load_that_ends_after_close_is_disposed(self, engine, negation, slow_loads):
        live = sessions.statistics().live
        load = await slow_loads.start(engine, negation)
        engine.close()
        slow_loads.end()
        with pytest.raises(errors.EngineClosedError):
            await load
        assert sessions.statistics().live == live


async def enter(engine):
    async with engine:
        pytest.fail("it was entered")


async def set_backend(engine):
    await engine.set_backend("cpu")


async def load(engine):
    await engine.load_graph_model("model.onnx")


class TestOtherEventLoops:
    """trio, for instance: its tasks are coroutines that run without an event loop of asyncio."""

    @pytest.mark.parametrize("call", [Engine.ready, Engine.aclose, enter, set_backend, load])
    def test_asyncio_is_named_as_the_cure_and_nothing_is_done(self, call):
        threads = threading.active_count()
        with Engine("cpu") as engine:
            with pytest.raises(errors.EngineError, match=r"on asyncio only.*asyncio\.run\(\)"):
                call(engine).send(None)
            assert threading.active_count() == threads
            engine.scalar(1.0).dispose()

    def test_a_run_of_a_model(self, negation):
        with Engine("cpu") as engine, engine.tensor([1.0]) as tensor:
            model = internals(engine).load(negation)
            with pytest.raises(errors.EngineError, match="on asyncio only"):
                model.execute_async(tensor).send(None)
            with model.execute(tensor) as output:
                assert output.array() == [-1]
