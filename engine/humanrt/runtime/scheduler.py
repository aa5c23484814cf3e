"""The process's pool of worker threads, a small one for what runs on cards, and the only way onto them.

Why one pool: every session computes on the thread that calls it, so the pool's size is the number of processors in use,
and its queue is the limiter. More threads than processors make the event loop late and the memory arenas large, and
gain nothing. anyio's limiter would do the same for one event loop; this one serves any number of loops in any threads.

Why another for cards: for each thread that ever ran a model on a card, ONNX Runtime keeps memory of that card.

What cancelling means here: a call that is still queued is dropped. A call that runs is asked to stop and then waited
for, so that a cancelled ``run`` never returns while its thread still reads the caller's memory. That wait withstands
two kinds of cancellation. anyio's comes again on every turn of the loop, and would make a plain loop spin: a shielded
scope holds it off. asyncio's knows nothing of that shield: a loop swallows it. Then the latest cancellation goes on its
way, because the first may have been a scope's, which ends there, but a later one was the task's own.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

from humanrt.runtime.completion import completion, drain
from humanrt.runtime.cpu_budget import cpu_budget

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class SchedulerStatistics(NamedTuple):
    """What a scheduler does now (`queued`, `running`) and has done since it was made (`completed`, `cancelled`).

    A call that raised is completed. A call whose caller was cancelled is cancelled, whether or not it had begun.
    """

    threads: int
    queued: int
    running: int
    completed: int
    cancelled: int


class _Job:
    """One call, from its submission to its end."""

    __slots__ = ("abandoned", "error", "future", "result", "work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.abandoned = False
        self.future: Future[None]
        self.result: Any = None
        self.error: BaseException | None = None


class Scheduler:
    """A pool of `threads` worker threads that event loops hand blocking calls to."""

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="humanrt")
        self._threads = threads
        self._lock = threading.Lock()
        self._queued = self._running = self._completed = self._cancelled = 0

    async def run(
        self,
        function: Callable[[*Arguments], Result],
        *args: *Arguments,
        on_cancel: Callable[[], None] | None = None,
    ) -> Result:
        """Call `function` on a worker thread, in a copy of the caller's context, and return what it returns.

        ``on_cancel``: called on the loop's thread when the caller is cancelled while `function` runs: makes it end
        soon. It must not raise. What `function` then returns or raises is dropped.
        """
        job = self._submit(partial(copy_context().run, function, *args))
        try:
            done = completion(job.future)
            try:
                await done.wait()
            except asyncio.CancelledError:
                if not self._withdraw(job):
                    if on_cancel is not None:
                        on_cancel()
                    await drain(done)
                raise
            if job.error is not None:
                raise job.error
            return job.result  # type: ignore[no-any-return]  # a job holds a call of any type
        finally:
            # An error's traceback holds this frame: it must hold neither the job, which holds the error, nor the
            # arguments, for as long as somebody keeps the error.
            job.result = job.error = None
            del job, function, args

    def statistics(self) -> SchedulerStatistics:
        """Return a consistent snapshot of the counters."""
        with self._lock:
            return SchedulerStatistics(self._threads, self._queued, self._running, self._completed, self._cancelled)

    def _submit(self, work: Callable[[], Any]) -> _Job:
        job = _Job(work)
        with self._lock:
            self._queued += 1
        job.future = self._executor.submit(self._perform, job)
        return job

    def _perform(self, job: _Job) -> None:
        """Do a job; this runs on a worker thread."""
        # The executor holds the job, and what this returns or raises, for a moment after the caller has gone on, who
        # may be counting. So there is nothing to be held: result and error lie in the job, until the caller takes them.
        work = job.work
        del job.work
        with self._lock:
            self._queued -= 1
            self._running += 1
        try:
            job.result = work()
        except BaseException as error:  # noqa: BLE001  # the caller raises it
            job.error = error
        finally:
            with self._lock:
                self._running -= 1
                if job.abandoned:
                    self._cancelled += 1
                else:
                    self._completed += 1
            # An error's traceback holds this frame, which must not hold the error, nor the arguments.
            del job, work

    def _withdraw(self, job: _Job) -> bool:
        """Drop a job that has not begun and return True; return False when it runs or has ended."""
        job.abandoned = True
        if not job.future.cancel():
            return False
        # The executor's queue holds the job until a thread comes to it: do not let it hold the arguments as well.
        del job.work
        with self._lock:
            self._queued -= 1
            self._cancelled += 1
        return True


CARD_THREADS = 4
"""How many models run on cards at once. Measured on an H200 with 16 processors: more threads find no more faces in a
second, and each takes some 700 MB of the card."""

_scheduler = Scheduler(cpu_budget())
_card_scheduler = Scheduler(CARD_THREADS)


def _renew_after_fork() -> None:
    # A forked child inherits the pools but none of their threads: a call would wait for ever.
    global _scheduler, _card_scheduler
    _scheduler = Scheduler(cpu_budget())
    _card_scheduler = Scheduler(CARD_THREADS)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_after_fork)


async def run(
    function: Callable[[*Arguments], Result],
    *args: *Arguments,
    on_cancel: Callable[[], None] | None = None,
) -> Result:
    """Call `function` on the process's scheduler; see `Scheduler.run`."""
    call = _scheduler.run(function, *args, on_cancel=on_cancel)
    del function, args  # an error's traceback holds this frame
    return await call


async def run_on_card(
    function: Callable[[*Arguments], Result],
    *args: *Arguments,
    on_cancel: Callable[[], None] | None = None,
) -> Result:
    """Call `function`, which keeps a card busy and not a processor, on one of a few threads; see `Scheduler.run`."""
    call = _card_scheduler.run(function, *args, on_cancel=on_cancel)
    del function, args  # an error's traceback holds this frame
    return await call


def statistics() -> SchedulerStatistics:
    """Return the counters of both pools together."""
    return SchedulerStatistics(*map(sum, zip(_scheduler.statistics(), _card_scheduler.statistics(), strict=True)))
