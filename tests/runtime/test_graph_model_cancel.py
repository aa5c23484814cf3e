"""What cancelling a run leaves behind: nothing, and a model that works."""

import asyncio
import threading
import time
import weakref

import anyio
import numpy as np
import pytest

from humanrt.runtime import scheduler
from humanrt.runtime.graph_model import GraphModel

PATIENCE = 30  # seconds until a test that hangs gives up
ENDLESS = 10**8  # turns of the loop in the model: minutes


@pytest.fixture
def begun():
    """Is set when a run of the model has begun on its worker thread."""
    return threading.Event()


@pytest.fixture
def model(cache, cpu, registry, repeat, begun, monkeypatch):
    model = GraphModel(registry, cache.acquire(*repeat, cpu), "repeat")
    run = model._run

    def tell_and_run(*arguments):
        begun.set()
        return run(*arguments)

    monkeypatch.setattr(model, "_run", tell_and_run)
    yield model
    model.dispose()
    assert cache.statistics().live == 0


@pytest.fixture
def inputs(registry):
    """Makes the inputs of a run of so many turns, in the scope of the caller."""
    return lambda turns: [registry.tensor([turns], np.int64), registry.tensor(np.eye(8, dtype=np.float32))]


@pytest.fixture(autouse=True)
async def all_calls_end():
    """No call is left on the scheduler, and none took until the end of an endless run."""
    started = time.monotonic()
    yield
    assert (scheduler.statistics().queued, scheduler.statistics().running) == (0, 0)
    assert time.monotonic() - started < PATIENCE


async def happens(event):
    """Wait for what a thread tells by an event."""
    assert await asyncio.to_thread(event.wait, PATIENCE)


def hold_the_clock_until(begun):
    """Keep a timeout of more than 5 ms from expiring before the run has begun: the loop blocks until then."""
    asyncio.get_running_loop().call_later(0.005, begun.wait, PATIENCE)


async def natively(call, begun):
    task = asyncio.create_task(call())
    await happens(begun)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def twice(call, begun):
    task = asyncio.create_task(call())
    await happens(begun)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_move_on_after(call, begun):
    hold_the_clock_until(begun)
    with anyio.move_on_after(0.02) as scope:
        await call()
    assert scope.cancelled_caught


async def by_wait_for(call, begun):
    hold_the_clock_until(begun)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call(), 0.02)


async def by_a_failing_sibling(call, begun):
    async def sibling():
        await happens(begun)
        raise LookupError

    with pytest.raises(ExceptionGroup):  # noqa: PT012  # the group is one statement
        async with asyncio.TaskGroup() as group:
            group.create_task(call())
            group.create_task(sibling())


@pytest.mark.parametrize("way", [natively, twice, by_move_on_after, by_wait_for, by_a_failing_sibling])
@pytest.mark.parametrize("method", ["execute_async", "predict"])
async def test_a_cancelled_run_is_stopped_and_leaves_nothing(model, registry, inputs, begun, way, method, caplog):
    """CONFORMANCE 26, 47"""
    before = scheduler.statistics()
    endless, short = inputs(ENDLESS), inputs(3)
    baseline = registry.memory().baseline
    call = getattr(model, method)
    await way(lambda: call(endless), begun)
    assert registry.memory().baseline == baseline
    assert scheduler.statistics().cancelled == before.cancelled + 1

    with await model.execute_async(short) as output:
        np.testing.assert_array_equal(output.data_sync(), np.eye(8))
    registry.dispose([endless, short])
    assert caplog.records == []


async def test_queued_runs_are_dropped(model, registry, inputs):
    """CONFORMANCE 26"""
    before = scheduler.statistics()
    threads = before.threads
    held = threading.Event()
    holders = [asyncio.create_task(scheduler.run(held.wait, PATIENCE)) for _ in range(threads)]
    endless = inputs(ENDLESS)
    tasks = [asyncio.create_task(model.execute_async(endless)) for _ in range(3)]
    await asyncio.sleep(0)
    # A worker takes up its holder in a moment; until then that one is queued as well.
    assert scheduler.statistics().queued >= 3
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 3
    assert registry.memory().num_tensors == 2
    held.set()
    await asyncio.gather(*holders)
    assert scheduler.statistics() == before._replace(
        completed=before.completed + threads, cancelled=before.cancelled + 3
    )
    registry.dispose(endless)


async def test_a_model_disposed_while_its_run_is_cancelled_is_unloaded(model, cache, registry, inputs, begun):
    """CONFORMANCE 43"""
    endless = inputs(ENDLESS)
    task = asyncio.create_task(model.execute_async(endless))
    await happens(begun)
    model.dispose()
    assert cache.statistics().live == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cache.statistics().live == 0
    registry.dispose(endless)


async def test_a_cancelled_run_lets_its_inputs_go(model, registry, inputs, begun):
    """CONFORMANCE 36"""
    endless = inputs(ENDLESS)
    arrays = [weakref.ref(registry.ledger.live[tensor.id].array) for tensor in endless]
    task = asyncio.create_task(model.execute_async(endless))
    await happens(begun)
    registry.dispose(endless)
    assert all(array() is not None for array in arrays)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [array() for array in arrays] == [None, None]


async def test_a_run_does_not_stop_its_neighbour(model, registry, inputs, begun):
    """CONFORMANCE 49: when one of several callers is cancelled the others succeed"""
    async with registry.scope():
        endless, short = inputs(ENDLESS), inputs(20_000)
        doomed = asyncio.create_task(model.execute_async(endless))
        await happens(begun)
        neighbour = asyncio.create_task(model.execute_async(short))
        await asyncio.sleep(0)
        doomed.cancel()
        np.testing.assert_array_equal((await neighbour).data_sync(), np.eye(8))
        with pytest.raises(asyncio.CancelledError):
            await doomed
