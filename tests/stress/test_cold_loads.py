"""Cancellations during cold loads and downloads leave nothing behind. CONFORMANCE 26 and 47."""

import asyncio
import contextlib
import os
import random
import re
import shutil
import socket
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from onnx_models import adder, floats
from repetitions import CANCELLED_LOADS, EACH_LOAD
from switches import FACES_ALONE, OFF

from humanrt import Engine, Human, model_files
from humanrt.runtime import scheduler, sessions
from humanrt.zoo import Store, default_cache_dir, find_card
from humanrt.zoo import web as web_module
from humanrt.zoo.cache import Cache

NOTHING = (0, 0, 0, 0)
PIECES = 6  # in which the server sends a file
PASSING = re.compile("process_request_thread|humanrt-(load|download)")  # the names of threads of one load
PATIENCE = 60  # seconds until a test that hangs fails
DETECTOR_ALONE = {
    **FACES_ALONE,
    "face": dict.fromkeys(("mesh", "iris", "emotion", "description", "antispoof", "liveness"), OFF),
}
CARD = find_card("blazeface")
IMAGE = np.zeros((32, 32, 3), np.uint8)


class Moments:
    """The steps of loads and downloads, on whatever thread, of which one cancels a task.

    Attributes:
        count: the number of steps so far.
        hit: the step at which the task was cancelled.

    """

    def __init__(self, aim=None, *, until_end=False):
        self.count = 0
        self.hit = None
        self._aim = aim
        self._until_end = until_end  # the step lasts until the cancelled task has ended
        self._lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self._released = threading.Event()
        self.task = None

    def step(self, name):
        with self._lock:
            self.count += 1
            aimed = self.count == self._aim
        if aimed:
            self.hit = name
            self._loop.call_soon_threadsafe(self._cancel)
            assert self._released.wait(PATIENCE), f"the cancelled call goes on, at {name}"

    def _cancel(self):
        self.task.cancel()
        if self._until_end:
            self.task.add_done_callback(lambda _: self._released.set())
        else:
            self._released.set()


class Server(ThreadingHTTPServer):
    """A server that sends ``files``, by their names, in pieces, each a step of ``moments``."""

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.moments = None
        self.address = f"http://127.0.0.1:{self.server_port}"

    def flush(self):
        """Wait until all connections so far, which are accepted in their order, have threads."""
        with socket.create_connection(self.server_address) as connection:
            connection.sendall(b"GET /none HTTP/1.0\r\n\r\n")
            while connection.recv(100):
                pass


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        """Log nothing."""

    def do_GET(self):
        moments = self.server.moments
        moments.step("request")
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        body = self.server.files.get(self.path.rpartition("/")[2], b"")[start:]
        with contextlib.suppress(ConnectionError):
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            size = len(body) // PIECES + 1
            for offset in range(0, len(body), size):
                moments.step("body")
                self.wfile.write(body[offset : offset + size])


@pytest.fixture
def server(monkeypatch, tmp_path):
    published = Store(default_cache_dir()).ensure(CARD).parent
    files = {file.source_name: (published / file.name).read_bytes() for file in CARD.files}
    model = adder().SerializeToString()
    with Server({**files, "model.onnx": model, "weights.bin": floats(1, 2, 3, 4)}) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setattr(web_module, "RAW_ADDRESS", server.address)
        monkeypatch.setattr(web_module, "MEDIA_ADDRESS", server.address)
        monkeypatch.setenv("PATH", str(tmp_path / "no programs"))
        for variable in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(variable, raising=False)
            monkeypatch.delenv(variable.upper(), raising=False)
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def steps(monkeypatch, server):
    """Make locks, conversions, copies, preparation and sessions steps, each at its beginning and its end."""

    def stepping(function, name):
        def enter(*arguments, **options):
            server.moments.step(f"before {name}")
            result = function(*arguments, **options)
            server.moments.step(f"after {name}")
            return result

        return enter

    for owner, name in (
        (Cache, "lock"),
        (Cache, "convert"),
        (Cache, "keep"),
        (model_files, "prepare"),
        (sessions, "acquire"),
    ):
        monkeypatch.setattr(owner, name, stepping(getattr(owner, name), name))


