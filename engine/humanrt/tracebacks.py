"""The tracebacks of errors: what a kept error keeps alive.

A traceback holds the frames that the error passed, and each frame its local variables: pictures, batches, tensors. A
program that collects errors would collect these as well. So every public call that is given pictures or tensors clears
the frames of an error before the error leaves it, and deletes its own arguments, as its own frame still runs::

    outer = handled()
    try:
        return work(picture)
    except BaseException as error:
        clear_frames(error, outer)
        raise
    finally:
        del picture, outer

Line numbers, and so the printed traceback, stay complete; only a debugger finds no local variables.
"""

import contextlib
import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

Error = TypeVar("Error", bound=BaseException)

handled: Callable[[], BaseException | None] = sys.exception
"""Return the error that is being handled, if any: at the start of a public call, an error of the user."""

SUSPENDABLE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def clear_frames(error: BaseException, outer: BaseException | None = None) -> None:
    """Clear the frames of an error and of its causes and contexts that have ended.

    ``outer`` is the error that was being handled when the call began. It is the context of ``error``, and the user's:
    its frames are not cleared.
    """
    errors: list[BaseException | None] = [error]
    for each in errors:
        if each is None or each is outer:
            continue
        traceback = each.__traceback__
        while traceback is not None:
            _clear(traceback.tb_frame)
            traceback = traceback.tb_next
        others = (each.__cause__, each.__context__)
        errors += [other for other in others if not any(other is known for known in errors)]


def without_frames(error: Error) -> Error:
    """Return an error that is kept by the code that caught it, with its frames cleared."""
    clear_frames(error)
    # The frame of the caller still runs, and holds what will hold the error.
    return error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)


def _clear(frame: FrameType) -> None:
    # Clearing the frame of a suspended coroutine closes that before Python 3.13. Those of this package and of asyncio
    # have ended. An error that several callers share, that of a load, holds coroutines of users that may be suspended.
    has_ended = frame.f_globals.get("__name__", "").partition(".")[0] in ("humanrt", "asyncio")
    if has_ended or not frame.f_code.co_flags & SUSPENDABLE:
        with contextlib.suppress(RuntimeError):  # it still runs
            frame.clear()
