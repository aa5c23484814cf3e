"""Detection in worker processes: ``WorkerPool``.

Each worker has a socket and a shared memory of its own, and computes one call at a time: one that dies takes nothing
along but its call, which another repeats.
"""

import asyncio
import itertools
import os
from collections import deque
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Annotated, NamedTuple, Self

import numpy as np

from humanrt.admission import Budget, Place
from humanrt.config import Config, ConfigSource, load_config
from humanrt.config.section import Between, checked
from humanrt.engine import Engine, internals
from humanrt.errors import EngineClosedError, EngineError, WorkerError
from humanrt.imaging import PictureSource
from humanrt.imaging.encoded import is_data_url
from humanrt.imaging.source import read_into
from humanrt.result import Result
from humanrt.runtime import scheduler
from humanrt.runtime.futures import drain, outlast, retrieve, running_loop
from humanrt.tracebacks import clear_frames, handled
from humanrt.workers.messages import unpack
from humanrt.workers.recycling import Recycling
from humanrt.workers.supervisor import Supervisor, WorkerInfo
from humanrt.workers.worker import Call, Found, PoolSession, WorkerLostError

RECENT = 100
"""The number of calls over which their time is averaged."""


class PoolStatistics(NamedTuple):
    """The workers and calls of a pool: now (``ready``, ``busy``, ``waiting``), and so far."""

    ready: int
    """Workers whose models are loaded."""
    busy: int
    """Workers that compute a call."""
    waiting: int
    """Calls that wait for a worker."""
    done: int
    """Calls that returned a result."""
    failed: int
    """Calls that raised an error; cancelled ones are not counted."""
    retried: int
    """Calls that were repeated because their worker died or hung."""
    died: int
    """Workers that died, or were killed by somebody else."""
    hung: int
    """Workers that were killed because a call took too long."""
    recycled: int
    """Workers that were replaced although they worked."""
    seconds: float
    """The mean time of the last 100 results in a worker; 0 before the first."""


