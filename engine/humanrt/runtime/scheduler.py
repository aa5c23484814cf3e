"""The thread pools of the process: one for the CPU, a small one for GPUs, and the only way to run a call on them.

One pool for the CPU, because every session computes on the thread that calls it: the size of the pool is the number of
CPU cores in use, and its queue is the limiter. More threads than cores delay the event loop and enlarge the memory
arenas without a higher throughput. A limiter of anyio would do the same for one event loop; this pool serves any number
of loops in any threads.

Another pool for GPUs, because ONNX Runtime keeps GPU memory for each thread that ever ran a model on that GPU.

Cancellation: a queued call is dropped. A running call is told to stop and then awaited, so that a cancelled ``run()``
never returns while its thread still reads the caller's memory. That wait withstands two kinds of cancellation. anyio
delivers a cancellation again in every iteration of the event loop, which makes a plain retry loop spin: a shielded
scope holds it off. ``Task.cancel()`` ignores that shield: a retry loop swallows it. The latest of the cancellations is
raised again, because the first may belong to a scope that ends here, while a later one is the task's own.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar, TypeVarTuple

from humanrt.runtime.cpu_budget import cpu_budget
from humanrt.runtime.futures import completion, drain, running_loop

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class SchedulerStatistics(NamedTuple):
    """The calls of a scheduler: now (``queued``, ``running``) and so far (``completed``, ``cancelled``).

    A call that raised counts as completed. A call whose caller was cancelled counts as cancelled, begun or not.
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
    """A pool of ``threads`` worker threads that run the blocking calls of event loops."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self.renew()

    def renew(self) -> None:
        """Start anew with no call and no thread, as at first."""
        self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="humanrt")
        self._lock = threading.Lock()
        self._queued = self._running = self._completed = self._cancelled = 0

    async def run(
        self,
        function: Callable[[*Arguments], Result],
        *args: *Arguments,
        on_cancel: Callable[[], None] | None = None,
    ) -> Result:
        """Call ``function`` on a worker thread, in a copy of the caller's context, and return its result.

        ``on_cancel`` is called on the thread of the event loop if the caller is cancelled while ``function`` runs. It
        makes ``function`` end soon, and must not raise. The result or error of ``function`` is then dropped.

        Raises ``EngineError`` without an event loop of asyncio, and the errors of ``function``.
        """
        loop = running_loop()  # raises before the call is queued
        job = _Job(partial(copy_context().run, function, *args))
        with self._lock:
            self._queued += 1
        job.future = self._executor.submit(self._perform, job)
        try:
            done = completion(job.future, loop)
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
            # The traceback of an error holds this frame as long as the caller keeps the error. So the frame must hold
            # neither the job, which holds the error, nor the arguments.
            job.result = job.error = None
            del job, function, args

    def statistics(self) -> SchedulerStatistics:
        """Return a consistent snapshot of the counters."""
        with self._lock:
            return SchedulerStatistics(self._threads, self._queued, self._running, self._completed, self._cancelled)

    def _perform(self, job: _Job) -> None:
        """Run a job, on a worker thread."""
        # The executor holds the job, and what this method returns or raises, for a moment after the caller resumes,
        # and the caller may be counting tensors. So this returns nothing: the caller takes result and error from the
        # job, which then holds nothing.
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
            # The traceback of an error holds this frame, which must hold neither the error nor the arguments.
            del job, work

    def _withdraw(self, job: _Job) -> bool:
        """Drop a job that has not begun and return True; return False if it runs or has ended."""
        job.abandoned = True
        if not job.future.cancel():
            return False
        # The queue of the executor holds the job until a thread takes it: it must not hold the arguments as well.
        del job.work
        with self._lock:
            self._queued -= 1
            self._cancelled += 1
        return True


GPU_THREADS = 4
"""The number of models that run on GPUs at once. Measured on an H200 with 16 CPU cores: more threads do not detect more
faces per second, and each takes some 700 MB of GPU memory."""

_scheduler = Scheduler(cpu_budget())
_gpu_scheduler = Scheduler(GPU_THREADS)


def _renew_after_fork() -> None:
    # A forked child inherits the pools but none of their threads: a call would wait forever.
    _scheduler.renew()
    _gpu_scheduler.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_after_fork)


class Run(Protocol):
    """The type of ``Scheduler.run()``, which documents it."""

    def __call__(
        self,
        function: Callable[[*Arguments], Result],
        *args: *Arguments,
        on_cancel: Callable[[], None] | None = None,
    ) -> Coroutine[Any, Any, Result]:
        """Call ``function`` on a worker thread and return its result."""


# No functions around these two: each would be one call more in every hop.
run: Run = _scheduler.run
"""Call a function on the scheduler of the process for the CPU."""

run_on_gpu: Run = _gpu_scheduler.run
"""Call a function that keeps a GPU busy instead of a CPU core."""


def statistics() -> SchedulerStatistics:
    """Return the sums of the counters of both schedulers."""
    return SchedulerStatistics(*map(sum, zip(_scheduler.statistics(), _gpu_scheduler.statistics(), strict=True)))
