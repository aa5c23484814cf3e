"""Calls of which some are cancelled, through their task or through a cancel scope."""

import asyncio

import anyio


async def end_or_cancel(chance, make_call, longest):
    """Await a call, or cancel it within ``longest`` seconds; return whether it was cancelled."""
    way, delay = chance.choice(["end", "task", "scope"]), chance.uniform(0, longest)
    if way == "scope":
        with anyio.move_on_after(delay) as scope:
            await make_call()
        return scope.cancelled_caught
    task = asyncio.create_task(make_call())
    timer = asyncio.get_running_loop().call_later(delay, task.cancel) if way == "task" else None
    (error,) = await asyncio.gather(task, return_exceptions=True)
    if timer is not None:
        timer.cancel()
    if error is not None and not (way == "task" and isinstance(error, asyncio.CancelledError)):
        raise error
    return error is not None
