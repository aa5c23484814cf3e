import asyncio
import gc
import weakref
from contextlib import suppress

import anyio
import pytest

from humanrt.runtime.side_by_side import side_by_side


class Held:
    """An object that a call holds in its frame."""


class Calls:
    """Coroutines that wait, fail, and note their ends."""

    def __init__(self):
        self.begun = asyncio.Event()
        self.ended = []
        self.held = []

    async def wait(self, *, linger=0):
        held = Held()
        self.held.append(weakref.ref(held))
        try:
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            for _ in range(linger):
                await asyncio.sleep(0)
            self.ended.append("waited")

    async def fail(self, word):
        held = Held()
        self.held.append(weakref.ref(held))
        await self.begun.wait()
        raise KeyError(word)

    async def give(self, value):
        await asyncio.sleep(0)
        return value


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture
def no_collector():
    """Disable the garbage collector: what is freed now was in no reference cycle."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_results_are_in_order(calls):
    assert await side_by_side(calls.give(1), calls.give(2), calls.give(3)) == [1, 2, 3]
    assert await side_by_side() == []


@pytest.mark.usefixtures("no_collector")
async def test_the_first_failure_is_raised_after_the_others_have_ended(calls):
    with suppress(KeyError):  # pytest.raises would hold it
        await side_by_side(calls.wait(), calls.fail("first"), calls.wait(linger=3))
        pytest.fail("nothing was raised")
    assert calls.ended == ["waited", "waited"]
    await asyncio.sleep(0)  # the loop holds the last task until this step has ended
    assert [held() for held in calls.held] == [None] * 3


async def test_of_two_failures_one_is_raised_and_none_is_logged(calls, caplog):
    calls.begun.set()
    with pytest.raises(KeyError, match="one"):
        await side_by_side(calls.fail("one"), calls.fail("two"))
    gc.collect()
    assert caplog.records == []


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("cancels", [1, 3])
async def test_a_cancelled_caller_waits_until_all_have_ended(calls, cancels):
    task = asyncio.create_task(side_by_side(calls.wait(linger=5), calls.wait()))
    await calls.begun.wait()
    for _ in range(cancels):
        task.cancel()
        await asyncio.sleep(0)
    with suppress(asyncio.CancelledError):
        await task
        pytest.fail("nothing was raised")
    assert calls.ended == ["waited", "waited"]
    del task
    await asyncio.sleep(0)  # the loop holds the task until this step has ended
    assert [held() for held in calls.held] == [None] * 2


async def test_draining_under_a_cancelled_anyio_scope_does_not_spin(calls):
    turns = 0

    async def count():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counter = asyncio.create_task(count())
    with anyio.CancelScope() as scope:
        asyncio.get_running_loop().call_soon(scope.cancel)
        await side_by_side(calls.wait(linger=20))
    assert scope.cancelled_caught
    assert calls.ended == ["waited"]
    assert turns < 60
    counter.cancel()
