"""Waiting on an event loop for work that a thread does, without owning that work.

``asyncio.wrap_future`` ties the two together: cancelling the wait cancels the work, and a failure nobody waits for any
more is logged as "never retrieved". Here the wait may be cancelled, and repeated, and the work knows nothing of it.
"""

import asyncio
import concurrent.futures
import contextlib
from typing import Any

import anyio


def completion(future: concurrent.futures.Future[Any]) -> asyncio.Event:
    """Return an event of the running loop that is set once `future` is done, in whatever way it ends."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def wake(_: object) -> None:
        # The loop may have been closed meanwhile: then nobody waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(done.set)

    future.add_done_callback(wake)
    return done


async def drain(done: asyncio.Event) -> None:
    """Wait for `done` whatever is cancelled meanwhile; then raise the latest of the cancellations swallowed."""
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
            del latest  # it holds this frame
