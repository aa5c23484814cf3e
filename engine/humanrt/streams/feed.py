"""What a source delivers, read ahead for a consumer in an event loop.

A source that blocks is read by a thread of its own, an asynchronous one by a task of its own: the consumer may be slow,
or cancelled, without an effect on the source. At most ``limit`` items wait for the consumer; the source then waits, or
the oldest item is dropped. ``aclose()`` ends the thread or the task before it returns.
"""

import asyncio
import os
import threading
import warnings
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from typing import Generic, TypeVar

import numpy as np

from humanrt.errors import InputError, StreamError
from humanrt.runtime import scheduler
from humanrt.runtime.futures import completion, drain, running_loop
from humanrt.tracebacks import without_frames

Item = TypeVar("Item")
Made = TypeVar("Made")

CLOSING_PATIENCE = 10.0
"""Seconds that ``aclose()`` waits for a source that blocks; its thread is then abandoned."""


def check_source(source: object, accepted: str) -> None:
    """Raise ``InputError`` unless a source is a path or an iterable of pictures; ``accepted`` is for the message."""
    if isinstance(source, np.ndarray) and source.ndim < 4:
        raise InputError(
            f"an array of shape {list(source.shape)} is not a source of pictures: pass one picture to detect(), or in "
            "a list"
        )
    if isinstance(source, bytes | bytearray | memoryview) or not isinstance(
        source, str | os.PathLike | Iterable | AsyncIterable
    ):
        raise InputError(f"{type(source).__name__} is not a source of pictures; {accepted}")


def each_of(source: Iterable[Item], make: Callable[[Item], Made]) -> Iterator[Made]:
    """Yield what ``make`` returns for each item; at the end, close a source that is a generator."""
    items = iter(source)
    try:
        yield from map(make, items)
    finally:
        if isinstance(items, Generator):
            items.close()


async def each_of_async(source: AsyncIterable[Item], make: Callable[[Item], Made]) -> AsyncIterator[Made]:
    """Yield as ``each_of()`` does; ``make`` is called on a thread of the scheduler."""
    items = aiter(source)
    try:
        async for item in items:
            yield await scheduler.run(make, item)
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()


