"""The files of models: from cards, paths and addresses."""

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
from humanrt.model_files import prepare
from humanrt.zoo import CardFile, Store, default_cache_dir, find_card

EMOTION = find_card("emotion")


@pytest.fixture
async def engine():
    async with Engine("cpu") as engine:
        yield engine
        assert engine.memory().baseline == (0, 0, 0, 0)


@pytest.fixture(scope="session")
def model_json():
    """The TF.js model of emotion in the store."""
    return Store(default_cache_dir()).ensure(EMOTION)


@pytest.fixture
def gray():
    """An input for the emotion model, float32 [1, 64, 64, 1]."""
    return np.linspace(-1, 1, 64 * 64, dtype=np.float32).reshape(1, 64, 64, 1)


class Server(ThreadingHTTPServer):
    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=folder))
        self.requests = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Do not log."""

    def do_GET(self):
        self.server.requests.append(self.path)
        super().do_GET()


@pytest.fixture
def serve():
    """Serves folders over HTTP on this machine."""
    with ExitStack() as servers:

        def serve(folder):
            server = servers.enter_context(Server(folder))
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            servers.callback(thread.join)
            servers.callback(server.shutdown)
            return server

        yield serve


async def test_an_address_is_fetched_and_converted_once(tmp_path, negation, model_json, gray, serve):
    """That of an .onnx file, and that of a TF.js model with its weights."""
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
        progress = []
        emotion = await engine.load_graph_model(f"{server.address}/model.json", on_progress=progress.append)
        with engine.from_numpy(gray) as x, await emotion.execute_async(x) as output:
            assert sum(output.array()[0]) == pytest.approx(1, abs=1e-5)
        assert progress
        requests = len(server.requests)
        assert requests == 3
        (await engine.load_graph_model(f"{server.address}/model.json")).dispose()
        assert len(server.requests) == requests


async def test_an_http_address_of_another_machine_and_a_missing_file_are_refused(tmp_path, serve):
    async with Engine("cpu", store=Store(tmp_path / "cache")) as engine:
        for source in ("http://example.com/model.json", f"{serve(tmp_path).address}/absent.onnx"):
            with pytest.raises(errors.FetchError):
                await engine.load_graph_model(source)


async def test_all_kinds_of_sources_load_the_same_model(engine, model_json, gray, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(model_json, folder / "model.json")
    shutil.copy(model_json.with_suffix(".bin"), folder)
    onnx_folder = tmp_path / "onnx"
    onnx_folder.mkdir()
    converted = prepare(model_json, engine.store).stored.path
    shutil.copy(converted, onnx_folder)
    content = converted.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    file = CardFile(name="mine.onnx", path=str(converted), sha256=digest, bytes=len(content))
    own_card = replace(EMOTION, name="mine", files=(file,), sources=())
    sources = [EMOTION, own_card, model_json, str(model_json), folder, converted, onnx_folder]
    outputs = []
    async with Engine("cpu", store=Store(tmp_path / "cache", model_base_path=model_json.parent)) as other:
        for source in sources:
            model = await other.load_graph_model(source)
            with other.from_numpy(gray) as x, await model.execute_async(x) as output:
                outputs.append(output.array())
            model.dispose()
    assert outputs == [outputs[0]] * len(sources)
    assert sum(outputs[0][0]) == pytest.approx(1, abs=1e-5)  # a softmax over Human's seven emotions
    assert len(outputs[0][0]) == 7


async def test_a_damaged_converted_file_is_converted_again(gray, model_json, tmp_path):
    """One byte of it changes between two loads."""
    for name in ("emotion.json", "emotion.bin"):
        (tmp_path / "models" / "emotion").mkdir(parents=True, exist_ok=True)
        shutil.copy(model_json.with_name(name), tmp_path / "models" / "emotion")
    outputs = []
    for _ in range(2):
        async with Engine("cpu", store=Store(tmp_path, offline=True)) as engine:
            model = await engine.load_graph_model(EMOTION)
            async with engine.scope():
                outputs.append((await model.execute_async(engine.tensor(gray))).array())
        (converted,) = (tmp_path / "onnx" / "emotion").glob("*.onnx")
        content = bytearray(converted.read_bytes())
        content[len(content) // 2] ^= 0xFF
        converted.write_bytes(content)
        os.utime(converted, ns=(1, 1))
    assert outputs[0] == outputs[1]


async def test_a_path_without_a_model_is_refused(engine, tmp_path):
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


@pytest.mark.parametrize("name", ["pipe.onnx", os.devnull])
async def test_a_pipe_and_a_device_are_refused(engine, tmp_path, name):
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(errors.ModelFormatError, match=f"{name} is neither a regular file nor a folder; accepted"):
        await engine.load_graph_model(tmp_path / name)


@pytest.mark.parametrize("source", [None, 5, ["model.onnx"]], ids=lambda source: type(source).__name__)
async def test_a_source_of_another_type_is_refused(engine, source):
    """TF.js refuses null: "modelUrl in loadGraphModel() cannot be null"."""
    message = f"a {type(source).__name__} is not a source of a model; accepted"
    with pytest.raises(errors.ModelFormatError, match=message):
        await engine.load_graph_model(source)
