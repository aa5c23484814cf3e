"""Work that belongs to nobody: a thread of its own, and an empty context."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context
from typing import TypeVar

Value = TypeVar("Value")


def background(work: Callable[[], Value], *, name: str) -> Future[Value]:
    """Call ``work`` on a new thread called ``name``, and return its future.

    It may download for minutes, so it must not keep one of the scheduler's few threads; and it must not run in the
    context of whoever happened to ask first, because that context's scope ends before the work does.
    """
    future: Future[Value] = Future()

    def run() -> None:
        try:
            value = work()
        except BaseException as error:  # noqa: BLE001  # nothing is above a thread: it is for those who wait
            future.set_exception(error)
        else:
            future.set_result(value)

    threading.Thread(target=Context().run, args=(run,), name=name).start()
    return future
