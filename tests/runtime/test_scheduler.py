import asyncio
import contextvars
import gc
import os
import subprocess
import sys
import threading
import weakref

import anyio
import pytest

from humanrt.errors import EngineError
from humanrt.runtime import scheduler as module
from humanrt.runtime.scheduler import Scheduler, SchedulerStatistics

PATIENCE = 30  # seconds until a test that hangs gives up


@pytest.fixture
def scheduler():
    """A scheduler with a single thread: the second call waits in the queue."""
    return Scheduler(1)


class Work:
    """A blocking call with events for its start and end; it ends when ``may_end`` is set."""

    def __init__(self, error=None):
        self.started, self.stopped, self.may_end, self.ended = (threading.Event() for _ in range(4))
        self.error = error

    def __call__(self):
        self.started.set()
        assert self.may_end.wait(PATIENCE)
        self.ended.set()
        if self.error is not None:
            raise self.error
        return "done"

    def stop(self):
        """Let the call end."""
        self.stopped.set()
        self.may_end.set()


async def turns(number):
    """Let the event loop run so many iterations."""
    for _ in range(number):
        await asyncio.sleep(0)


async def happens(event):
    """Wait for an event of a thread."""
    assert await asyncio.to_thread(event.wait, PATIENCE)


def test_a_call_that_has_ended_holds_neither_arguments_nor_result(scheduler):
    """The executor holds the job, and its return value, for a moment after the caller resumes."""
    work = Work()
    work.may_end.set()
    gone, job = weakref.ref(work), module._Job(work)
    del work
    assert scheduler._perform(job) is None
    assert job.result == "done"
    assert gone() is None


async def test_a_call_runs_on_a_worker_thread(scheduler):
    def work(left, right):
        return left + right, threading.get_ident()

    total, thread = await scheduler.run(work, 2, 3)
    assert total == 5
    assert thread != threading.get_ident()
    assert scheduler.statistics() == SchedulerStatistics(threads=1, queued=0, running=0, completed=1, cancelled=0)


async def test_an_error_is_raised_in_the_caller_and_counts_as_completed(scheduler):
    with pytest.raises(ZeroDivisionError):
        await scheduler.run(lambda: 1 / 0)
    assert scheduler.statistics().completed == 1


async def test_an_error_does_not_keep_the_arguments_alive(scheduler):
    class Argument:
        pass

    def fail(_):
        raise ZeroDivisionError

    argument = Argument()
    ghost = weakref.ref(argument)
    gc.disable()
    try:
        with pytest.raises(ZeroDivisionError):
            await scheduler.run(fail, argument)
        # The worker releases its last job a moment after the job is done.
        await scheduler.run(int)
        del argument
        assert ghost() is None
    finally:
        gc.enable()


async def test_a_call_runs_in_a_copy_of_the_context_of_its_caller(scheduler):
    """CONFORMANCE 24"""
    variable = contextvars.ContextVar("variable", default="nothing")
    variable.set("the caller's")

    def work():
        value = variable.get()
        variable.set("the worker's")
        return value

    assert await scheduler.run(work) == "the caller's"
    assert variable.get() == "the caller's"


async def test_a_queued_call_that_is_cancelled_never_runs(scheduler):
    """CONFORMANCE 26"""
    blocker, never, stops = Work(), Work(), []
    first = asyncio.create_task(scheduler.run(blocker))
    await happens(blocker.started)
    second = asyncio.create_task(scheduler.run(never, on_cancel=lambda: stops.append("stopped")))
    await turns(1)
    assert scheduler.statistics().queued == 1
    ghost = weakref.ref(never)

    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert scheduler.statistics() == SchedulerStatistics(threads=1, queued=0, running=1, completed=0, cancelled=1)
    assert not never.started.is_set()
    del never, second
    await turns(1)  # the event loop still holds the task whose end has just resumed this one
    gc.collect()
    assert ghost() is None, "the queue holds a dropped call"

    blocker.stop()
    assert await first == "done"
    assert await scheduler.run(lambda: "usable") == "usable"
    assert scheduler.statistics() == SchedulerStatistics(threads=1, queued=0, running=0, completed=2, cancelled=1)
    assert stops == []


def hold_the_clock_until(started):
    """Block the event loop after 5 ms until the call has started: a longer timeout does not expire before."""
    asyncio.get_running_loop().call_later(0.005, started.wait, PATIENCE)


async def natively(call, started):
    task = asyncio.create_task(call())
    await happens(started)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def by_an_anyio_scope(call, started):
    async with anyio.create_task_group() as group:

        async def watch():
            await happens(started)
            scope.cancel()

        group.start_soon(watch)
        with anyio.CancelScope() as scope:
            await call()
    assert scope.cancelled_caught
    assert asyncio.current_task().cancelling() == 0


async def by_move_on_after(call, started):
    hold_the_clock_until(started)
    with anyio.move_on_after(0.02) as scope:
        await call()
    assert scope.cancelled_caught


async def by_wait_for(call, started):
    hold_the_clock_until(started)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call(), 0.02)


async def by_timeout(call, started):
    hold_the_clock_until(started)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await call()


async def by_a_failing_sibling(call, started):
    async def sibling():
        await happens(started)
        raise LookupError

    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012  # the group is one statement
        async with asyncio.TaskGroup() as group:
            group.create_task(call())
            group.create_task(sibling())
    assert [type(error) for error in caught.value.exceptions] == [LookupError]


