"""Admission without models: readings of so many bytes, which the tests let begin and end."""

import asyncio
import contextlib
import gc
import io
import random
import threading

import pytest
from cancelling import end_or_cancel
from repetitions import CANCELLED_ADMISSIONS

from humanrt import admission
from humanrt.admission import Budget, Desk, Place, default_budget
from humanrt.imaging.room import NoRoom
from humanrt.runtime import scheduler

LIMIT, CALLS = 100, 3
EMPTY = (0, 0, 0)


def use_threads(monkeypatch, count):
    """Run what this module schedules on so many threads: one of them reads pictures in the order of their calls."""
    threads = scheduler.Scheduler(count)
    monkeypatch.setattr(scheduler, "_scheduler", threads)
    monkeypatch.setattr(scheduler, "run", threads.run)


@pytest.fixture
def desk(monkeypatch):
    use_threads(monkeypatch, 1)
    desk = Desk(LIMIT, CALLS)
    monkeypatch.setattr(admission, "_desk", desk)
    yield desk
    gc.collect()
    assert desk.statistics()[:3] == EMPTY


@pytest.fixture
def budget(desk):
    return Budget()


class Call:
    """A call whose picture takes ``encoded`` and ``memory`` bytes, and ``after`` from then on; it ends by ``end``."""

    def __init__(self, budget, memory, *, encoded=0, after=None, waits=True):
        self.place = Place(budget)
        self.sizes = encoded, memory, memory if after is None else after
        self.waits = waits
        self.read, self.end = asyncio.Event(), asyncio.Event()
        self.readings = 0
        self.task = asyncio.create_task(self.run())

    async def run(self):
        try:
            await self.place.read(self.reading, waits=self.waits)
            self.read.set()
            await self.end.wait()
        finally:
            self.place.leave()

    def reading(self):
        encoded, memory, after = self.sizes
        self.readings += 1
        self.place.hold(encoded)
        self.place.hold_picture(0, memory, after)
        return "picture"

    async def finish(self):
        self.end.set()
        await self.task


async def idle():
    """Wait until every call has been read or waits for room."""
    await asyncio.sleep(0)
    while scheduler.statistics().queued or scheduler.statistics().running:
        await scheduler.run(int)
    for _ in range(5):
        await asyncio.sleep(0)


async def settled(desk, *calls):
    """Return which of the calls have been read, once all others wait."""
    while True:
        await idle()
        read = [call.read.is_set() for call in calls]
        if desk.statistics().waiting == read.count(False):
            return read


@pytest.mark.parametrize(("memory", "budget"), [(None, 2**29), (2**33, 2**29), (2**30, 2**28), (4000, 1000)])
def test_the_default_is_the_smaller_of_512_mib_and_a_quarter(monkeypatch, memory, budget):
    monkeypatch.setattr(admission, "memory_budget", lambda: memory)
    assert default_budget() == budget


async def test_what_exceeds_the_budget_waits_in_order_of_arrival(desk, budget):
    """A small picture does not overtake a large one for which there is no room."""
    calls = []
    for memory, read in ((60, [True]), (50, [True, False]), (10, [True, False, False])):
        calls.append(Call(budget, memory))
        assert await settled(desk, *calls) == read
    await calls[0].finish()
    assert await settled(desk, *calls[1:]) == [True, True]
    for call in calls[1:]:
        await call.finish()
    assert desk.statistics().peak == 60


async def test_a_call_counts_what_it_allocates_while_it_does(desk, budget):
    call = Call(budget, 40, encoded=10, after=15)
    await call.read.wait()
    assert desk.statistics()[:3] == (1, 0, 15)
    assert desk.statistics().peak == 50
    await call.finish()


async def test_a_call_begins_when_few_others_have_begun(desk, budget):
    calls = [Call(budget, 1) for _ in range(CALLS + 2)]
    assert await settled(desk, *calls) == [True] * CALLS + [False] * 2
    assert [call.readings for call in calls] == [1] * CALLS + [0] * 2
    await calls[0].finish()
    assert await settled(desk, *calls[1:]) == [True] * CALLS + [False]
    for call in calls[1:]:
        await call.finish()


