"""Frames in, results out, over a WebSocket. The newest frame takes precedence.

The client sends encoded frames as binary messages, and options as JSON in text messages, which hold for later
frames. Each result is a text message with JSON: ``frame`` is the number of the frame from 0, ``dropped`` the number of
frames that a newer one has replaced. One frame is computed, one waits, and one result is sent at a time: neither a fast
nor a slow client makes memory grow, and one that does not read its results in time is disconnected.

Each stream has a session: ids stay with faces, bodies, hands and persons from frame to frame, and results are reused
for frames that resemble the one before.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Message
from starlette.websockets import WebSocket

from humanrt.runtime import scheduler
from humanrt.serve import answers
from humanrt.serve.backend import Backend, Session
from humanrt.serve.body import check_picture
from humanrt.serve.gate import Gate
from humanrt.serve.guard import TOKEN_PROTOCOL
from humanrt.serve.metrics import Metrics
from humanrt.serve.options import ServeOptions
from humanrt.serve.parameters import choose, detection_config, read_json
from humanrt.serve.problems import ProblemError, problem_of

GONE, TOO_LARGE = 1001, 1009
# The most characters of a message with options.
MOST_OPTIONS = 64 * 1024


@dataclass
class _Inbox:
    """The newest frame that waits, and the options of the frames to come."""

    received: int = 0
    dropped: int = 0
    frame: bytes | None = None
    options: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, frame: bytes) -> None:
        """Replace the frame that waits."""
        self.dropped += self.frame is not None
        self.frame = frame
        self.received += 1
        self.arrived.set()

    def take(self) -> tuple[int, bytes]:
        """Return the newest frame and its number."""
        frame, self.frame = self.frame, None
        self.arrived.clear()
        return self.received - 1, frame or b""


class Stream:
    """One WebSocket, from its start to its end."""

    def __init__(
        self, socket: WebSocket, backend: Backend, gate: Gate, metrics: Metrics, options: ServeOptions
    ) -> None:
        self._socket = socket
        self._backend = backend
        self._gate = gate
        self._metrics = metrics
        self._options = options
        self._inbox = _Inbox()
        self._session: Session | None = None

    async def run(self) -> None:
        """Answer frames until the client or the service ends the stream."""
        offered = self._socket.scope.get("subprotocols", ())
        await self._socket.accept(subprotocol=next((p for p in offered if not p.startswith(TOKEN_PROTOCOL)), None))
        tasks = {asyncio.create_task(self._read()), asyncio.create_task(self._answer())}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._session is not None:
                self._session.close()

    async def _read(self) -> None:
        """Read messages as fast as they come, and keep the newest frame only."""
        while True:
            message: Message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            frame, text = message.get("bytes"), message.get("text")
            limit = self._options.max_body if frame is not None else MOST_OPTIONS
            if len(frame or text or "") > limit:
                kind = "frame has at most {:,} bytes" if frame is not None else "text has at most {:,} characters"
                await self._close(TOO_LARGE, f"a {kind.format(limit)}")
                return
            if frame is not None:
                was_waiting = self._inbox.frame is not None
                self._inbox.put(frame)
                if was_waiting:
                    self._metrics.frames.labels("dropped").inc()
            elif text is not None:
                self._set_options(text)

    def _set_options(self, text: str) -> None:
        """Read options; an error is reported instead of the next result."""
        try:
            options = read_json(text)
            choose(options, "form", ("human", "slim"), "slim")
            self._inbox.config = detection_config(options, self._options)
            self._inbox.options = options
        except (ValueError, AttributeError):
            self._inbox.options = {"problem": ProblemError(422, "options are not a JSON object")}
        except ProblemError as problem:
            self._inbox.options = {"problem": problem}

    async def _answer(self) -> None:
        """Compute the newest frame, and send its result."""
        inbox = self._inbox
        while not self._gate.is_closed:
            try:
                async with asyncio.timeout(self._options.idle_timeout):
                    await inbox.arrived.wait()
            except TimeoutError:
                await self._close(GONE, "no frame came")
                return
            number, frame = inbox.take()
            head = {"frame": number, "dropped": inbox.dropped}
            try:
                text = await self._detect(frame, head)
                self._metrics.frames.labels("done").inc()
            except Exception as error:  # noqa: BLE001 - one frame's error is its answer
                problem = problem_of(error)
                text = json.dumps({**head, "problem": problem.document(self._socket.scope["state"]["request_id"])})
                self._metrics.frames.labels("failed").inc()
            try:
                async with asyncio.timeout(self._options.body_timeout):
                    await self._socket.send_text(text)
            except TimeoutError:  # nothing can be sent to it, no reason either
                return
        await self._close(GONE, "the service is shutting down")

    async def _detect(self, frame: bytes, head: dict[str, Any]) -> str:
        options = self._inbox.options
        if "problem" in options:
            raise options["problem"]
        await check_picture(frame, self._options)
        async with self._gate.slot():
            if self._session is None:  # the first frame after the detector is ready
                self._session = self._backend.detector.session()
            result = await self._backend.detect(frame, self._inbox.config, self._session)
        with result:
            write = answers.human_json if options.get("form") == "human" else answers.slim_json
            body = await scheduler.run(write, result)
        return f"{json.dumps({**head, 'tensors': self._backend.tensors()[0]})[:-1]}, {body[1:].decode()}"

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(self._options.body_timeout):
                await self._socket.close(code, reason)
        except (TimeoutError, RuntimeError):  # it is gone already
            return
