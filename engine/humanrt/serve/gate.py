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
# A body that comes slower than this many bytes a second, after so many seconds, loses its place to a request that has
# none: a few clients that send little could otherwise hold all places for the whole time that a body may take.
SLOW_BYTES, SLOW_SECONDS = 32 * 1024, 2.0


class Place:
    """The place of a request, until its end or until another request takes it."""

    def __init__(self) -> None:
        self.is_held: bool = True
        self._received = 0
        self._start = 0.0
        self._timeout: asyncio.Timeout | None = None

    @asynccontextmanager
    async def receiving(self, seconds: float) -> AsyncIterator[None]:
        """Receive the body in the block. Raises ``TimeoutError`` after so many seconds, or when the place was lost."""
        self._start = time.monotonic()
        try:
            async with asyncio.timeout(seconds) as self._timeout:
                yield
        finally:
            self._timeout = None

    def count(self, size: int) -> None:
        """Count bytes of the body that were received."""
        self._received += size

    def complete(self) -> None:
        """Keep the place from now on: the body was received."""
        self._timeout = None

    @property
    def is_slow(self) -> bool:
        """Whether its body is being received, and comes too slowly."""
        seconds = time.monotonic() - self._start
        is_receiving = self._timeout is not None and not self._timeout.expired()
        return is_receiving and seconds >= SLOW_SECONDS and self._received < SLOW_BYTES * seconds

    def lose(self) -> None:
        """End the receipt of the body."""
        assert self._timeout is not None  # noqa: S101 - it is slow
        self.is_held = False
        self._timeout.reschedule(asyncio.get_running_loop().time())


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
        self.waiting: int = 0
        """Requests and frames that wait for their turn."""
        self.streams: int = 0
        """Open streams."""
        self.is_closed: bool = False
        self._mean = 0.5  # seconds
        self._places: dict[Place, None] = {}

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Hold a place for the duration of the block: a free one, or that of the oldest body that comes too slowly.

        Raises ``ProblemError``, 429 if there is none, 503 after ``close()``.
        """
        if self.is_closed:
            raise draining()
        if self.inside >= self._options.concurrency + self._options.queue and not self._take_from_a_slow_one():
            raise busy(self.retry_after())
        place = Place()
        self._places[place] = None
        self.inside += 1
        self._idle.clear()
        try:
            yield place
        finally:
            del self._places[place]
            self.inside -= place.is_held
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
            async with asyncio.timeout(self._options.timeout), _connected(receive), self._turn():
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

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    def _take_from_a_slow_one(self) -> bool:
        place = next((place for place in self._places if place.is_slow), None)
        if place is None:
            return False
        place.lose()
        self.inside -= 1
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
