"""Telling asynchronous functions from others. It stands by itself, for whoever times ops and whoever opens scopes."""

import inspect
from collections.abc import Callable
from types import FunctionType


def is_async(function: Callable[[], object]) -> bool:
    """Return whether calling ``function`` is known to return a coroutine or an asynchronous generator."""
    if type(function) is FunctionType:  # nearly always, and looking this up costs a tenth of what inspect does
        return bool(function.__code__.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR))
    call = getattr(function, "__call__", function)  # noqa: B004 - not a test: an object may be called asynchronously
    return any(inspect.iscoroutinefunction(f) or inspect.isasyncgenfunction(f) for f in (function, call))
