import asyncio
import contextvars
import gc
import threading

import pytest

from humanrt.runtime.futures import background, drain, outlast

PATIENCE = 30  # seconds until a test that hangs gives up


def test_background_work_runs_on_a_named_thread_in_an_empty_context():
    """CONFORMANCE 51"""
    variable = contextvars.ContextVar("variable", default="nothing")
    variable.set("the caller's")

    def work():
        return threading.current_thread().name, variable.get(), len(contextvars.copy_context())

    assert background(work, name="humanrt-test").result(PATIENCE) == ("humanrt-test", "nothing", 0)


@pytest.mark.parametrize("error", [LookupError("gone"), SystemExit(3)], ids=["Exception", "BaseException"])
def test_the_future_has_the_error_of_the_work(error):
    def work():
        raise error

    assert background(work, name="humanrt-test").exception(PATIENCE) is error


def test_background_works_run_concurrently():
    together = threading.Barrier(8, timeout=PATIENCE)
    futures = [background(together.wait, name="humanrt-test") for _ in range(8)]
    assert sorted(future.result(PATIENCE) for future in futures) == list(range(8))


async def test_drain_raises_the_latest_of_several_cancellations():
    """The first may belong to a scope that ends around the call, a later one to the task itself."""
    done = asyncio.Event()
    raised = []

    async def call():
        try:
            await drain(done)
        except asyncio.CancelledError as cancelled:
            raised.extend(cancelled.args)

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    for message in ("first", "second", "third"):
        task.cancel(message)
        await asyncio.sleep(0)
    assert raised == []
    done.set()
    await task
    assert raised == ["third"]


@pytest.mark.parametrize("error", [None, LookupError("gone")], ids=["returns", "raises"])
async def test_outlast_awaits_the_work_to_its_end_and_then_raises_the_cancellation(error, caplog):
    may_end, ended = asyncio.Event(), asyncio.Event()

    async def work():
        await may_end.wait()
        ended.set()
        if error is not None:
            raise error

    task = asyncio.create_task(outlast(work()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert ended.is_set()
    del task
    await asyncio.sleep(0)  # the event loop holds the task until this iteration has ended
    gc.collect()
    assert caplog.records == [], "an error was logged as never retrieved"


async def test_outlast_raises_the_error_of_the_work():
    async def work():
        raise LookupError("gone")

    with pytest.raises(LookupError):
        await outlast(work())
