"""Several calls at the same time, which end together.

``asyncio.TaskGroup`` does the same, but leaves an error and its own frame holding each other: until the garbage
collector comes, that keeps everything alive that the frames below hold, which is pictures. And it waits for cancelled
tasks in a way that spins under a cancelled scope of anyio.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from humanrt.runtime.completion import drain

Value = TypeVar("Value")


async def side_by_side(*calls: Coroutine[Any, Any, Value]) -> list[Value]:
    """Await all of ``calls`` at the same time and return their results, in order.

    When one fails, or the caller is cancelled, the others are cancelled and waited for, so that nothing runs on in the
    caller's scope. The first failure is raised as it is.
    """
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        failed = next((task for task in tasks if task.done() and not task.cancelled() and task.exception()), None)
        if failed is not None:
            failed.result()
        return [task.result() for task in tasks]
    finally:
        try:
            await _end(tasks)
        finally:
            # An error's traceback holds this frame: it must not hold the tasks, which hold the error.
            del tasks
            failed = None


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel what still runs, and wait for it."""
    ended = _cancel(tasks)
    del tasks  # as above
    await drain(ended)


def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> asyncio.Event:
    """Cancel what still runs; returns an event that is set once all have ended."""
    running = {task for task in tasks if not task.done()}
    ended = asyncio.Event()

    def note(task: asyncio.Task[Any]) -> None:
        running.discard(task)
        if not running:
            ended.set()

    for task in tasks:
        task.add_done_callback(_retrieve)
    for task in tuple(running):
        task.add_done_callback(note)
        task.cancel()
    if not running:
        ended.set()
    return ended


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Look at a failure: of several the first is told, and asyncio would log the others."""
    if not task.cancelled():
        task.exception()
