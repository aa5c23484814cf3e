"""The thread of a ``HumanSync``: an event loop that runs its calls, and closes the Human at its end."""

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context
from typing import Any, Generic, Protocol, TypeVar

from humanrt.engine import Engine, internals
from humanrt.errors import EngineClosedError, EngineError
from humanrt.human import Human

Value = TypeVar("Value")
Item_co = TypeVar("Item_co", covariant=True)


class AsyncSource(Protocol[Item_co]):
    """What ``Human.stream()`` and ``Human.detect_many()`` return."""

    async def __aenter__(self) -> object: ...
    async def __anext__(self) -> Item_co: ...
    async def aclose(self) -> None:
        """Release everything."""


class LoopThread:
    """The thread of one ``human`` and its event loop. Its methods are for other threads."""

    def __init__(self, human: Human) -> None:
        self._human = human
        self._lock = threading.RLock()  # reentrant: the garbage collector may call ``end()`` anywhere
        self._ended = False
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._end = asyncio.Event()
        self._sources: set[AsyncSource[Any]] = set()  # that are open; used by the thread alone
        self._releases: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=Context().run, args=(self._run,), name="humanrt-sync", daemon=True)
        self._thread.start()
        self._loop = self._started.result()

    def call(self, coroutine: Coroutine[Any, Any, Value]) -> Value:
        """Run a coroutine on the loop, in the caller's context, and return its result or raise its error.

        If the wait is interrupted, the coroutine is cancelled, and its end is waited for; a second interrupt ends that
        wait only. Raises ``EngineClosedError`` after ``end()``, ``ForkedEngineError`` in a forked child.
        """
        call = _Call(coroutine, self._human.engine)
        try:
            self._submit(call)
        except EngineError:
            coroutine.close()
            raise
        try:
            return call.future.result()
        except BaseException as error:
            if not call.raised(error):
                call.future.add_done_callback(call.free)  # its result is nobody's
                with suppress(RuntimeError):  # the loop is closed, and so the call has ended
                    self._loop.call_soon_threadsafe(call.cancel)
                call.freed.wait()
            raise
        finally:
            # The traceback of an error holds this frame, which must hold neither the error nor the arguments.
            del call, coroutine

    def end(self) -> None:
        """Refuse new calls, and let the thread end after those in flight. Does not wait. Idempotent."""
        if self._human.engine.registry.forked:
            return  # the thread is the parent's
        with self._lock, suppress(RuntimeError):  # the loop is closed
            self._ended = True
            self._loop.call_soon_threadsafe(self._end.set)

    async def open_source(self, source: AsyncSource[Any]) -> None:
        """Open a stream or a batch, which is closed at the end of this thread at the latest."""
        await source.__aenter__()
        self._sources.add(source)

    async def close_source(self, source: AsyncSource[Any]) -> None:
        """Close a stream or a batch."""
        self._sources.discard(source)
        await source.aclose()

    def release(self, source: AsyncSource[Any]) -> None:
        """Close a stream or a batch soon, without waiting for it: the garbage collector may call this anywhere."""
        if not self._human.engine.registry.forked:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._release, source)

    def _release(self, source: AsyncSource[Any]) -> None:
        task = self._loop.create_task(self.close_source(source))
        self._releases.add(task)
        task.add_done_callback(self._releases.discard)

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join()

    def _submit(self, call: "_Call[Any]") -> None:
        internals(self._human.engine).check_open()
        with self._lock:  # a call that is accepted is started before the end is
            if self._ended:
                raise EngineClosedError("this HumanSync was closed; create a new one")
            self._loop.call_soon_threadsafe(call.start)

    def _run(self) -> None:
        """Run the loop until the end, on the thread."""
        _open.add(self)
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)
        finally:
            _open.discard(self)

    async def _serve(self) -> None:
        self._started.set_result(asyncio.get_running_loop())
        await self._end.wait()
        for source in tuple(self._sources):
            await self.close_source(source)
        if self._releases:
            await asyncio.wait(self._releases)
        await self._human.aclose()


class _Call(Generic[Value]):
    """One call, from its start on the loop to its end.

    Attributes:
        future: its result or error.
        freed: is set when a result that is nobody's was freed.

    """

    def __init__(self, coroutine: Coroutine[Any, Any, Value], engine: Engine) -> None:
        self.future: Future[Value] = Future()
        self.freed = threading.Event()
        self._coroutine = coroutine
        self._engine = engine
        self._task: asyncio.Task[Value] | None = None

    def start(self) -> None:
        """Start the coroutine, on the thread of the loop."""
        self._task = asyncio.get_running_loop().create_task(self._coroutine)
        del self._coroutine
        self._task.add_done_callback(self._hand_over)

    def cancel(self) -> None:
        """Cancel the coroutine if it still runs, on the thread of the loop."""
        if self._task is not None:
            self._task.cancel()

    def raised(self, error: BaseException) -> bool:
        """Return whether ``error`` is the call's own, and not an interrupt of the wait for it."""
        return self.future.done() and self.future.exception() is error

    def free(self, future: Future[Value]) -> None:
        """Free the tensors in the result, if there is one."""
        if future.exception() is None:
            self._engine.dispose(future.result())
        self.freed.set()

    def _hand_over(self, task: asyncio.Task[Value]) -> None:
        self._task = None
        if task.cancelled():
            self.future.set_exception(EngineClosedError("the call was cancelled"))
        elif (error := task.exception()) is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(task.result())


_open: set[LoopThread] = set()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_open.clear)


@atexit.register
def _close_all() -> None:
    """End the threads before the process ends, which would stop them in the middle of their work."""
    for thread in tuple(_open):
        thread.end()
        thread.join()
