"""Human for programs without asyncio: scripts, notebooks, threads.

The methods of ``HumanSync`` are those of ``Human``. None is written twice: ``Blocking`` awaits a method of ``Human`` on
the event loop of a private thread, with the types of its arguments and of its result; ``Direct`` and ``Attribute`` pass
on what does not wait. A loop of the caller's own, as each notebook has one, is not touched.
"""

import weakref
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, Final, Generic, NoReturn, ParamSpec, Self, TypeVar, overload

from humanrt.batch import Batch
from humanrt.config import Config, ConfigSource
from humanrt.engine import Engine
from humanrt.errors import EngineClosedError, EngineError
from humanrt.events import Events
from humanrt.housekeeping import Env
from humanrt.human import Human
from humanrt.human_models import ModelsView
from humanrt.loop_thread import AsyncSource, LoopThread
from humanrt.matching import match
from humanrt.stream import Stream

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")
Item_co = TypeVar("Item_co", covariant=True)
Source = TypeVar("Source", bound=AsyncSource[Any])


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

    def __init__(self, thread: LoopThread, source: Source) -> None:
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
        self._thread = LoopThread(self.human)
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
