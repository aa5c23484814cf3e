"""Sources that are read ahead by a thread or a task."""

import asyncio
import contextvars
import threading

import pytest
from holding import happens
from videos import own_threads, until

from humanrt.errors import StreamError
from humanrt.streams import feed as feed_module
from humanrt.streams.feed import Feed

NAME = "humanrt-test"
scope = contextvars.ContextVar("scope", default=None)


def blocking(source):
    return source


def asynchronous(source):
    async def items():
        for item in source:
            yield item

    return items()


KINDS = pytest.mark.parametrize("kind", [blocking, asynchronous])


@pytest.fixture
async def feeds():
    """Start feeds; at the end, nothing of them is left."""
    started = []

    def start(source, limit=1, **options):
        feed = Feed(limit, **options)
        feed.read(source, name=NAME)
        started.append(feed)
        return feed

    yield start
    for feed in started:
        await feed.aclose()
    assert own_threads() == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def rest(feed):
    items = []
    try:
        while True:
            items.append(await feed.take())
    except StopAsyncIteration:
        return items


class Watched:
    """Counts the items that were taken from it; ``reached`` is set at a number of them."""

    def __init__(self, at):
        self.taken = 0
        self.reached = threading.Event()
        self.closed = threading.Event()
        self._at = at

    def items(self):
        try:
            while True:
                self.taken += 1
                if self.taken == self._at:
                    self.reached.set()
                yield self.taken
        finally:
            self.closed.set()


@KINDS
async def test_all_items_arrive_in_order(feeds, kind):
    feed = feeds(kind(range(100)), limit=3)
    assert await rest(feed) == list(range(100))
    assert (feed.count, feed.dropped) == (100, 0)
    assert await rest(feed) == []


@KINDS
async def test_several_consumers_share_the_items(feeds, kind):
    feed = feeds(kind(range(100)), limit=3)
    shares = await asyncio.gather(*(rest(feed) for _ in range(4)))
    assert sorted(item for share in shares for item in share) == list(range(100))


@pytest.mark.parametrize("limit", [1, 3])
async def test_a_source_waits_for_the_consumer(feeds, limit):
    watched = Watched(at=limit + 1)
    feed = feeds(watched.items(), limit)
    await happens(watched.reached)
    for taken in range(1, 5):
        assert await feed.take() == taken
        # Those that wait, and one in the hand of the thread.
        assert watched.taken <= taken + limit + 1
    await feed.aclose()
    assert watched.closed.is_set()
    assert feed.dropped == 0


@KINDS
async def test_the_oldest_items_are_dropped(feeds, kind):
    feed = feeds(kind(range(10)), limit=2, drop_oldest=True)
    await until(feed._ended.done)
    assert await rest(feed) == [8, 9]
    assert (feed.count, feed.dropped) == (10, 8)


@KINDS
async def test_an_error_of_the_source_is_raised_once_after_its_items(feeds, kind):
    def failing():
        yield from (1, 2)
        raise LookupError("the source")

    feed = feeds(kind(failing()))
    assert [await feed.take(), await feed.take()] == [1, 2]
    with pytest.raises(LookupError, match="the source"):
        await feed.take()
    assert await rest(feed) == []


@pytest.mark.parametrize("source", [5, [1, 2].__iter__], ids=["a number", "a method"])
async def test_the_error_of_something_that_cannot_be_iterated_is_raised(feeds, source):
    with pytest.raises(TypeError, match="not iterable"):
        await feeds(source).take()


@KINDS
async def test_a_source_that_was_cancelled_is_an_error(feeds, kind):
    def cancelled():
        yield 1
        raise asyncio.CancelledError

    feed = feeds(kind(cancelled()))
    assert await feed.take() == 1
    with pytest.raises(StreamError, match="was cancelled") as caught:
        await feed.take()
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)


@KINDS
async def test_closing_ends_a_source_that_waits_for_room(feeds, kind):
    watched = Watched(at=1)
    feed = feeds(kind(watched.items()))
    assert await feed.take() == 1
    await feed.aclose()
    assert await rest(feed) == []
    await feed.aclose()


async def test_closing_closes_generators(feeds):
    closed = []

    def items():
        try:
            while True:
                yield 1
        finally:
            closed.append("generator")

    async def later():
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0)
            closed.append("asynchronous generator")

    for source in (items(), later()):
        feed = feeds(source)
        await feed.take()
        await feed.aclose()
    assert closed == ["generator", "asynchronous generator"]


async def test_closing_ends_a_source_that_delivers_nothing(feeds):
    async def silent():
        await asyncio.Event().wait()
        yield

    feed = feeds(silent())
    waiting = asyncio.create_task(feed.take())
    await asyncio.sleep(0)
    await feed.aclose()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_closing_ends_a_pause(feeds):
    feed, began = Feed(1), threading.Event()

    def items():
        began.set()
        yield feed.pause(3600)

    feed.read(items(), name=NAME)
    await happens(began)
    await feed.aclose()
    assert own_threads() == []


async def test_a_pause_ends_by_itself():
    assert Feed(1).pause(0) is False
    assert Feed(1).pause(-1) is False


async def test_closing_outlasts_cancellations(feeds):
    watched, free = Watched(at=1), threading.Event()

    def items():
        yield from watched.items()

    def slow():
        try:
            yield 1
        finally:
            free.wait()

    feed = feeds(slow())
    await feed.take()
    closing = asyncio.create_task(feed.aclose())
    for _ in range(3):
        await asyncio.sleep(0)
        closing.cancel()
    assert not closing.done()
    free.set()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert own_threads() == []


async def test_a_source_that_blocks_is_abandoned(monkeypatch):
    monkeypatch.setattr(feed_module, "CLOSING_PATIENCE", 0.01)
    free, began = threading.Event(), threading.Event()

    def blocked():
        began.set()
        free.wait()
        yield 1

    feed = Feed(1)
    feed.read(blocked(), name=NAME)
    await happens(began)
    with pytest.warns(ResourceWarning, match="humanrt-test has not returned"):
        await feed.aclose()
    free.set()
    feed._thread.join()
    assert await rest(feed) == []


@KINDS
async def test_a_source_runs_in_the_context_of_its_feed(feeds, kind):
    def items():
        yield scope.get()
        scope.set("inner")

    scope.set("outer")
    assert await rest(feeds(kind(items()))) == ["outer"]
    assert scope.get() == "outer"


def test_a_feed_whose_loop_was_closed_ends_its_thread():
    began, free = threading.Event(), threading.Event()

    def items():
        began.set()
        free.wait()
        yield from range(10)

    async def start():
        feed = Feed(1, drop_oldest=True)
        feed.read(items(), name=NAME)
        return feed

    feed = asyncio.run(start())
    began.wait()
    free.set()
    feed._thread.join()
    assert feed.count == 1