async def test_memory_of_the_caller_is_not_counted_and_does_not_wait(desk, budget):
    full = [Call(budget, 30) for _ in range(CALLS)]
    assert all(await settled(desk, *full))
    others = [Call(budget, 0, waits=False) for _ in range(5)]
    assert all(await settled(desk, *full, *others))
    assert desk.statistics()[:3] == (CALLS, 0, 90)
    for call in (*full, *others):
        await call.finish()


async def test_a_copy_of_an_array_waits_where_there_is_no_room(desk, budget):
    first, second = Call(budget, 60, waits=False), Call(budget, 60, waits=False)
    assert await settled(desk, first, second) == [True, False]
    await first.finish()
    await second.read.wait()
    assert second.readings == 2
    await second.finish()


async def test_a_picture_larger_than_the_budget_runs_alone(desk, budget):
    first = Call(budget, 10)
    await first.read.wait()
    giant = Call(budget, 5 * LIMIT)
    assert await settled(desk, first, giant) == [True, False]
    later = Call(budget, 10)
    assert await settled(desk, first, giant, later) == [True, False, False]
    await first.finish()
    assert await settled(desk, giant, later) == [True, False]
    assert desk.statistics().used == 5 * LIMIT
    await giant.finish()
    await later.read.wait()
    await later.finish()
    assert desk.statistics().peak == 5 * LIMIT


