"""Human for programs without asyncio: scripts, notebooks, threads.

The methods of ``HumanSync`` are those of ``Human``. None is written twice: ``Blocking`` awaits a method of ``Human`` on
the event loop of a private thread, with the types of its arguments and of its result; ``Direct`` and ``Attribute`` pass
on what does not wait. A loop of the caller's own, as each notebook has one, is not touched.
"""

import asyncio
import atexit
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, Final, Generic, NoReturn, ParamSpec, Protocol, Self, TypeVar, overload

from humanrt.batch import Batch
from humanrt.config import Config, ConfigSource
from humanrt.engine import Engine, internals
from humanrt.errors import EngineClosedError, EngineError
from humanrt.events import Events
from humanrt.housekeeping import Env
from humanrt.human import Human
from humanrt.human_models import ModelsView
from humanrt.matching import match
from humanrt.stream import Stream

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")
Item_co = TypeVar("Item_co", covariant=True)
Source = TypeVar("Source", bound="AsyncSource[Any]")


class Blocking(Generic[Arguments, Value]):
    """A method of ``HumanSync`` that awaits an asynchronous one of ``Human``."""

    def __init__(self, method: Callable[Concatenate[Human, Arguments], Coroutine[Any, Any, Value]]) -> None:
        self.__doc__ = method.__doc__
        self._name = method.__name__

    @overload
    def __get__(self, instance: None, owner: type["HumanSync"]) -> Self: ...
    @overload
    def __get__(self, instance: "HumanSync", owner: type["HumanSync"]) -> Callable[Arguments, Value]: ...

    def __get__(self, instance: "HumanSync | None", owner: type["HumanSync"]) -> Self | Callable[Arguments, Value]:
        if instance is None:
            return self
        method: Callable[Arguments, Coroutine[Any, Any, Value]] = getattr(instance.human, self._name)

        @wraps(method)
        def blocking(*arguments: Arguments.args, **options: Arguments.kwargs) -> Value:
            return instance._thread.call(method(*arguments, **options))  # noqa: SLF001 - a part of that class

        return blocking


class Direct(Generic[Arguments, Value]):
    """A method of ``HumanSync`` that calls one of ``Human`` that does not wait."""

    def __init__(self, method: Callable[Concatenate[Human, Arguments], Value]) -> None:
        self.__doc__ = method.__doc__
        self._name = method.__name__

    @overload
    def __get__(self, instance: None, owner: type["HumanSync"]) -> Self: ...
    @overload
    def __get__(self, instance: "HumanSync", owner: type["HumanSync"]) -> Callable[Arguments, Value]: ...

    def __get__(self, instance: "HumanSync | None", owner: type["HumanSync"]) -> Self | Callable[Arguments, Value]:
        if instance is None:
            return self
        method: Callable[Arguments, Value] = getattr(instance.human, self._name)
        return method


class AsyncSource(Protocol[Item_co]):
    """What ``Human.stream()`` and ``Human.detect_many()`` return."""

    async def __aenter__(self) -> object: ...
    async def __anext__(self) -> Item_co: ...
    async def aclose(self) -> None:
        """Release everything."""


class Iteration(Generic[Source, Item_co]):
    """The items of a stream or of a batch, for programs without asyncio; created by ``HumanSync``.

    ::

        with human.stream("video.mp4") as stream:
            for frame, result in stream:
                with result:
                    show(frame, result)

    Leaving the block, the end of the source, an error, and ``close()`` release everything before the next line runs.
    After ``break`` in a ``for`` without the block everything is released soon afterwards, when the iterator is no
    longer held, and when the HumanSync is closed at the latest. It is used once, by one thread at a time.
    """

    source: Source
    """The ``Stream`` or ``Batch``: its ``statistics()`` and ``timestamp``, for instance."""

    def __init__(self, thread: "_LoopThread", source: Source) -> None:
        self.source = source
        self._thread = thread
        self._entered = self._closed = False

    def close(self) -> None:
        """Release everything, and wait until that is done. Idempotent."""
        self._closed = True
        with suppress(EngineClosedError):  # the end of the HumanSync has closed it
            self._thread.call(self._thread.close_source(self.source))

    def __enter__(self) -> Self:
        if not self._entered:
            self._entered = True
            try:
                self._thread.call(self._thread.open_source(self.source))
            except BaseException:
                self._closed = True
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item_co:
        if self._closed:
            raise StopIteration
        self.__enter__()
        try:
            item: Item_co = self._thread.call(self.source.__anext__())
        except StopAsyncIteration:
            self.close()
            raise StopIteration from None
        except BaseException:
            self.close()
            raise
        return item

    def __reduce__(self) -> NoReturn:
        raise EngineError("an iteration cannot be pickled or copied: create it in the process that detects")

    def __del__(self) -> None:
        if self._entered and not self._closed:
            self._thread.release(self.source)


