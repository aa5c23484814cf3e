"""The processes of a pool: started, given calls, replaced, stopped.

For each of them a task starts the process, waits until it has ended or is to be replaced, and starts the next.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from humanrt.config import Config
from humanrt.errors import WorkerError
from humanrt.runtime.futures import running_loop
from humanrt.workers.recycling import Recycling
from humanrt.workers.worker import Call, Worker

FEWEST_FAILURES = 3
"""After so many starts that failed in succession, and without a worker, calls that wait for one fail."""

LONGEST_PAUSE = 5.0
"""The longest time between two starts, in seconds."""


class WorkerInfo(NamedTuple):
    """One worker process of a pool."""

    pid: int
    """The number of the process."""
    busy: bool
    """Whether it computes a call."""
    requests: int
    """The calls that it has computed."""
    age: float
    """The seconds since its models were loaded."""
    rss: int
    """Its resident memory in bytes after the last call."""
    device_memory: int
    """Its GPU memory in bytes after the last call; 0 unless ``Recycling`` has a bound for it."""
    tensors: int
    """Its live tensors after the last call."""


class Supervisor:
    """The ``count`` worker processes of one pool, in one event loop."""

    def __init__(
        self, config: Config, count: int, recycling: Recycling, *, start_timeout: float, stop_timeout: float
    ) -> None:
        self.died: int = 0
        self.hung: int = 0
        self.recycled: int = 0
        self.changed: asyncio.Event = asyncio.Event()
        """Set, and replaced, when a worker has ended, is free, or is to be replaced."""
        self._config = config
        self._count = count
        self._recycling = recycling
        self._start_timeout = start_timeout
        self._stop_timeout = stop_timeout
        self._workers: set[Worker] = set()  # those that are ready
        self._waiters: deque[asyncio.Future[None]] = deque()  # calls without a worker
        self._keepers: list[asyncio.Task[None]] = []
        self._failures = 0
        self._turn = asyncio.Lock()  # one worker is replaced at a time, so that memory is needed for one more only

    # -- all of them

    async def start(self) -> None:
        """Start the workers, and wait until their models are loaded. Raises the error of the first that fails."""
        started = [running_loop().create_future() for _ in range(self._count)]
        self._keepers = [asyncio.create_task(self._keep(each)) for each in started]
        try:
            for each in started:
                await each
        except BaseException:
            for each in started:
                if each.done() and not each.cancelled():
                    each.exception()  # retrieved: one error is raised
                each.cancel()
            raise

    async def stop(self) -> None:
        """Stop every worker, and start no more."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(worker.stop(self._stop_timeout) for worker in self._workers))
        self._workers.clear()

    def recycle(self) -> None:
        """Replace every worker, one after the other, as soon as its successor is ready."""
        for worker in self._workers:
            worker.due = True
        self.notify()

    def notify(self) -> None:
        """Let the keepers and the calls without a worker look at what has changed."""
        self.changed.set()
        self.changed = asyncio.Event()
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)

    @property
    def busy(self) -> int:
        """The number of workers that compute a call."""
        return sum(worker.busy for worker in self._workers)

    @property
    def waiting(self) -> int:
        """The number of calls that wait for a worker."""
        return sum(not waiter.done() for waiter in self._waiters)

    def ready(self) -> tuple[WorkerInfo, ...]:
        """Return the worker processes that are ready."""
        now = time.monotonic()
        return tuple(
            WorkerInfo(
                worker.pid,
                worker.busy,
                worker.requests,
                now - worker.started,
                worker.report.rss,
                worker.report.device_memory,
                worker.report.tensors,
            )
            for worker in self._workers
            if not worker.ended.is_set()
        )

    # -- calls

    async def acquire(self, call: Call) -> Worker:
        """Return a worker that is free, and reserve it."""
        while True:
            if call.cancelled:
                raise asyncio.CancelledError
            for worker in self._candidates(call):
                if not (worker.busy or worker.leaving or worker.ended.is_set()):
                    worker.busy = True
                    if call.session is not None:
                        call.session.worker = worker
                    return worker
            if self._failures >= FEWEST_FAILURES and not self._workers:
                raise WorkerError(f"no worker can be started, after {self._failures} attempts")
            waiter = running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def _candidates(self, call: Call) -> Iterable[Worker]:
        """Return the workers that may compute a call: that of its session, if it still works, else all."""
        worker = None if call.session is None else call.session.worker
        if worker is None or worker.leaving or worker.ended.is_set():
            return self._workers
        return (worker,)

    def release(self, worker: Worker) -> None:
        """Free a worker for the next call."""
        worker.busy = False
        self.notify()

    # -- one of them

    async def _keep(self, started: asyncio.Future[None]) -> None:
        """Keep one worker running until the pool is closed. ``started`` is done with the first start."""
        worker: Worker | None = None
        try:
            try:
                worker = await self._start()
            except Exception as error:  # noqa: BLE001 - the pool raises it
                if not started.done():
                    started.set_exception(error)
                return
            if not started.done():
                started.set_result(None)
            while True:
                self._workers.add(worker)
                self.notify()
                if await self._is_due(worker):
                    async with self._turn:
                        following = await self._replacement()
                    self._workers.add(following)
                    self.recycled += 1
                    retired, worker = worker, following
                    await self._retire(retired)
                else:
                    lost, worker = worker, None
                    self.hung += lost.hung
                    self.died += not lost.hung
                    await lost.reap()
                    self._workers.discard(lost)
                    worker = await self._replacement()
        finally:
            if worker is not None:
                self._workers.add(worker)  # the end of the pool stops it

    async def _is_due(self, worker: Worker) -> bool:
        """Wait until a worker is due for recycling, and return True; return False if it has ended before."""
        while not worker.ended.is_set():
            if worker.due or self._recycling.is_due(worker):
                return True
            longest = self._recycling.seconds
            remaining = None if longest is None else max(0.0, worker.started + longest - time.monotonic())
            with suppress(TimeoutError):
                async with asyncio.timeout(remaining):
                    await self.changed.wait()
        return False

    async def _retire(self, worker: Worker) -> None:
        """Stop a worker once it has ended its call."""
        worker.leaving = True
        self.notify()
        try:
            while worker.busy:
                await self.changed.wait()
            await worker.stop(self._stop_timeout)
        finally:
            if worker.ended.is_set():
                self._workers.discard(worker)
                await worker.reap()

    async def _replacement(self) -> Worker:
        """Return a new worker, after as many attempts as that takes."""
        while True:
            try:
                return await self._start()
            except Exception:  # noqa: BLE001 - counted: calls fail when there is no worker
                self._failures += 1
                self.notify()
                await asyncio.sleep(min(LONGEST_PAUSE, 0.05 * 2**self._failures))

    async def _start(self) -> Worker:
        worker = Worker(self.notify)
        await worker.start(
            self._config, device_memory=self._recycling.device_memory is not None, timeout=self._start_timeout
        )
        self._failures = 0
        return worker
