"""Events: who is called, and that no callback can delay, fail or outlive what it observes."""

import functools
import gc
import logging
import threading
import weakref
from contextvars import ContextVar

import pytest

from humanrt import events as events_module
from humanrt.errors import ConfigError
from humanrt.events import NAMES, Event, Events


@pytest.fixture
def events():
    events = Events()
    yield events
    assert events.flush(30)


class Listener:
    def __init__(self):
        self.seen = []

    def note(self, event):
        self.seen.append(event)


def test_callbacks_get_their_events_in_order(events):
    one, other = Listener(), Listener()
    assert events.on("detect", one.note) == one.note
    events.on("error", other.note)
    for number in range(50):
        events.emit("detect", number=number)
    events.emit("image", width=3)
    events.emit("error", message="no")
    assert events.flush(30)
    assert one.seen == [Event("detect", {"number": number}) for number in range(50)]
    assert other.seen == [("error", {"message": "no"})]


def test_heard_is_whether_there_is_a_callback(events):
    listener = Listener()
    assert not events.heard
    events.on("load", listener.note)
    assert events.heard
    events.off("load", listener.note)
    events.off("load", listener.note)
    assert not events.heard
    events.emit("load")
    assert events.flush(30)
    assert listener.seen == []


@pytest.mark.parametrize("kind", ["method", "function", "partial", "object"])
def test_callbacks_are_held_weakly(events, kind):
    class Callable(Listener):
        def __call__(self, event):
            self.note(event)

    def owner_of(kind, listener):
        return {
            "function": lambda event: listener.note(event),
            "partial": functools.partial(Listener.note, listener),
        }.get(kind, listener)

    listener = Callable()
    owner, seen = owner_of(kind, listener), listener.seen
    gone = weakref.ref(owner)
    events.on("detect", owner.note if kind == "method" else owner)
    events.emit("detect")
    assert events.flush(30)
    assert seen == [("detect", {})]
    del owner, listener
    gc.collect()
    assert gone() is None
    events.emit("detect")
    assert events.flush(30)
    assert len(seen) == 1
    assert not events.heard


@pytest.mark.parametrize("error", [ValueError("mine"), SystemExit(3), KeyboardInterrupt()])
def test_the_error_of_a_callback_is_logged_and_stops_nothing(events, caplog, error):
    listener = Listener()

    def fail(event):
        raise error

    events.on("detect", fail)
    events.on("detect", listener.note)
    with caplog.at_level(logging.ERROR, "humanrt"):
        events.emit("detect")
        events.emit("detect")
        assert events.flush(30)
    assert len(listener.seen) == 2
    assert [record.message for record in caplog.records] == ["a callback of the event 'detect' failed"] * 2
    assert caplog.records[0].exc_info[1] is error


def test_a_slow_callback_delays_nobody_and_the_oldest_events_are_lost(events, caplog, monkeypatch):
    monkeypatch.setattr(events_module, "MOST_WAITING", 3)
    entered, leave, seen = threading.Event(), threading.Event(), []

    def slow(event):
        seen.append(event.details["number"])
        entered.set()
        assert leave.wait(30)

    events.on("detect", slow)
    events.emit("detect", number=0)
    assert entered.wait(30)
    for number in range(1, 10):
        events.emit("detect", number=number)
    assert not events.flush(0)
    leave.set()
    with caplog.at_level(logging.WARNING, "humanrt"):
        assert events.flush(30)
    assert seen == [0, 7, 8, 9]
    assert "6 events were lost" in caplog.text


def test_callbacks_run_in_a_thread_that_ends_with_the_events_and_in_an_empty_context(events):
    variable, seen = ContextVar("variable", default="none"), []
    variable.set("the caller's")

    def note(event):
        seen.extend((threading.current_thread(), variable.get(), events.flush()))

    events.on("detect", note)
    events.emit("detect")
    assert events.flush(30)
    thread, value, flushed = seen
    thread.join(30)
    assert not thread.is_alive()
    assert thread.daemon  # a callback that never ends does not keep the process
    assert thread is not threading.current_thread()
    assert (value, flushed) == ("none", False)


def test_an_event_that_nobody_hears_starts_no_thread(events, monkeypatch):
    monkeypatch.setattr(Events, "_start", lambda self: pytest.fail("a thread was started"))
    for name in NAMES:
        events.emit(name)


def test_no_thread_can_be_started(events, caplog, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    listener = Listener()
    events.on("detect", listener.note)
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING, "humanrt"):
        patch.setattr(threading.Thread, "start", refuse)
        events.emit("detect", number=1)
    assert "an event was lost: can't start new thread" in caplog.text
    events.emit("detect", number=2)
    assert events.flush(30)
    assert [event.details["number"] for event in listener.seen] == [2]


def test_a_callback_may_emit_register_and_remove(events):
    listener = Listener()

    def first(event):
        events.off("detect", first)
        events.on("load", listener.note)
        events.emit("load", after=event.name)

    events.on("detect", first)
    events.emit("detect")
    assert events.flush(30)
    assert listener.seen == [("load", {"after": "detect"})]


async def asynchronous(event):
    pass


class Slotted:
    __slots__ = ()

    def __call__(self, event):
        pass


@pytest.mark.parametrize("callback", [asynchronous, None, "detect", Slotted()])
def test_what_cannot_be_called_back_is_refused(events, callback):
    with pytest.raises(ConfigError, match="cannot observe"):
        events.on("detect", callback)
    assert not events.heard


def test_an_unknown_event_is_refused(events):
    listener = Listener()
    for method in (events.on, events.off):
        with pytest.raises(ConfigError, match="there is no event 'detct'; the events are create, load, image, detect"):
            method("detct", listener.note)