class Iterating(Generic[Arguments, Source, Item_co]):
    """A method of ``HumanSync`` that returns the items of what one of ``Human`` returns."""

    def __init__(
        self,
        method: Callable[Concatenate[Human, Arguments], Source],
        _item: Callable[[Source], Coroutine[Any, Any, Item_co]],
    ) -> None:
        self.__doc__ = method.__doc__
        self._name = method.__name__

    @overload
    def __get__(self, instance: None, owner: type["HumanSync"]) -> Self: ...
    @overload
    def __get__(
        self, instance: "HumanSync", owner: type["HumanSync"]
    ) -> Callable[Arguments, Iteration[Source, Item_co]]: ...

    def __get__(
        self, instance: "HumanSync | None", owner: type["HumanSync"]
    ) -> Self | Callable[Arguments, Iteration[Source, Item_co]]:
        if instance is None:
            return self
        method: Callable[Arguments, Source] = getattr(instance.human, self._name)

        @wraps(method)
        def iterating(*arguments: Arguments.args, **options: Arguments.kwargs) -> Iteration[Source, Item_co]:
            return Iteration(instance._thread, method(*arguments, **options))  # noqa: SLF001 - a part of that class

        return iterating


class Attribute(Generic[Value]):
    """An attribute of ``HumanSync`` that is the one of its ``Human``."""

    def __set_name__(self, owner: type["HumanSync"], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type["HumanSync"]) -> Self: ...
    @overload
    def __get__(self, instance: "HumanSync", owner: type["HumanSync"]) -> Value: ...

    def __get__(self, instance: "HumanSync | None", owner: type["HumanSync"]) -> Self | Value:
        if instance is None:
            return self
        value: Value = getattr(instance.human, self._name)
        return value


class HumanSync:
    """A ``Human`` whose methods block, for scripts, notebooks and threads.

    ::

        with HumanSync() as human, human.detect("photo.jpg") as result:
            print(len(result.face))

    The arguments, results, owners and errors are those of ``Human``; ``human.human`` is the Human itself. Every method
    may be called from any thread, several at once, also where an event loop runs, which a call blocks meanwhile. Ctrl-C
    ends the call, and what it allocated is free when ``KeyboardInterrupt`` is raised. A scope of the caller's context
    owns the results, as it does for ``Human``. ``stream()`` and ``detect_many()`` return an ``Iteration``, for ``for``
    and ``with``.

    ``close()``, leaving ``with``, and the end of the process wait for the calls in flight and free every tensor, every
    model and the thread. Raises ``ConfigError`` if the configuration is invalid.
    """

    def __init__(self, config: ConfigSource | None = None, *, events: Events | None = None) -> None:
        self.human: Human = Human(config, events=events)
        self._thread = _LoopThread(self.human)
        # Without ``close()``: this starts the end and does not wait for it, because it may run anywhere.
        weakref.finalize(self, self._thread.end).atexit = False

    config: Attribute[Config] = Attribute()
    """The configuration of calls that do not override it."""
    engine: Attribute[Engine] = Attribute()
    """The engine that owns the tensors and models. Its methods that are awaited are not for this class."""
    events: Attribute[Events] = Attribute()
    """The callbacks that observe this Human."""
    models: Attribute[ModelsView] = Attribute()
    """The models that the configuration needs, and those that are loaded."""
    env: Attribute[Env] = Attribute()
    """What this Human runs on."""
    version: Attribute[str] = Attribute()
    """The version of HumanRT."""
    match = match
    """``humanrt.match``: Human's comparison of embeddings."""

    detect: Final = Blocking(Human.detect)
    image: Final = Blocking(Human.image)
    load: Final = Blocking(Human.load)
    extract: Final = Blocking(Human.extract)
    warmup: Final = Blocking(Human.warmup)
    reset: Final = Blocking(Human.reset)
    profile: Final = Blocking(Human.profile)
    segmentation: Final = Blocking(Human.segmentation)
    compare: Final = Blocking(Human.compare)
    stream: Final = Iterating(Human.stream, Stream.__anext__)
    detect_many: Final = Iterating(Human.detect_many, Batch.__anext__)
    session: Final = Direct(Human.session)
    validate: Final = Direct(Human.validate)

    def close(self) -> None:
        """Refuse new calls, wait until those in flight have ended, then free everything. Idempotent."""
        self._thread.end()
        self._thread.join()

    def __reduce__(self) -> NoReturn:
        raise EngineError("a HumanSync cannot be pickled or copied: create one in each process that needs it")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class _LoopThread:
    """The thread of a ``HumanSync``: its event loop, which closes the Human at its end."""

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

    async def open_source(self, source: "AsyncSource[Any]") -> None:
        """Open a stream or a batch, which is closed at the end of this thread at the latest."""
        await source.__aenter__()
        self._sources.add(source)

    async def close_source(self, source: "AsyncSource[Any]") -> None:
        """Close a stream or a batch."""
        self._sources.discard(source)
        await source.aclose()

    def release(self, source: "AsyncSource[Any]") -> None:
        """Close a stream or a batch soon, without waiting for it: the garbage collector may call this anywhere."""
        if not self._human.engine.registry.forked:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._release, source)

    def _release(self, source: "AsyncSource[Any]") -> None:
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


_open: set[_LoopThread] = set()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_open.clear)


@atexit.register
def _close_all() -> None:
    """End the threads before the process ends, which would stop them in the middle of their work."""
    for thread in tuple(_open):
        thread.end()
        thread.join()
