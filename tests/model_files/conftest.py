"""ONNX models with external data, and an engine with its own cache."""

import http.server
import threading
from contextlib import ExitStack
from functools import partial

import numpy as np
import pytest
from onnx_models import adder, floats

from humanrt import Engine
from humanrt.engine import internals
from humanrt.zoo import Store


@pytest.fixture
def write(tmp_path):
    """Write a model with files of external data to a folder; return the path of the model."""

    def write(folder, model=None, files=None, name="model.onnx"):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        (place / name).write_bytes((model or adder()).SerializeToString())
        for file, content in (files or {}).items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_bytes(content)
        return place / name

    return write


@pytest.fixture
def twins(write):
    """Two models with the same ``.onnx`` and different external data: y = x + 1 and y = x + 2."""
    return [write(str(n), files={"weights.bin": floats(n, n, n, n)}) for n in (1, 2)]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


@pytest.fixture
def engine(store):
    with Engine("cpu", store=store) as engine:
        yield engine


@pytest.fixture
def run(engine):
    """Load a model and run it on zeros; return the result. The model stays loaded."""

    def run(source, model=None, **options):
        model = model or internals(engine).load(source, **options)
        with engine.tensor(np.zeros(4, np.float32)) as x, model.execute(x) as y:
            return y.data_sync().tolist()

    return run


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Log nothing."""

    def do_GET(self):
        self.server.requests.append(self.path)
        super().do_GET()


@pytest.fixture
def serve():
    """Serve a folder over HTTP on this machine; return the server."""
    with ExitStack() as servers:

        def serve(folder):
            handler = partial(Handler, directory=folder)
            server = servers.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
            server.requests, server.address = [], f"http://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            servers.callback(thread.join)
            servers.callback(server.shutdown)
            return server

        yield serve
