import asyncio
import contextvars
import threading

import pytest

from humanrt.errors import EngineError
from humanrt.runtime.single_flight import SingleFlight

PATIENCE = 30  # seconds until a test that hangs gives up


class Load:
    """A blocking load that counts its runs and ends when ``may_end`` is set."""

    def __init__(self):
        self.runs = 0
        self.started, self.may_end = threading.Event(), threading.Event()
        self.error = None

    def __call__(self):
        self.runs += 1
        self.started.set()
        assert self.may_end.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        return f"value {self.runs}"


@pytest.fixture
def flight():
    return SingleFlight()


@pytest.fixture
def load():
    return Load()


async def started(load):
    assert await asyncio.to_thread(load.started.wait, PATIENCE)


async def test_eight_callers_share_one_load(flight, load):
    """CONFORMANCE 49: each weight loaded once"""
    callers = [asyncio.create_task(flight.get("key", load)) for _ in range(8)]
    await started(load)
    assert flight.loaded() == {}
    load.may_end.set()
    assert await asyncio.gather(*callers) == ["value 1"] * 8
    assert await flight.get("key", load) == "value 1"
    assert flight.loaded() == {"key": "value 1"}


async def test_keys_load_concurrently(flight):
    together = threading.Barrier(2, timeout=PATIENCE)
    await asyncio.gather(flight.get("one", together.wait), flight.get("other", together.wait))
    assert flight.loaded().keys() == {"one", "other"}


async def test_the_keys_of_one_call_load_concurrently(flight, load):
    load.may_end.set()
    assert await flight.get("loaded before", load) == "value 1"
    together = threading.Barrier(2, timeout=PATIENCE)
    values = await flight.get_all({"one": together.wait, "loaded before": load, "other": together.wait})
    assert values["loaded before"] == "value 1"
    assert {values["one"], values["other"]} == {0, 1}
    assert await flight.get_all({}) == {}


async def test_a_failure_of_one_key_keeps_the_values_of_the_others(flight, load):
    failing = Load()
    failing.error = LookupError("no such weights")
    for each in (failing, load):
        each.may_end.set()
    with pytest.raises(LookupError):
        await flight.get_all({"failing": failing, "key": load})
    assert flight.loaded() == {"key": "value 1"}


async def test_when_the_first_caller_is_cancelled_the_others_succeed(flight, load):
    """CONFORMANCE 49"""
    first, second = (asyncio.create_task(flight.get("key", load)) for _ in range(2))
    await started(load)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not second.done()
    load.may_end.set()
    assert await second == "value 1"


async def test_a_load_whose_callers_were_all_cancelled_ends_and_is_kept(flight, load):
    """CONFORMANCE 43"""
    caller = asyncio.create_task(flight.get("key", load))
    await started(load)
    caller.cancel()
    draining = asyncio.create_task(flight.drain())
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not draining.done()
    load.may_end.set()
    await draining
    assert flight.loaded() == {"key": "value 1"}


async def test_a_failure_is_raised_in_every_call_and_forgotten(flight, load):
    load.error = LookupError("no such weights")
    callers = [asyncio.create_task(flight.get("key", load)) for _ in range(3)]
    await started(load)
    load.may_end.set()
    assert await asyncio.gather(*callers, return_exceptions=True) == [load.error] * 3
    assert flight.loaded() == {}
    load.error = None
    assert await flight.get("key", load) == "value 2"


async def test_drain_does_not_raise_the_error_of_a_load(flight, load, caplog):
    load.error = LookupError("no such weights")
    caller = asyncio.create_task(flight.get("key", load))
    await started(load)
    caller.cancel()
    draining = asyncio.create_task(flight.drain())
    await asyncio.sleep(0)
    load.may_end.set()
    await draining
    assert flight.loaded() == {}
    assert caplog.records == []


async def test_a_forgotten_key_is_loaded_again(flight, load):
    load.may_end.set()
    assert await flight.get("key", load) == "value 1"
    flight.forget("key")
    flight.forget("a key that was never there")
    assert flight.loaded() == {}
    assert await flight.get("key", load) == "value 2"


async def test_a_key_that_is_loading_is_not_forgotten(flight, load):
    caller = asyncio.create_task(flight.get("key", load))
    await started(load)
    flight.forget("key")
    load.may_end.set()
    await caller
    assert flight.loaded() == {"key": "value 1"}


async def test_a_load_runs_in_an_empty_context(flight):
    """CONFORMANCE 51"""
    variable = contextvars.ContextVar("variable", default="nothing")
    variable.set("the first caller's")
    assert await flight.get("key", lambda: (variable.get(), len(contextvars.copy_context()))) == ("nothing", 0)


async def test_a_load_does_not_occupy_a_thread_of_the_scheduler(flight):
    """It may be a download of minutes."""
    assert await flight.get("key", lambda: threading.current_thread().name) == "humanrt-load-key"


def test_two_loops_in_two_threads_share_a_load(flight, load):
    """CONFORMANCE 49"""
    values = []
    asked = threading.Barrier(3, timeout=PATIENCE)

    async def main():
        caller = asyncio.create_task(flight.get("key", load))
        await asyncio.sleep(0)
        asked.wait()
        values.append(await caller)

    threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(2)]
    for thread in threads:
        thread.start()
    asked.wait()
    load.may_end.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert values == ["value 1"] * 2
    assert load.runs == 1


def test_a_load_outlives_the_event_loop_of_its_caller(flight, load, caplog):
    async def ask_and_leave():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flight.get("key", load), 0.001)

    asyncio.run(ask_and_leave())
    load.may_end.set()
    assert asyncio.run(flight.get("key", load)) == "value 1"
    assert load.runs == 1
    assert caplog.records == []


def test_without_an_event_loop_of_asyncio_nothing_is_loaded(flight, load):
    with pytest.raises(EngineError, match="on asyncio only"):
        flight.get("key", load).send(None)
    assert load.runs == 0
