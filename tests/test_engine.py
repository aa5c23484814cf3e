"""An engine alone: tensors, scopes and models in one hand."""

import asyncio
import shutil
import threading

import numpy as np
import pytest

from humanrt import Engine, errors
from humanrt.runtime import session
from humanrt.zoo import Store, default_cache_dir, find_card

EMOTION = find_card("emotion")
NOTHING = (0, 0, 0, 0)


@pytest.fixture
async def engine():
    async with Engine("cpu") as engine:
        yield engine


@pytest.fixture(scope="session")
def model_json():
    """The TF.js model of emotion, as the zoo keeps it."""
    return Store(default_cache_dir()).ensure(EMOTION)


@pytest.fixture
def gray(engine):
    """An input for the emotion model."""
    return engine.tensor(np.linspace(-1, 1, 64 * 64, dtype=np.float32).reshape(1, 64, 64, 1))


class TestTensors:
    async def test_everything_goes_to_one_registry(self, engine):
        array = np.ones((2, 2), np.float32)
        made = [engine.tensor([1, 2]), engine.from_numpy(array), engine.adopt(array.copy()), engine.scalar(3.0)]
        assert [tensor.registry for tensor in made] == [engine.registry] * 4
        assert made[3].shape == ()
        assert engine.memory().num_tensors == 4
        engine.dispose(made)
        assert engine.memory().baseline == NOTHING

    async def test_scopes(self, engine):
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

    def test_with_frees_everything(self):
        with Engine("cpu") as engine:
            tensor = engine.scalar(1.0)
        assert tensor.is_disposed
        with pytest.raises(errors.EngineClosedError):
            engine.scalar(2.0)

    def test_sites_are_recorded_when_asked_for(self):
        with Engine("cpu", track_sites=True) as engine:
            tensor = engine.scalar(1.0)
            assert __file__ in tensor.sites.created


class TestDevice:
    async def test_ready_tells_the_device(self, engine):
        assert (await engine.ready()).name == "cpu"

    @pytest.mark.parametrize("name", ["tpu", "cuda:x", ""])
    async def test_a_device_that_means_nothing(self, name):
        async with Engine(name) as engine:
            with pytest.raises(errors.DeviceError):
                await engine.ready()
            with pytest.raises(errors.DeviceError):
                await engine.load_graph_model(EMOTION)
            assert engine.memory().baseline == NOTHING


class TestModels:
    async def test_every_kind_of_source_is_the_same_model(self, engine, model_json, gray, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir()
        shutil.copy(model_json, folder / "model.json")
        shutil.copy(model_json.with_suffix(".bin"), folder)
        onnx_folder = tmp_path / "onnx"
        onnx_folder.mkdir()
        converted, _ = engine._to_onnx(model_json, None)
        shutil.copy(converted, onnx_folder)
        sources = [EMOTION, model_json, str(model_json), folder, converted, onnx_folder]
        answers = []
        for source in sources:
            model = await engine.load_graph_model(source)
            with await model.execute_async(gray) as output:
                answers.append(output.array())
            model.dispose()
        assert answers == [answers[0]] * len(sources)
        assert sum(answers[0][0]) == pytest.approx(1, abs=1e-5)  # a softmax over Human's seven emotions
        assert len(answers[0][0]) == 7

    async def test_loading_twice_shares_one_session(self, engine):
        """CONFORMANCE 40."""
        before = session.statistics()
        async with Engine("cpu") as other:
            models = [await engine.load_graph_model(EMOTION), await other.load_graph_model(EMOTION)]
            assert session.statistics() == (before.created + 1, before.live + 1)
            models[0].dispose()
            assert session.statistics().live == before.live + 1
        assert session.statistics().live == before.live

    async def test_what_is_no_model(self, engine, tmp_path):
        (tmp_path / "model.json").write_text("{}")
        two = tmp_path / "two"
        two.mkdir()
        for name in ("a.onnx", "b.onnx"):
            (two / name).write_bytes(b"no model")
        empty = tmp_path / "empty"
        empty.mkdir()
        for source in (tmp_path / "absent.json", tmp_path / "model.json", empty, two, two / "a.onnx"):
            with pytest.raises(errors.ModelFormatError):
                await engine.load_graph_model(source)
        assert engine.memory().baseline == NOTHING

    async def test_a_cancelled_load_leaves_no_session(self, engine, monkeypatch):
        live = session.statistics().live
        begin, began = threading.Event(), asyncio.Event()
        plain, loop = engine.load_blocking, asyncio.get_running_loop()

        def slow(*arguments):
            loop.call_soon_threadsafe(began.set)
            assert begin.wait(30)
            return plain(*arguments)

        monkeypatch.setattr(engine, "load_blocking", slow)
        load = asyncio.create_task(engine.load_graph_model(EMOTION))
        await began.wait()
        load.cancel()
        with pytest.raises(asyncio.CancelledError):
            await load
        begin.set()
        await engine.aclose()
        assert session.statistics().live == live


class TestTheEnd:
    async def test_closing_disposes_models_and_ends_everything(self, gray, engine):
        """CONFORMANCE 43."""
        live = session.statistics().live
        model = await engine.load_graph_model(EMOTION)
        await engine.aclose()
        await engine.aclose()
        assert session.statistics().live == live
        assert gray.is_disposed
        assert engine.memory().baseline == NOTHING
        with pytest.raises(errors.ModelDisposedError):
            await model.execute_async(gray)
        for again in (engine.load_graph_model(EMOTION), asyncio.to_thread(engine.load_blocking, EMOTION)):
            with pytest.raises(errors.EngineClosedError):
                await again

    async def test_closing_waits_for_the_runs_in_flight(self, gray, engine):
        """CONFORMANCE 43."""
        live = session.statistics().live
        model = await engine.load_graph_model(EMOTION)
        runs = [asyncio.create_task(model.execute_async(gray)) for _ in range(20)]
        await asyncio.sleep(0)
        await engine.aclose()
        ends = await asyncio.gather(*runs, return_exceptions=True)
        assert all(isinstance(end, errors.EngineClosedError) or end.is_disposed for end in ends)
        assert session.statistics().live == live
        assert engine.memory().baseline == NOTHING

    async def test_a_load_that_ends_after_the_engine_is_disposed(self, engine, monkeypatch):
        live = session.statistics().live
        plain = engine._to_onnx

        def close_meanwhile(*arguments):
            found = plain(*arguments)
            engine.close()
            return found

        monkeypatch.setattr(engine, "_to_onnx", close_meanwhile)
        with pytest.raises(errors.EngineClosedError):
            await engine.load_graph_model(EMOTION)
        assert session.statistics().live == live