WAYS = [natively, by_an_anyio_scope, by_move_on_after, by_wait_for, by_timeout, by_a_failing_sibling]


@pytest.mark.parametrize("error", [None, ValueError("while it was being drained")], ids=["returns", "raises"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_running_call_that_is_cancelled_is_stopped_and_drained(scheduler, way, error, caplog):
    """CONFORMANCE 26"""
    work = Work(error)
    await way(lambda: scheduler.run(work, on_cancel=work.stop), work.started)

    assert work.stopped.is_set()
    assert work.ended.is_set(), "it returned while the thread still ran"
    assert await scheduler.run(lambda: "usable") == "usable"
    assert scheduler.statistics() == SchedulerStatistics(threads=1, queued=0, running=0, completed=1, cancelled=1)
    gc.collect()
    assert caplog.records == [], "an error was logged as never retrieved"


@pytest.fixture
def waits(monkeypatch):
    """Count the waits of the calls of the scheduler."""
    counted = []

    class CountingEvent(asyncio.Event):
        async def wait(self):
            counted.append(self)
            return await super().wait()

    def completion(*arguments):
        with monkeypatch.context() as patch:
            patch.setattr(asyncio, "Event", CountingEvent)
            return original(*arguments)

    original = module.completion
    monkeypatch.setattr(module, "completion", completion)
    return counted


async def test_draining_withstands_further_cancellations(scheduler):
    """CONFORMANCE 26: a second cancel while draining"""
    work = Work()
    task = asyncio.create_task(scheduler.run(work, on_cancel=work.stopped.set))
    await happens(work.started)
    for _ in range(3):
        task.cancel()
        await turns(5)
        assert work.stopped.is_set()
        assert not task.done(), "it returned while the thread still ran"
    work.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.ended.is_set()
    assert scheduler.statistics().cancelled == 1


async def test_draining_under_a_cancelled_anyio_scope_does_not_spin(scheduler, waits):
    """anyio delivers a cancellation again in every iteration of the event loop."""
    work = Work()

    async def call():
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await scheduler.run(work, on_cancel=work.stopped.set)

    scopes = []
    task = asyncio.create_task(call())
    await happens(work.started)
    scopes[0].cancel()
    await turns(500)
    assert not task.done()
    assert len(waits) == 2, "once for the result and once for the end"
    work.may_end.set()
    await task
    assert scopes[0].cancelled_caught
    assert work.ended.is_set()


async def test_a_native_cancel_while_an_anyio_scope_is_drained_is_raised(scheduler):
    work = Work()

    async def call():
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await scheduler.run(work, on_cancel=work.stopped.set)
        await asyncio.sleep(0)
        return "the native cancel was swallowed"

    scopes = []
    task = asyncio.create_task(call())
    await happens(work.started)
    scopes[0].cancel()
    await happens(work.stopped)
    task.cancel()
    await turns(5)
    work.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancel_after_the_end_of_the_call_drops_the_result(scheduler):
    work = Work()
    work.may_end.set()
    task = asyncio.create_task(scheduler.run(work))
    await turns(1)
    while scheduler.statistics().completed == 0:  # a busy wait: the loop must not run between the end and the cancel
        assert work.ended.wait(PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert scheduler.statistics() == SchedulerStatistics(threads=1, queued=0, running=0, completed=1, cancelled=0)


def test_without_an_event_loop_of_asyncio_nothing_is_run(scheduler):
    with pytest.raises(EngineError, match="on asyncio only"):
        scheduler.run(Work()).send(None)
    assert scheduler.statistics() == SchedulerStatistics(threads=1, queued=0, running=0, completed=0, cancelled=0)


def test_two_loops_in_two_threads_share_a_scheduler():
    """CONFORMANCE 49"""
    scheduler = Scheduler(2)
    together = threading.Barrier(2, timeout=PATIENCE)
    results = {}

    async def main(name):
        await scheduler.run(together.wait)
        numbers = await asyncio.gather(*(scheduler.run(lambda i=i: (name, i)) for i in range(100)))
        work = Work()
        await natively(lambda: scheduler.run(work, on_cancel=work.stop), work.started)
        results[name] = numbers

    threads = [threading.Thread(target=asyncio.run, args=(main(name),)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert results == {name: [(name, i) for i in range(100)] for name in ("first", "second")}
    assert scheduler.statistics() == SchedulerStatistics(threads=2, queued=0, running=0, completed=202, cancelled=2)


def test_a_loop_that_was_closed_during_a_call_is_not_called(scheduler, caplog):
    work = Work()
    loop = asyncio.new_event_loop()
    task = loop.create_task(scheduler.run(work))
    loop.run_until_complete(turns(1))
    assert work.started.wait(PATIENCE)
    task._log_destroy_pending = False
    loop.close()
    work.may_end.set()
    assert asyncio.run(scheduler.run(lambda: "usable")) == "usable"
    assert caplog.records == []


async def test_the_schedulers_of_the_process():
    before = module.statistics()
    assert await module.run(lambda: "done") == "done"
    after = module.statistics()
    assert after.completed == before.completed + 1
    assert after.threads == module.cpu_budget() + module.GPU_THREADS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
def test_a_forked_child_has_its_own_threads():
    program = """
import asyncio, os
from humanrt.runtime import scheduler
asyncio.run(scheduler.run(int))
child = os.fork()
if child == 0:
    asyncio.run(scheduler.run(int))
    os._exit(scheduler.statistics().completed)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=PATIENCE)