class WorkerPool:
    """Detection in processes of its own, with the API of ``Human.detect()``.

    ::

        async with WorkerPool({"face": {"iris": {"enabled": False}}}, workers=2, max_queue=16) as pool:
            with await pool.detect("photo.jpg") as result:
                print(len(result.face))

    ``config`` is that of a ``Human``; entering the block starts ``workers`` processes and waits until their models are
    loaded. A pool belongs to the event loop in which it was entered.

    Each worker computes one call at a time. At most ``max_queue`` calls wait for a worker, each for ``max_wait``
    seconds; others raise ``OverloadedError``. None is no limit. A call that takes longer than ``timeout`` seconds in a
    worker hangs: the worker is killed. A call whose worker hung or died is repeated ``retries`` times, in another one;
    then it raises ``WorkerError``. Dead workers are replaced. ``recycling`` replaces workers that still work.

    A worker that has not loaded its models within ``start_timeout`` seconds, or does not stop within ``stop_timeout``,
    is killed. When this process ends, in whatever way, its workers end within a second or two.

    Raises ``ConfigError`` if an argument is invalid, ``EngineError`` on Windows.
    """

    config: Config
    """The configuration of calls that do not override it."""

    engine: Engine
    """The engine that owns the tensors of results: crops and masks."""

    def __init__(
        self,
        config: ConfigSource | None = None,
        *,
        workers: int = 1,
        max_queue: int | None = None,
        max_wait: float | None = None,
        timeout: float = 60.0,
        retries: int = 1,
        start_timeout: float = 120.0,
        stop_timeout: float = 5.0,
        recycling: Recycling | None = None,
    ) -> None:
        if os.name != "posix":
            raise EngineError("a WorkerPool passes descriptors to its workers, which needs Linux or macOS; use Human")
        self.config = load_config(config)
        checked(workers, Annotated[int, Between(1)], "workers")
        checked(retries, Annotated[int, Between(0)], "retries")
        checked(max_queue, Annotated[int, Between(0)] | None, "max_queue")
        checked(max_wait, Annotated[float, Between(0)] | None, "max_wait")
        for name, seconds in (("timeout", timeout), ("start_timeout", start_timeout), ("stop_timeout", stop_timeout)):
            checked(seconds, Annotated[float, Between(0)], name)
        recycling = recycling or Recycling()
        recycling.check()
        self.engine = Engine("cpu", deallocate=self.config.deallocate)
        self._registry = internals(self.engine).registry
        self._budget = Budget(self.config.max_memory, calls=workers, max_queue=max_queue, max_wait=max_wait)
        self._timeout = timeout
        self._retries = retries
        self._supervisor = Supervisor(
            self.config, workers, recycling, start_timeout=start_timeout, stop_timeout=stop_timeout
        )
        self._numbers = itertools.count()
        self._sessions = itertools.count()
        self._calls: set[asyncio.Task[Found]] = set()
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._done = self._failed = self._retried = 0
        self._in_flight = 0
        self._entered = self._closing = False

    # -- calls

    def session(self) -> PoolSession:
        """Return a session for the frames of one video: ``detect(frame, session=session)``. The caller closes it."""
        return PoolSession(next(self._sessions))

    async def detect(
        self,
        source: PictureSource,
        config: ConfigSource | None = None,
        *,
        bgr: bool = False,
        session: PoolSession | None = None,
    ) -> Result:
        """Return the detections in an image, computed by a worker. Arguments, result and ownership: ``Human.detect()``.

        Paths and encoded bytes are decoded by the worker; files, PIL images and tensors are read here. If the call is
        cancelled, the worker stops it.

        Raises ``OverloadedError``, ``WorkerError``, ``EngineClosedError``, and the errors of ``Human.detect()``.
        """
        self._check_open()
        outer = handled()
        place = Place(self._budget)
        self._in_flight += 1
        try:
            with nullcontext() if session is None else session.turn():
                found = await self._found(place, source, config, bgr, session)
            async with self._registry.scope("detect") as scope:
                result = await scheduler.run(unpack, found.data, found.arrays, self._registry.from_numpy)
                tensors = list(result.tensors())
                scope.returns(tensors)
                if self.engine.deallocate == "auto":
                    self._registry.mark_automatic(tensors)
            self._done += 1
        except BaseException as error:
            self._failed += isinstance(error, Exception)
            clear_frames(error, outer)
            raise
        else:
            return result
        finally:
            place.leave()
            self._in_flight -= 1
            self._supervisor.notify()
            del source, outer  # an error's traceback holds this frame, which must not hold the picture

    async def _found(
        self,
        place: Place,
        source: PictureSource,
        config: ConfigSource | None,
        bgr: bool,
        session: PoolSession | None,
    ) -> Found:
        settings = load_config(config, self.config)
        call = await self._call(place, source, settings, bgr)
        call.session = session
        self._check_open()
        task = asyncio.create_task(self._compute(call))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        task.add_done_callback(retrieve)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            call.cancel()
            self._supervisor.notify()  # it may wait for a worker
            await drain(call.unread)
            raise
        finally:
            del task, call

    async def _call(self, place: Place, source: PictureSource, settings: Config, bgr: bool) -> Call:
        """Return a call that may begin, with a picture that can be repeated."""
        override = None if settings is self.config else settings
        number = next(self._numbers)
        if isinstance(source, os.PathLike) or (isinstance(source, str) and not is_data_url(source)):
            path = str(Path.cwd() / os.fsdecode(source))  # the worker may have been started in another folder
            await place.begin()
            return Call(path, False, override, number)
        if (
            isinstance(source, bytes | bytearray | memoryview)
            and 0 < memoryview(source).nbytes <= settings.image.max_bytes
        ):
            await place.begin()
            return Call(source, False, override, number)
        if isinstance(source, np.ndarray) and _is_frame(source, settings.image.max_pixels):
            await place.begin()
            return Call(source, bgr, override, number)
        limits = settings.image
        read = partial(read_into, place, source, bgr=bgr, max_pixels=limits.max_pixels, max_bytes=limits.max_bytes)
        return Call(await place.read(read, waits=True), False, override, number)

    async def _compute(self, call: Call) -> Found:
        """Return the result of a call, of the first worker that ends it."""
        for attempt in itertools.count():
            worker = await self._supervisor.acquire(call)
            try:
                found = await worker.detect(call, self._timeout)
            except WorkerLostError as error:
                if call.cancelled:
                    raise asyncio.CancelledError from None
                if attempt == self._retries:
                    raise WorkerError(f"{error}; tried {attempt + 1} times") from None
                self._retried += 1
            else:
                self._recent.append(found.seconds)
                return found
            finally:
                self._supervisor.release(worker)
        raise AssertionError

    # -- workers

    def recycle(self, _: object = None) -> None:
        """Replace every worker, one after the other, as soon as its successor is ready.

        It ignores its argument, so that it can be the callback of ``Monitor.on()``.
        """
        self._supervisor.recycle()

    def workers(self) -> tuple[WorkerInfo, ...]:
        """Return the worker processes that are ready."""
        return self._supervisor.ready()

    # -- what it does now

    @property
    def ready(self) -> bool:
        """Whether a worker is ready, and the pool is open."""
        return not self._closing and bool(self._supervisor.ready())

    @property
    def full(self) -> bool:
        """Whether a call now would raise ``OverloadedError`` at once."""
        return self._budget.full

    def statistics(self) -> PoolStatistics:
        """Return the counts at this moment."""
        return PoolStatistics(
            ready=len(self._supervisor.ready()),
            busy=self._supervisor.busy,
            waiting=self._budget.queued + self._supervisor.waiting,
            done=self._done,
            failed=self._failed,
            retried=self._retried,
            died=self._supervisor.died,
            hung=self._supervisor.hung,
            recycled=self._supervisor.recycled,
            seconds=sum(self._recent) / len(self._recent) if self._recent else 0.0,
        )

    # -- beginning and end

    async def aclose(self) -> None:
        """Refuse new calls, wait until those in flight have ended, then stop every worker. Idempotent.

        A call in flight ends at the latest when its time and its retries are over. A cancellation is raised at the end.
        """
        self._closing = True
        await outlast(self._end())

    async def _end(self) -> None:
        while self._calls or self._in_flight:
            await (asyncio.wait(self._calls) if self._calls else self._supervisor.changed.wait())
        await self._supervisor.stop()
        await self.engine.aclose()

    def _check_open(self) -> None:
        if self._closing:
            raise EngineClosedError("this pool was closed; create a new one")
        if not self._entered:
            raise EngineError("this pool has no workers yet: use it with `async with WorkerPool(...) as pool`")

    async def __aenter__(self) -> Self:
        running_loop()  # raises without one of asyncio
        if self._entered:
            raise EngineError("this pool was entered before; create a new one")
        self._entered = True
        try:
            await self._supervisor.start()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def _is_frame(array: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]", max_pixels: int) -> bool:
    """Return whether an array is passed to the worker as it is."""
    return (
        array.dtype == np.uint8
        and array.ndim == 3
        and array.shape[2] == 3
        and 0 < array.shape[0] * array.shape[1] <= max_pixels
    )
