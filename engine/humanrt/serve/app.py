"""The application: what is mounted where, its start, and its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, WebSocket
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

import humanrt
from humanrt.errors import HumanRTError
from humanrt.serve.backend import Backend, OpenDetector
from humanrt.serve.gate import Gate
from humanrt.serve.guard import Guard
from humanrt.serve.metrics import Metrics
from humanrt.serve.options import ServeOptions
from humanrt.serve.pages import create_pages
from humanrt.serve.problems import ProblemError, problem_of
from humanrt.serve.routes import Endpoints
from humanrt.serve.stream import Stream

EXPOSED = ["Retry-After", "X-Request-ID"]


def create_app(open_detector: OpenDetector, options: ServeOptions | None = None) -> FastAPI:
    """Return the ASGI application of the service and its page.

    ``open_detector`` returns what detects, a ``Human`` or a ``WorkerPool``: ``partial(Human, {"preset": "fast"})`` for
    instance. It is entered when the application starts, and left when it ends, after its last request. While it starts
    the page is shown, and requests are answered with 503.
    """
    options = options or ServeOptions()
    gate = Gate(options)
    backend = Backend(open_detector, options, gate)
    metrics = Metrics(gate, backend)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.backend, app.state.gate = backend, gate
        backend.start()
        try:
            async with metrics.monitor:
                yield
        finally:
            await gate.close()
            await backend.aclose()

    app = FastAPI(
        title="HumanRT",
        version=humanrt.__version__,
        description="Detects people and objects in pictures.",
        lifespan=lifespan,
        docs_url=None,  # FastAPI's pages load scripts from foreign addresses
        redoc_url=None,
    )
    app.include_router(create_pages())
    app.include_router(Endpoints(backend, gate, metrics, options).router())

    @app.websocket("/v1/stream")
    async def stream(socket: WebSocket) -> None:
        await Stream(socket, backend, gate, metrics, options).run()

    _answer_errors(app)
    if options.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=options.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=EXPOSED,
        )
    app.add_middleware(Guard, options=options, gate=gate, metrics=metrics)  # the outermost
    return app


def _answer_errors(app: FastAPI) -> None:
    """Answer each error with a problem document."""

    def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            headers = dict(error.headers or {})
            if headers.get("Allow") == "GET":
                headers["Allow"] = "GET, HEAD"  # the guard answers HEAD
            error = ProblemError(error.status_code, str(error.detail), headers)
        elif isinstance(error, RequestValidationError):
            error = ProblemError(422, "a parameter of the path or the query is wrong")
        return problem_of(error).response(request.state.request_id)

    for kind in (HTTPException, RequestValidationError, ProblemError, HumanRTError):
        app.add_exception_handler(kind, answer)
