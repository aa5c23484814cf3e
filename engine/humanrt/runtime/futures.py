"""Work on a thread of its own, and waiting for threads from an event loop.

``asyncio.wrap_future()`` ties a wait to the work: cancelling the wait cancels the work, and asyncio logs the error of
work that nothing awaits any more as "never retrieved". A ``completion()`` has no influence on the work: it can be
awaited any number of times, and cancelled.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextvars import Context
from traceback import clear_frames
from typing import Any, TypeVar

import anyio

from humanrt.errors import EngineError

Value = TypeVar("Value")
Error = TypeVar("Error", bound=BaseException)


def background(work: Callable[[], Value], *, name: str) -> Future[Value]:
    """Call ``work`` on a new thread called ``name``, in an empty context, and return its future.

    The work may take minutes, a download for instance, so it does not occupy a thread of the scheduler. Its context is
    empty because the scope of the first caller ends before the work does.
    """
    future: Future[Value] = Future()

    def run() -> None:
        try:
            value = work()
        except BaseException as error:  # noqa: BLE001  # the future hands it to those who wait
            future.set_exception(error)
        else:
            future.set_result(value)

    threading.Thread(target=Context().run, args=(run,), name=name).start()
    return future


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the running event loop of asyncio.

    Raises ``EngineError`` if there is none, under trio for instance.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise EngineError(
            "HumanRT runs on asyncio only, and no event loop of asyncio runs on this thread (trio has its own): use "
            'asyncio.run(), or anyio.run(..., backend="asyncio")'
        ) from None


def completion(future: Future[Any], loop: asyncio.AbstractEventLoop | None = None) -> asyncio.Event:
    """Return an event of the running event loop that is set when ``future`` is done, with a result or an error."""
    loop = loop or running_loop()
    done = asyncio.Event()

    def wake(_: object) -> None:
        # If the loop was closed meanwhile, nothing waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(done.set)

    future.add_done_callback(wake)
    return done


async def drain(done: asyncio.Event) -> None:
    """Wait for ``done`` through all cancellations; then raise the latest of them."""
    latest: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not done.is_set():
            try:
                await done.wait()
            except asyncio.CancelledError as cancelled:
                latest = cancelled
    if latest is not None:
        try:
            raise latest
        finally:
            del latest  # the error's traceback holds this frame


async def outlast(work: Coroutine[Any, Any, None]) -> None:
    """Await ``work`` to its end through all cancellations of the caller; then raise the latest of them."""
    task = asyncio.create_task(work)
    ended = asyncio.Event()
    task.add_done_callback(lambda _: ended.set())
    try:
        await drain(ended)
    except asyncio.CancelledError:
        retrieve(task)
        raise
    task.result()


def retrieve(task: asyncio.Task[Any]) -> None:
    """Retrieve the error of a task that nothing raises: asyncio would log it."""
    if not task.cancelled():
        task.exception()


def without_frames(error: Error) -> Error:
    """Clear the frames of an error's traceback: they would keep images alive as long as the error is kept."""
    reason: BaseException | None = error
    while reason is not None:
        clear_frames(reason.__traceback__)
        reason = reason.__cause__ or reason.__context__
    # The frame of the caller still runs, and holds what will hold the error.
    return error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
