"""Admission of requests, before their bodies are read: so many are computed, so many wait, further ones are refused.

At most ``concurrency + queue`` bodies are in memory at the same time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from math import ceil

from starlette.types import Receive

from humanrt.serve.options import ServeOptions
from humanrt.serve.problems import ProblemError, busy, draining, timed_out

# The weight of the latest request in the mean time of service.
WEIGHT = 0.2


class Gate:
    """The places of requests. All methods are for one event loop."""

    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        self._slots = asyncio.Semaphore(options.concurrency)
        self._idle = asyncio.Event()
        self._idle.set()
        self.inside: int = 0
        """Requests that have a place: those whose bodies are read, that wait, and that are computed."""
        self.running: int = 0
        """Requests that are computed."""
        self.streams: int = 0
        """Open streams."""
        self.is_closed: bool = False
        self._mean = 0.5  # seconds

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for the duration of the block.

        Raises ``ProblemError``, 429 if there is none, 503 after ``close()``.
        """
        if self.is_closed:
            raise draining()
        if self.inside >= self._options.concurrency + self._options.queue:
            raise busy(self.retry_after())
        self.inside += 1
        self._idle.clear()
        try:
            yield
        finally:
            self.inside -= 1
            self._settle()

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Hold a place of a stream for the duration of the block.

        Raises ``ProblemError``, 429 if there is none, 503 after ``close()``.
        """
        if self.is_closed:
            raise draining()
        if self.streams >= self._options.streams:
            raise busy(self.retry_after())
        self.streams += 1
        self._idle.clear()
        try:
            yield
        finally:
            self.streams -= 1
            self._settle()

    @asynccontextmanager
    async def slot(self, receive: Receive | None = None) -> AsyncIterator[None]:
        """Wait, in order of arrival, until the block may be computed.

        With ``receive``, of a request whose body was read, waiting and the block end when the client has gone.

        Raises ``ProblemError``: 504 if waiting and the block take longer than ``timeout``, 400 if the client has gone.
        """
        try:
            async with asyncio.timeout(self._options.timeout), _connected(receive), self._slots:
                start = time.monotonic()
                self.running += 1
                try:
                    yield
                finally:
                    self.running -= 1
                    self._mean += WEIGHT * (time.monotonic() - start - self._mean)
        except TimeoutError:
            raise timed_out(self._options.timeout) from None

    def retry_after(self) -> int:
        """Return the seconds after which a request that was refused may get a place."""
        return min(60, max(1, ceil(self._mean * self.inside / self._options.concurrency)))

    async def close(self) -> bool:
        """Refuse further requests, and wait for those inside, at most ``drain_timeout``. Return whether all ended."""
        self.is_closed = True
        try:
            async with asyncio.timeout(self._options.drain_timeout):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def _settle(self) -> None:
        if not self.inside and not self.streams:
            self._idle.set()


@asynccontextmanager
async def _connected(receive: Receive | None) -> AsyncIterator[None]:
    """Cancel the block when the client of a request has gone."""
    if receive is None:
        yield
        return
    block, gone = asyncio.current_task(), False
    assert block is not None  # noqa: S101 - this is a coroutine
    cancelled_before = block.cancelling()

    async def watch() -> None:
        nonlocal gone
        while (await receive())["type"] != "http.disconnect":
            pass
        gone = True
        block.cancel()

    watching = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if gone and block.uncancel() <= cancelled_before:
            raise ProblemError(400, "the client has gone") from None
        raise
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
