"""Coroutines that run concurrently and end together.

``asyncio.TaskGroup`` does the same, with two differences. It leaves an error and its own frame in a reference cycle:
until the garbage collector runs, everything that the frames below hold, pictures included, stays alive. And it waits
for cancelled tasks in a loop that spins under a cancelled scope of anyio.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from humanrt.runtime.futures import drain, retrieve

Value = TypeVar("Value")


async def side_by_side(*calls: Coroutine[Any, Any, Value]) -> list[Value]:
    """Await all ``calls`` concurrently and return their results, in order.

    If one fails, or the caller is cancelled, the others are cancelled and awaited, so that nothing continues in the
    caller's scope. The first failure is raised unchanged.
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
            await end(tasks)
        finally:
            # The traceback of an error holds this frame, which must not hold the tasks, because they hold the error.
            del tasks
            failed = None


async def end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel the tasks that still run, and wait for them through all cancellations."""
    ended = _cancel(tasks)
    del tasks  # as above
    await drain(ended)


def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> asyncio.Event:
    """Cancel the tasks that still run; return an event that is set when all have ended."""
    running = {task for task in tasks if not task.done()}
    ended = asyncio.Event()

    def note(task: asyncio.Task[Any]) -> None:
        running.discard(task)
        if not running:
            ended.set()

    for task in tasks:  # only the first failure is raised, and asyncio would log the others
        if task in running:
            task.add_done_callback(retrieve)
        elif not task.cancelled():
            task.exception()
    for task in tuple(running):
        task.add_done_callback(note)
        task.cancel()
    if not running:
        ended.set()
    return ended
