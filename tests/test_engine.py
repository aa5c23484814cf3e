"""An engine alone: tensors, scopes and models in one hand."""

import asyncio
import hashlib
import os
import shutil
import threading
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from humanrt import Engine, errors
from humanrt.runtime import sessions
from humanrt.zoo import CardFile, Store, default_cache_dir, find_card

pytestmark = pytest.mark.usefixtures("own_sessions")

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


class Server(ThreadingHTTPServer):
    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=folder))
        self.requests = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing of it."""

    def do_GET(self):
        self.server.requests.append(self.path)
        super().do_GET()


@pytest.fixture
def serve():
    """Serves a folder over HTTP on this machine."""
    with ExitStack() as servers:

        def serve(folder):
            server = servers.enter_context(Server(folder))
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            servers.callback(thread.join)
            servers.callback(server.shutdown)
            return server

        yield serve


@pytest.fixture
def gray(engine):
    """An input for the emotion model."""
    with engine.tensor(np.linspace(-1, 1, 64 * 64, dtype=np.float32).reshape(1, 64, 64, 1)) as gray:
        yield gray


class TestTensors:
    async def test_everything_goes_to_one_registry(self, engine):
        array = np.ones((2, 2), np.float32)
        made = [engine.tensor([1, 2]), engine.from_numpy(array), engine.adopt(array.copy()), engine.scalar(3.0)]
        assert [tensor._ledger for tensor in made] == [engine.registry.ledger] * 4
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

    def test_sites_are_recorded_when_asked_for(self, monkeypatch):
        for wanted, variable in ((True, "0"), (False, "1")):
            monkeypatch.setenv("HUMANRT_TRACK_SITES", variable)
            with Engine("cpu", track_sites=wanted) as engine:
                tensor = engine.scalar(1.0)
                assert __file__ in tensor._sites.created
                (row,) = engine.leaks().rows
                assert (row.tensors, row.owner) == (1, "caller")

    def test_limits(self):
        """CONFORMANCE 42: each engine has its own."""
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

    def test_reset_starts_anew(self):
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

    async def test_the_backend_is_the_device_once_it_was_tried(self):
        async with Engine("auto") as engine:
            assert engine.backend == "auto"
            device = await engine.ready()
            assert engine.backend == device.name != "auto"

    async def test_set_backend_chooses_for_the_models_to_come(self, negation):
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
    async def test_a_backend_that_cannot_be_used_changes_nothing(self, engine, name):
        with pytest.raises(errors.DeviceError):
            await engine.set_backend(name)
        assert engine.backend == "cpu"

    async def test_the_backend_cannot_change_under_a_load(self, engine, negation, monkeypatch):
        inside, may_go_on = threading.Event(), threading.Event()
        plain = engine._to_onnx

        def slow(*arguments):
            inside.set()
            assert may_go_on.wait(30)
            return plain(*arguments)

        monkeypatch.setattr(engine, "_to_onnx", slow)
        load = asyncio.create_task(engine.load_graph_model(negation))
        await asyncio.to_thread(inside.wait, 30)
        with pytest.raises(errors.DeviceError, match="one that loads now"):
            await engine.set_backend("cpu")
        may_go_on.set()
        (await load).dispose()
        await engine.set_backend("cpu")


class TestModels:
    async def test_from_an_address(self, tmp_path, negation, model_json, gray, serve):
        """A TF.js model with its weights, and an .onnx file; each is fetched once, and converted once."""
        served = tmp_path / "served"
        served.mkdir()
        shutil.copy(negation, served / "model.onnx")
        shutil.copy(model_json, served / "model.json")
        shutil.copy(model_json.with_suffix(".bin"), served)
        server = serve(served)
        async with Engine("cpu", store=Store(tmp_path / "cache")) as engine:
            model = await engine.load_graph_model(f"{server.address}/model.onnx?token=secret")
            assert model.name == "model.onnx"
            with engine.tensor([1.0, -2.0]) as x, await model.execute_async(x) as output:
                assert output.array() == [-1, 2]
            seen = []
            emotion = await engine.load_graph_model(f"{server.address}/model.json", on_progress=seen.append)
            with engine.from_numpy(gray.numpy()) as x, await emotion.execute_async(x) as output:
                assert sum(output.array()[0]) == pytest.approx(1, abs=1e-5)
            assert seen
            asked = len(server.requests)
            assert asked == 3
            (await engine.load_graph_model(f"{server.address}/model.json")).dispose()
            assert len(server.requests) == asked

    async def test_from_an_address_that_is_not_safe_or_not_there(self, tmp_path, serve):
        async with Engine("cpu", store=Store(tmp_path / "cache")) as engine:
            for source in ("http://example.com/model.json", f"{serve(tmp_path).address}/absent.onnx"):
                with pytest.raises(errors.FetchError):
                    await engine.load_graph_model(source)

    async def test_repeated_loads_and_resets_keep_the_counts(self, engine, negation):
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

    async def test_every_kind_of_source_is_the_same_model(self, engine, model_json, gray, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir()
        shutil.copy(model_json, folder / "model.json")
        shutil.copy(model_json.with_suffix(".bin"), folder)
        onnx_folder = tmp_path / "onnx"
        onnx_folder.mkdir()
        converted, _ = engine._to_onnx(model_json, None)
        shutil.copy(converted, onnx_folder)
        content = converted.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        file = CardFile(name="mine.onnx", path=str(converted), sha256=digest, bytes=len(content))
        own_card = replace(EMOTION, name="mine", files=(file,), sources=())
        sources = [EMOTION, own_card, model_json, str(model_json), folder, converted, onnx_folder]
        answers = []
        engine.store = Store(tmp_path / "cache", model_base_path=model_json.parent)
        for source in sources:
            model = await engine.load_graph_model(source)
            with await model.execute_async(gray) as output:
                answers.append(output.array())
            model.dispose()
        assert answers == [answers[0]] * len(sources)
        assert sum(answers[0][0]) == pytest.approx(1, abs=1e-5)  # a softmax over Human's seven emotions
        assert len(answers[0][0]) == 7

    async def test_a_damaged_conversion_is_made_again(self, gray, model_json, tmp_path):
        """A byte of the converted file changes between two loads."""
        for name in ("emotion.json", "emotion.bin"):
            (tmp_path / "models" / "emotion").mkdir(parents=True, exist_ok=True)
            shutil.copy(model_json.with_name(name), tmp_path / "models" / "emotion")
        answers = []
        for _ in range(2):
            async with Engine("cpu", store=Store(tmp_path, offline=True)) as engine:
                model = await engine.load_graph_model(EMOTION)
                async with engine.scope():
                    answers.append((await model.execute_async(engine.tensor(gray.numpy()))).array())
            (converted,) = (tmp_path / "onnx" / "emotion").glob("*.onnx")
            content = bytearray(converted.read_bytes())
            content[len(content) // 2] ^= 0xFF
            converted.write_bytes(content)
            os.utime(converted, ns=(1, 1))
        assert answers[0] == answers[1]

    async def test_loading_twice_shares_one_session(self, engine):
        """CONFORMANCE 40."""
        before = sessions.statistics()
        async with Engine("cpu") as other:
            models = [await engine.load_graph_model(EMOTION), await other.load_graph_model(EMOTION)]
            assert sessions.statistics() == (before.created + 1, before.live + 1)
            models[0].dispose()
            assert sessions.statistics().live == before.live + 1
        assert sessions.statistics().live == before.live

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
        live = sessions.statistics().live
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
        assert sessions.statistics().live == live


class TestTheEnd:
    async def test_closing_disposes_models_and_ends_everything(self, gray, engine):
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
        for again in (engine.load_graph_model(EMOTION), asyncio.to_thread(engine.load_blocking, EMOTION)):
            with pytest.raises(errors.EngineClosedError):
                await again

    async def test_closing_waits_for_the_runs_in_flight(self, gray, engine):
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

    async def test_a_load_that_ends_after_the_engine_is_disposed(self, engine, monkeypatch):
        live = sessions.statistics().live
        plain = engine._to_onnx

        def close_meanwhile(*arguments):
            found = plain(*arguments)
            engine.close()
            return found

        monkeypatch.setattr(engine, "_to_onnx", close_meanwhile)
        with pytest.raises(errors.EngineClosedError):
            await engine.load_graph_model(EMOTION)
        assert sessions.statistics().live == live
