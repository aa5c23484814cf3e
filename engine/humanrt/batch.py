"""Detections in many pictures at once: ``Human.detect_many()``."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from contextvars import Context
from types import TracebackType
from typing import Annotated, NoReturn, Self, TypeAlias

import numpy as np

from humanrt.config import Config
from humanrt.config.section import Between, checked
from humanrt.errors import ConfigError, EngineError, HumanRTError, StreamError
from humanrt.housekeeping import Housekeeping
from humanrt.imaging import PictureSource
from humanrt.imaging.listing import list_pictures
from humanrt.imaging.source import unshared
from humanrt.result import Result
from humanrt.runtime.cpu_budget import cpu_budget
from humanrt.runtime.futures import retrieve
from humanrt.runtime.side_by_side import end
from humanrt.streams.feed import Feed, check_source, each_of, each_of_async
from humanrt.tracebacks import without_frames

Outcome: TypeAlias = Result | HumanRTError
ManySources: TypeAlias = str | os.PathLike[str] | Iterable[PictureSource] | AsyncIterable[PictureSource]

FOR_ALL_PICTURES = (ConfigError, EngineError)
"""Errors that the next pictures would have, too."""

ACCEPTED_SOURCES = (
    "accepted are a folder, a pattern such as 'photos/*.jpg', and an iterable or asynchronous iterable of pictures"
)

MOST_AT_ONCE = 1024
"""Detections at once: each is a task, whatever the number of CPUs."""

AHEAD = 2
"""Pictures that are detected or wait for the consumer, for each detection at once."""


class Batch:
    """Pictures with the outcomes of ``detect()``; created by ``Human.detect_many()``, closed by its owner.

    ::

        async with human.detect_many("photos", at_once=4) as batch:
            async for path, outcome in batch:
                if isinstance(outcome, HumanRTError):
                    print(f"{path}: {outcome}")
                    continue
                with outcome:
                    print(f"{path}: {len(outcome.face)} faces")

    ``path`` is the ``Path`` of a picture in a folder or of a pattern, or the source that an iterable delivered; of an
    array (also of another library), ``bytearray`` or ``memoryview`` from anything but a sequence or an array it is a
    copy, because a generator may write its buffer again. Tensors, PIL images and open files are not copied, and must
    not change before their outcome is there.
    ``outcome`` is a ``Result``, owned as that of ``detect()``, or the error that ``detect()`` raised, whose traceback
    keeps no picture alive. Errors that concern all pictures are raised: ``EngineError``, ``ConfigError``, those of
    ``load()`` and those of the iterable. The number of pictures in memory depends on ``at_once`` alone, because sources
    are read and detected as fast as the consumer takes the outcomes.

    When the block is left, in whatever way, everything is released before the next line runs: the tasks, the thread
    that reads the source, and the results that were not handed out. ``async for`` over ``human.detect_many(...)``
    without the block releases everything when the source ends or the batch raises. After ``break``, or an error in the
    body of the loop, the event loop does so soon afterwards, and ``asyncio.run()`` at the latest.

    A batch is used once.
    """

    def __init__(
        self,
        human: Housekeeping,
        sources: Iterable[PictureSource] | AsyncIterable[PictureSource],
        config: Config | None,
        *,
        bgr: bool,
        at_once: int,
        ordered: bool,
    ) -> None:
        self._human = human
        self._sources = sources
        self._config = config
        self._bgr = bgr
        self._at_once = at_once
        self._ordered = ordered
        self._feed: Feed[PictureSource] | None = None
        self._workers: list[asyncio.Task[None]] = []
        self._outcomes: dict[int, tuple[PictureSource, Outcome]] = {}  # those not handed out yet, by number
        self._taken = self._handed_out = 0
        self._error: BaseException | None = None
        self._entered = self._closed = False

    async def aclose(self) -> None:
        """End the batch, and wait until its tasks and its source have ended. Idempotent.

        A cancellation is raised at the end.
        """
        self._closed = True
        if self._feed is None:
            return
        self._feed.stop()
        workers, self._workers = self._workers, []
        try:
            await end(workers)
        finally:
            self._discard()
            await self._feed.aclose()

    async def __aenter__(self) -> Self:
        if self._entered or self._closed:
            raise StreamError("a batch is used once; create another one with human.detect_many()")
        self._entered = True
        await self._human.load(self._config)
        self._slots = asyncio.Semaphore(AHEAD * self._at_once)
        self._arrived = asyncio.Event()
        self._feed = Feed(self._at_once)
        self._feed.read(_own(self._sources), name="humanrt-sources")
        # In an empty context: the scope of the consumer may end before a worker does.
        self._workers = [asyncio.create_task(self._work(self._feed), context=Context()) for _ in range(self._at_once)]
        for worker in self._workers:
            worker.add_done_callback(self._note_end)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[tuple[PictureSource, Outcome]]:
        return self if self._entered else self._without_block()

    async def _without_block(self) -> AsyncIterator[tuple[PictureSource, Outcome]]:
        # When this generator is no longer held, the event loop closes it: the block is left. It holds no outcome while
        # the consumer has its turn.
        async with self:
            async for item in self:
                turn = [item]
                del item
                yield turn.pop()

    async def __anext__(self) -> tuple[PictureSource, Outcome]:
        if not self._entered or self._closed:
            raise StreamError("this batch is not open: use it with `async with human.detect_many(...) as batch`")
        while (number := self._next_number()) is None:
            if all(worker.done() for worker in self._workers):
                self._raise_error()
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        source, outcome = self._outcomes.pop(number)
        self._handed_out += 1
        self._slots.release()
        if isinstance(outcome, Result):
            self._human.engine.registry.claim(outcome.tensors())
        return source, outcome

    def __reduce__(self) -> NoReturn:
        raise StreamError("a batch cannot be pickled or copied: create it in the process that detects")

    def _next_number(self) -> int | None:
        """Return the number of the outcome to hand out, if it has arrived."""
        if isinstance(self._error, FOR_ALL_PICTURES):
            self._discard()
        number = self._handed_out if self._ordered else next(iter(self._outcomes), None)
        return number if number in self._outcomes else None

    def _raise_error(self) -> None:
        """Raise the error that ended the batch, once: its traceback will hold the consumer's frames."""
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
        finally:
            del error

    async def _work(self, feed: Feed[PictureSource]) -> None:
        """Detect in one picture after the other."""
        try:
            while True:
                await self._slots.acquire()
                source = await feed.take()
                number, self._taken = self._taken, self._taken + 1
                self._outcomes[number] = source, await self._outcome(source)
                del source
                self._arrived.set()
        except StopAsyncIteration:
            pass
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the consumer raises it; SystemExit would end the event loop
            self._error = self._error or without_frames(error)
            feed.stop()

    async def _outcome(self, source: PictureSource) -> Outcome:
        try:
            return await self._human.detect(source, self._config, bgr=self._bgr)
        except FOR_ALL_PICTURES:
            raise
        except HumanRTError as error:
            return without_frames(error)

    def _note_end(self, worker: asyncio.Task[None]) -> None:
        retrieve(worker)
        self._arrived.set()

    def _discard(self) -> None:
        """Free the results that were not handed out."""
        while self._outcomes:
            _, (_, outcome) = self._outcomes.popitem()
            if isinstance(outcome, Result):
                outcome.dispose()


