"""Several calls at the same time, which end together."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Value = TypeVar("Value")


async def side_by_side(*calls: Coroutine[Any, Any, Value]) -> list[Value]:
    """Await all of ``calls`` at the same time and return their results, in order.

    When one fails, or the caller is cancelled, the others are cancelled and waited for, so that nothing runs on in the
    caller's scope. The first failure is raised as it is.
    """
    tasks: list[asyncio.Task[Value]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
