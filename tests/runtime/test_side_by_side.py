import asyncio
import gc
import weakref
from contextlib import suppress

import anyio
import pytest

from humanrt.runtime.side_by_side import side_by_side


class Held:
    """Something that a call holds in its frame."""


class Calls:
    """Calls that wait, fail and note how they ended."""

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
    """What is freed now is freed because nobody holds it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_results_come_in_order(calls):
    assert await side_by_side(calls.give(1), calls.give(2), calls.give(3)) == [1, 2, 3]
    assert await side_by_side() == []


@pytest.mark.usefixtures("no_collector")
async def test_the_first_failure_is_raised_and_the_others_end(calls):
    with suppress(KeyError):  # pytest.raises would hold it
        await side_by_side(calls.wait(), calls.fail("first"), calls.wait(linger=3))
        pytest.fail("nothing was raised")
    assert calls.ended == ["waited", "waited"]
    await asyncio.sleep(0)  # the loop holds the last task until this step has ended
    assert [held() for held in calls.held] == [None] * 3


async def test_of_two_failures_one_is_told_and_none_is_logged(calls, caplog):
    calls.begun.set()
    with pytest.raises(KeyError, match="one"):
        await side_by_side(calls.fail("one"), calls.fail("two"))
    gc.collect()
    assert caplog.records == []


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("cancels", [1, 3])
async def test_a_cancelled_caller_waits_for_all_of_them(calls, cancels):
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


async def test_a_cancelled_scope_of_anyio_does_not_spin(calls):
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