def _own(
    sources: Iterable[PictureSource] | AsyncIterable[PictureSource],
) -> Iterable[PictureSource] | AsyncIterable[PictureSource]:
    """Return the sources, which are read ahead, as ones that nothing writes to meanwhile."""
    if isinstance(sources, Sequence | np.ndarray):
        return sources
    return each_of_async(sources, unshared) if isinstance(sources, AsyncIterable) else each_of(sources, unshared)


def create_batch(
    human: Housekeeping,
    sources: ManySources,
    config: Config | None,
    *,
    bgr: bool,
    at_once: int | None,
    ordered: bool,
    recursive: bool,
) -> Batch:
    """Return the batch of ``Human.detect_many()``.

    Raises ``ConfigError`` if ``at_once`` is invalid, ``InputError`` if ``sources`` is of no accepted type.
    """
    for name, value in (("bgr", bgr), ("ordered", ordered), ("recursive", recursive)):
        checked(value, bool, name)
    checked(at_once, Annotated[int, Between(1, MOST_AT_ONCE)] | None, "at_once")
    check_source(sources, ACCEPTED_SOURCES)
    if isinstance(sources, str | os.PathLike):
        sources = list_pictures(sources, recursive=recursive)  # a generator, which the thread of the feed runs
    return Batch(human, sources, config, bgr=bgr, at_once=at_once or cpu_budget(), ordered=ordered)