class Feed(Generic[Item]):
    """Items on their way from one source to the consumers in one event loop, which created it.

    Attributes:
        count: how many items the source delivered.
        dropped: how many of them no consumer received because newer ones arrived.
        drops_oldest: whether the oldest item is dropped when there is no room, instead of waiting.

    """

    def __init__(self, limit: int, *, drop_oldest: bool = False) -> None:
        self.count: int = 0
        self.dropped: int = 0
        self._limit = limit
        self.drops_oldest = drop_oldest
        self._loop = running_loop()
        self._changed = threading.Condition()  # guards the three below and the counts
        self._items: deque[Item] = deque()
        self._ended: Future[None] = Future()
        self._error: BaseException | None = None
        self._stopped = False
        self._arrived = asyncio.Event()  # an item, or the end
        self._room = asyncio.Event()
        self._thread: threading.Thread | None = None
        self._task: asyncio.Task[None] | None = None

    # -- the source

    def read(self, source: Iterable[Item] | AsyncIterable[Item], *, name: str) -> None:
        """Start a thread called ``name``, or a task, that reads a source, and closes it if it is a generator."""
        if isinstance(source, AsyncIterable):
            self._task = self._loop.create_task(self._read_async(source))
        else:
            # A daemon: a feed that is never closed must not keep the process alive.
            arguments = (self._read_blocking, source)
            self._thread = threading.Thread(target=copy_context().run, args=arguments, name=name, daemon=True)
            self._thread.start()

    def _read_blocking(self, source: Iterable[Item]) -> None:
        try:
            items = iter(source)
            try:
                for item in items:
                    if not self._offer(item):
                        break
            finally:
                if isinstance(items, Generator):
                    items.close()
        except BaseException as error:  # noqa: BLE001 - the consumer raises it
            self._error = _for_consumer(error)
        self._end()

    async def _read_async(self, source: AsyncIterable[Item]) -> None:
        try:
            items = aiter(source)
            try:
                async for item in items:
                    while len(self._items) >= self._limit and not self.drops_oldest:
                        self._room.clear()
                        await self._room.wait()
                    self._add(item)
            finally:
                if isinstance(items, AsyncGenerator):
                    await items.aclose()
        except BaseException as error:  # noqa: BLE001 - the consumer raises it
            self._error = _for_consumer(error)
        finally:
            self._end()

    def _offer(self, item: Item) -> bool:
        """Add an item as soon as there is room; return False if the feed was closed."""
        with self._changed:
            if not self.drops_oldest:
                self._changed.wait_for(lambda: self._stopped or len(self._items) < self._limit)
            if self._stopped:
                return False
            self._add(item)
        return True

    def _add(self, item: Item) -> None:
        with self._changed:
            if len(self._items) >= self._limit:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self.count += 1
        self._wake()

    def pause(self, seconds: float) -> bool:
        """Wait for some seconds, on the thread that reads; return True, at once, if the source must end."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopped, max(0, seconds))

    def _end(self) -> None:
        self._ended.set_result(None)
        self._wake()

    def _wake(self) -> None:
        # If the loop was closed, nothing waits, and nothing ever will.
        try:
            self._loop.call_soon_threadsafe(self._arrived.set)
        except RuntimeError:
            self._stopped = True

    # -- the consumer

    @property
    def failed(self) -> bool:
        """Whether ``take()`` raises the error of the source."""
        return self._error is not None and not self._items

    async def take(self) -> Item:
        """Return the next item, once there is one.

        Raises ``StopAsyncIteration`` at the end of the source and after ``stop()``, and the error of a source that
        failed, once, after its last item.
        """
        await self.wait()
        with self._changed:
            if self._items and not self._stopped:
                item = self._items.popleft()
                self._changed.notify_all()
                self._room.set()
                return item
        if self._error is not None and not self._stopped:
            # Not kept: its traceback will hold the frames of the consumer, and these their tensors.
            error, self._error = self._error, None
            try:
                raise error
            finally:
                del error
        raise StopAsyncIteration

    async def wait(self) -> None:
        """Return when ``take()`` will not wait."""
        while not self.is_ready():
            await self._arrived.wait()

    def is_ready(self) -> bool:
        """Return whether ``take()`` will not wait."""
        # Before the check: what arrives during it sets the event again.
        self._arrived.clear()
        return bool(self._items) or self._stopped or self._ended.done()

    def stop(self) -> None:
        """Make the source end, without waiting for it. Idempotent."""
        with self._changed:
            if self._stopped:
                return  # a second cancellation would interrupt the first one's cleanup
            self._stopped = True
            self._items.clear()
            self._changed.notify_all()
        if self._task is not None:
            self._task.cancel()
        self._wake()

    async def aclose(self) -> None:
        """Make the source end, and wait until its thread or task has ended, through all cancellations. Idempotent.

        A thread whose source blocks for longer than ``CLOSING_PATIENCE`` seconds is abandoned with a
        ``ResourceWarning``: it ends as soon as the source does.
        """
        self.stop()
        if self._task is not None:
            ended = asyncio.Event()
            self._task.add_done_callback(lambda _: ended.set())
            await drain(ended)
        if self._thread is not None:
            ended = completion(self._ended, self._loop)
            timer = self._loop.call_later(CLOSING_PATIENCE, ended.set)
            try:
                await drain(ended)
            finally:
                timer.cancel()
                self._join(self._thread)

    def _join(self, thread: threading.Thread) -> None:
        if self._ended.done():
            thread.join()  # it has nothing left to do
            return
        warnings.warn(
            f"the source of {thread.name} has not returned for {CLOSING_PATIENCE:g} s; its thread was abandoned",
            ResourceWarning,
            stacklevel=3,
        )


def _for_consumer(error: BaseException) -> BaseException:
    """Return the error that the consumer raises: a cancellation of the source is none of the consumer."""
    error = without_frames(error)
    if not isinstance(error, asyncio.CancelledError):
        return error
    cancelled = StreamError("the source of the stream was cancelled")
    cancelled.__cause__ = error
    return cancelled
