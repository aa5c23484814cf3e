"""A service in this process, and a detector that the test holds."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx

from humanrt import Engine, Result
from humanrt.config import Config
from humanrt.serve import create_app


@asynccontextmanager
async def serving(open_detector, options=None):
    """Yield a client of a service whose detector is ready, and the application."""
    app = create_app(open_detector, options)
    async with answering(app) as client:
        yield client, app


@asynccontextmanager
async def answering(app):
    """Yield a client of an application whose detector is ready."""
    async with app.router.lifespan_context(app):
        await app.state.backend.settled()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client:
            yield client


async def until(condition):
    """Let other tasks run until a condition holds."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the condition has no event
            await asyncio.sleep(0)


class Held:
    """A detector whose calls wait until the test releases them; each returns an empty result."""

    def __init__(self):
        self.config = Config()
        self.engine = Engine("cpu")
        self.begun = []
        self.configs = []
        self.sessions = []
        self.came = asyncio.Event()
        self.release = asyncio.Event()
        self.error = None

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.engine.aclose()

    def session(self):
        session = SimpleNamespace(is_closed=False)
        session.close = lambda: setattr(session, "is_closed", True)
        self.sessions.append(session)
        return session

    async def detect(self, source, config=None, *, session=None):
        self.begun.append(source)
        self.configs.append(config)
        self.came.set()
        await self.release.wait()
        if self.error:
            raise self.error
        return Result(8, 8)

    async def wait_for(self, count):
        while len(self.begun) < count:
            self.came.clear()
            await self.came.wait()


class Socket:
    """The client's side of a WebSocket: what it sends is received by the application, and the other way round."""

    def __init__(self, app, headers=(), subprotocols=()):
        self.scope = {
            "type": "websocket",
            "path": "/v1/stream",
            "raw_path": b"/v1/stream",
            "root_path": "",
            "scheme": "ws",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1"), *headers],
            "subprotocols": list(subprotocols),
        }
        self._app = app
        self._to_app = asyncio.Queue()
        self.received = asyncio.Queue()
        self.reads = asyncio.Event()  # cleared, the client reads nothing
        self.reads.set()

    async def __aenter__(self):
        self._to_app.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(self._app(self.scope, self._to_app.get, self._take))
        return self

    async def __aexit__(self, *_):
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(10):
            await asyncio.gather(self.task, return_exceptions=True)

    async def _take(self, message):
        if message["type"] == "websocket.send":
            await self.reads.wait()
        self.received.put_nowait(message)

    def send(self, frame):
        kind = "bytes" if isinstance(frame, bytes) else "text"
        self._to_app.put_nowait({"type": "websocket.receive", kind: frame})

    async def read(self):
        async with asyncio.timeout(30):
            return await self.received.get()