async def test_once_it_fits_others_run_beside_it(desk, budget):
    giant, later = Call(budget, 5 * LIMIT, after=LIMIT // 2), Call(budget, 10)
    assert await settled(desk, giant, later) == [True, True]
    await giant.finish()
    await later.finish()


async def test_a_full_human_does_not_delay_another(desk):
    small, other = Budget(20), Budget()
    calls = [Call(small, 20), Call(small, 20), Call(other, 20)]
    assert await settled(desk, *calls) == [True, False, True]
    for call in calls:
        await call.finish()
    assert desk.statistics().peak == 40


async def test_humans_share_the_budget_of_the_process(desk):
    calls = [Call(Budget(), 60), Call(Budget(), 60)]
    assert await settled(desk, *calls) == [True, False]
    for call in calls:
        await call.finish()


async def test_a_human_with_a_larger_budget_may_use_it(desk):
    large = Budget(3 * LIMIT)
    calls = [Call(large, LIMIT) for _ in range(3)]
    assert all(await settled(desk, *calls))
    for call in calls:
        await call.finish()


async def test_calls_that_hold_encoded_bytes_do_not_wait_for_one_another(desk, budget, monkeypatch):
    """The content of a file object stays in memory while its call waits: if all of it is held so, the first goes on."""
    use_threads(monkeypatch, 2)
    both_read = threading.Barrier(2)

    async def detect():
        place, data = Place(budget), b"x" * 60
        file = io.BytesIO(data)

        def read():
            kept = place.kept_file()
            if not kept.tell():
                both_read.wait(30)
            kept.write(file.read())
            if kept.tell() > place.claim:
                place.hold(kept.tell() - place.claim)
            place.hold_picture(0, 50, 50)
            return kept.getvalue()

        try:
            assert await place.read(read, waits=True) == data
        finally:
            place.leave()

    await asyncio.gather(detect(), detect())


class TestCancellation:
    async def test_a_call_that_waits(self, desk, budget):
        first, second, third = (Call(budget, 60) for _ in range(3))
        assert await settled(desk, first, second, third) == [True, False, False]
        second.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second.task
        assert desk.statistics()[1:3] == (1, 60)
        await first.finish()
        await third.read.wait()
        await third.finish()

    async def test_a_call_that_is_admitted_at_the_same_time(self, desk, budget):
        first, second = Call(budget, 60), Call(budget, 60)
        assert await settled(desk, first, second) == [True, False]
        first.place.leave()
        assert desk.statistics()[:2] == (1, 0)  # the second has its place, and has not resumed
        second.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second.task
        assert desk.statistics()[:3] == EMPTY
        await first.finish()

    @pytest.mark.soak
    async def test_at_random_moments(self, desk, budget):
        chance = random.Random(10)  # noqa: S311  # no secret
        cancelled = 0

        async def detect(memory, encoded):
            call = Call(budget, memory, encoded=encoded, after=memory // 2, waits=chance.random() < 0.8)
            try:
                await call.read.wait()
                for _ in range(chance.randrange(3)):
                    await scheduler.run(int)
            finally:
                call.task.cancel() if chance.random() < 0.5 else call.end.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await call.task

        for _ in range(CANCELLED_ADMISSIONS // 10):
            sizes = [(chance.choice([0, 1, 20, 60, 150]), chance.choice([0, 5, 30])) for _ in range(10)]
            calls = [end_or_cancel(chance, lambda size=size: detect(*size), 0.005) for size in sizes]
            cancelled += sum(await asyncio.gather(*calls))
            assert desk.statistics()[:3] == EMPTY
        assert CANCELLED_ADMISSIONS // 5 < cancelled < CANCELLED_ADMISSIONS


class TestLoops:
    def test_a_call_is_admitted_by_the_end_of_another_in_another_loop(self, desk):
        budget, begun, waiting = Budget(), threading.Event(), threading.Event()

        async def first():
            call = Call(budget, 60)
            await call.read.wait()
            begun.set()
            assert await asyncio.to_thread(waiting.wait, 30)
            await call.finish()

        async def second():
            assert await asyncio.to_thread(begun.wait, 30)
            call = Call(budget, 60)
            assert await settled(desk, call) == [False]
            waiting.set()
            await call.read.wait()
            await call.finish()

        threads = [threading.Thread(target=asyncio.run, args=(work(),)) for work in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert desk.statistics()[:3] == EMPTY

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_a_call_whose_loop_was_closed_holds_no_room(self, desk):
        budget, first = Budget(), Place(Budget())
        first.hold(60)
        loop = asyncio.new_event_loop()
        lost, later = Place(budget), Place(budget)
        lost.claim = later.claim = 60
        waiting = loop.create_task(lost.begin())
        loop.run_until_complete(asyncio.sleep(0))
        assert desk.statistics()[:3] == (1, 1, 60)
        waiting._log_destroy_pending = False
        loop.close()
        first.leave()
        assert desk.begin(later)
        later.leave()
        lost.leave()
        assert desk.statistics()[:3] == EMPTY

    def test_a_coroutine_that_is_garbage_collected(self, desk):
        async def call(place):
            try:
                place.claim = 60
                await place.begin()
                await asyncio.Event().wait()
            finally:
                place.leave()

        async def main():
            coroutine = call(Place(Budget()))
            with contextlib.suppress(StopIteration):
                coroutine.send(None)
            assert desk.statistics()[:3] == (1, 0, 60)
            del coroutine
            gc.collect()
            assert desk.statistics()[:3] == EMPTY

        asyncio.run(main())


def test_a_call_that_ends_while_its_thread_has_the_lock(desk, budget):
    """As the garbage collector may end it."""
    place = Place(budget)
    place.hold(60)
    with desk._lock:
        place.leave()
    desk.statistics()  # whatever takes the lock next
    assert desk.statistics()[:3] == EMPTY


def test_leaving_twice_changes_nothing(desk, budget):
    place = Place(budget)
    place.hold(60)
    place.leave()
    place.leave()
    assert (desk.statistics()[:3], budget.used, budget.begun) == (EMPTY, 0, 0)


def test_a_reading_without_room_ends_before_it_allocates(desk, budget):
    first, second = Place(budget), Place(budget)
    first.hold(60)
    with pytest.raises(NoRoom):
        second.hold_picture(10, 41, 0)
    assert desk.statistics()[:3] == (1, 0, 60)
    first.leave()
    second.leave()


def test_a_forked_child_begins_with_nothing(desk, budget):
    place = Place(budget)
    place.hold(60)
    admission._renew_after_fork()
    assert admission.statistics() == (0, 0, 0, 0)
    assert Budget().desk is not desk
    place.leave()