class Trial:
    """One cold cache, and a call of one kind."""

    def __init__(self, kind, cache, server, monkeypatch):
        self.kind = kind
        self.cache = cache
        self.address = f"{server.address}/model.onnx"
        monkeypatch.setenv("HUMANRT_CACHE_DIR", str(cache))

    @contextlib.asynccontextmanager
    async def open(self):
        if self.kind in ("address", "card"):
            async with Engine("cpu") as owner:
                yield owner
                engine = owner
        else:
            async with Human({**DETECTOR_ALONE, "device": "cpu"}) as owner:
                yield owner
                engine = owner.engine
            assert owner._models.flights._under_way() == []
        assert engine.memory().baseline == NOTHING
        assert engine._internals._loads == set()
        assert all(model.is_disposed for model in engine._internals._models)

    async def call(self, owner, on_progress=None):
        """Load, or detect, and check that it works."""
        if self.kind == "address":
            model = await owner.load_graph_model(self.address, on_progress)
            with owner.tensor(np.zeros(4, np.float32)) as x, await model.execute_async(x) as y:
                assert y.array() == [1, 2, 3, 4]
        elif self.kind == "card":
            await owner.load_graph_model(CARD, on_progress)
        elif self.kind == "load":
            await owner.load(on_progress=on_progress)
        else:
            with await owner.detect(IMAGE) as result:
                assert result.face == ()

    def files(self):
        return {path.relative_to(self.cache).as_posix() for path in self.cache.rglob("*")}


async def end_threads(before, server):
    """Wait until the threads that were started since ``before`` have ended: those of downloads, then the server's."""
    for _ in range(2):
        for thread in set(threading.enumerate()) - before:
            await asyncio.to_thread(end_thread, thread)
        server.moments = Moments()
        await asyncio.to_thread(server.flush)
    for thread in set(threading.enumerate()) - before:  # of the flushes
        await asyncio.to_thread(end_thread, thread)


def end_thread(thread):
    assert thread._started.wait(PATIENCE)
    thread.join(PATIENCE)
    assert not thread.is_alive(), thread.name


def handles():
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - which opens one itself, every time


@pytest.mark.slow(20)
@pytest.mark.soak
@pytest.mark.usefixtures("steps", "own_sessions")
async def test_cancelled_cold_loads_and_downloads(server, tmp_path, monkeypatch, watchdog):
    """Tensors, models, sessions, threads, file handles, flights and temporary files are as before."""
    chance = random.Random(2027)  # noqa: S311 - reproducible, no secret
    kinds = ("address", "address", "address", "card", "load", "detect")
    whole, lengths, hits, rounds = {}, {}, Counter(), 0
    for kind in dict.fromkeys(kinds):  # with imports and the worker threads
        for _ in range(2):
            server.moments = Moments()
            trial = Trial(kind, tmp_path / f"whole {kind}", server, monkeypatch)
            shutil.rmtree(trial.cache, ignore_errors=True)
            async with trial.open() as owner:
                await trial.call(owner)
            whole[kind], lengths[kind] = trial.files(), server.moments.count
    await asyncio.gather(*(asyncio.to_thread(int) for _ in range(40)))  # asyncio's own worker threads
    await asyncio.gather(*(scheduler.run(int) for _ in range(40)))
    threads = {thread for thread in threading.enumerate() if not PASSING.search(thread.name)}
    await end_threads(threads, server)
    open_files, live = handles(), sessions.statistics().live
    while hits.total() < CANCELLED_LOADS:
        rounds += 1
        watchdog()  # the long form takes longer than one hang
        kind = chance.choice(kinds)
        trial = Trial(kind, tmp_path / "cache", server, monkeypatch)
        server.moments = moments = Moments(chance.randint(1, lengths[kind]), until_end=chance.random() < 0.5)
        async with trial.open() as owner:
            moments.task = task = asyncio.create_task(trial.call(owner))
            other = asyncio.create_task(trial.call(owner)) if chance.random() < 0.2 else None
            with contextlib.suppress(asyncio.CancelledError):
                await task
            if other is not None:
                await other  # one caller's cancellation is not the other's
            if chance.random() < 0.3:
                await trial.call(owner)  # the next call loads
        if task.cancelled():
            hits[f"{kind}: {moments.hit}"] += 1
        await end_threads(threads, server)
        assert handles() == open_files
        assert sessions.statistics().live == live
        assert scheduler.statistics().queued == scheduler.statistics().running == 0
        assert trial.files() <= whole[kind] | {f"models/{CARD.name}/{file.name}.part" for file in CARD.files}
        if chance.random() < 0.2:
            async with trial.open() as owner:
                await trial.call(owner)
            assert trial.files() == whole[kind]
            await end_threads(threads, server)
        shutil.rmtree(trial.cache, ignore_errors=True)
    print(f"{hits.total():,} cold loads cancelled of {rounds:,}: {dict(hits.most_common())}")
    for kind in dict.fromkeys(kinds):
        assert sum(count for name, count in hits.items() if name.startswith(kind)) >= EACH_LOAD, hits
