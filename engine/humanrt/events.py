"""Events: callbacks that observe a Human, called off the path of its calls.

Whatever a callback does, it delays and fails no call. An event is put into a queue, which a thread of its own delivers
as long as there are events, and a queue that is full loses its oldest. Nobody waits for the thread, not even the end of
the process. An event contains numbers and names, but neither the result nor the error itself: a queue that held tensors
or tracebacks would keep memory alive after the call that owned it.
"""

import inspect
import logging
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Literal, NamedTuple, TypeAlias, TypeVar, get_args

from humanrt.errors import ConfigError

EventName: TypeAlias = Literal["create", "load", "image", "detect", "warmup", "error"]
NAMES: tuple[EventName, ...] = get_args(EventName)

MOST_WAITING = 1000
"""The events that wait for a slow callback at most; then the oldest are lost."""

_logger = logging.getLogger(__name__)


class Event(NamedTuple):
    """What happened: its name, and its numbers and names by theirs; see ``Events``."""

    name: EventName
    details: Mapping[str, object]


Callback = TypeVar("Callback", bound=Callable[[Event], object])


class Events:
    """The callbacks of one or several Humans, after Human's events.

    ::

        def report(event):
            print(event.name, event.details)

        human.events.on("detect", report)

    - ``create``: a Human was created; ``device``. Only an ``Events`` that is given to ``Human(events=...)`` hears it.
    - ``load``: a call loaded models; ``models``, their names, and ``milliseconds``.
    - ``image``: a picture was read; ``width``, ``height``, ``milliseconds``.
    - ``detect``: a detection ended; ``width``, ``height``, the numbers of each kind of record (``face``, ``body``,
      ``hand``, ``object``, ``gesture``, ``persons``), ``errors``, the names of the modules that failed, and
      ``milliseconds``.
    - ``warmup``: ``warmup()`` ended; ``picture``, ``milliseconds``.
    - ``error``: ``detect()`` or ``load()`` raised; ``type``, the name of the error's type, and ``message``. A
      cancellation is no error.

    Callbacks are held weakly: keep a reference to each. One thread calls them all, in the order of the events; the
    error of one goes to the log. Every method may be called from any thread.

    Attributes:
        heard: whether a callback is registered. It is read before an event is created, so that a call without callbacks
            costs nothing more.

    """

    def __init__(self) -> None:
        self.heard: bool = False
        self._changed = threading.Condition()  # guards all that follows
        self._callbacks: dict[EventName, list[weakref.ref[Callable[[Event], object]]]] = {name: [] for name in NAMES}
        self._waiting: deque[Event] = deque()
        self._deliverer: threading.Thread | None = None
        self._lost = 0

    def on(self, name: EventName, callback: Callback) -> Callback:
        """Call ``callback`` with each event of this name from now on; return it.

        It is held weakly: a lambda or a local function that nobody else holds is never called.

        Raises ``ConfigError`` if there is no such event, or if the callback is asynchronous or cannot be called or
        referenced weakly.
        """
        _check_name(name)
        _check_callback(callback)
        reference: weakref.ref[Callable[[Event], object]]
        try:
            reference = weakref.WeakMethod(callback) if inspect.ismethod(callback) else weakref.ref(callback)
        except TypeError as error:
            raise ConfigError(f"{callback!r} cannot observe events: {error}; pass a function or a method") from error
        with self._changed:
            self._callbacks[name].append(reference)
            self.heard = True
        return callback

    def off(self, name: EventName, callback: Callable[[Event], object]) -> None:
        """Call ``callback`` no more with events of this name. Idempotent. Raises ``ConfigError`` as ``on()`` does."""
        _check_name(name)
        with self._changed:
            self._keep(name, lambda held: held is not None and held != callback)

    def emit(self, name: EventName, **details: object) -> None:
        """Put an event into the queue; never waits for a callback."""
        with self._changed:
            self._keep(name, lambda held: held is not None)
            if not self._callbacks[name]:
                return
            if len(self._waiting) == MOST_WAITING:
                self._waiting.popleft()
                self._lost += 1
            self._waiting.append(Event(name, details))
            if self._deliverer is None:
                self._start()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all events so far were delivered, for ``timeout`` seconds at most; return whether they were.

        It blocks: on an event loop, ``await asyncio.to_thread(events.flush)``. A callback gets False at once.
        """
        with self._changed:
            if threading.current_thread() is self._deliverer:
                return False
            return self._changed.wait_for(lambda: self._deliverer is None, timeout)

    def _keep(self, name: EventName, wanted: Callable[[Callable[[Event], object] | None], bool]) -> None:
        """Drop the callbacks of an event that are not wanted, with the lock held."""
        self._callbacks[name] = [reference for reference in self._callbacks[name] if wanted(reference())]
        self.heard = any(self._callbacks.values())

    def _start(self) -> None:
        """Start the thread that delivers, with the lock held."""
        # In an empty context: the caller's has the scope of its call, which ends before the thread does.
        work = (self._deliver,)
        thread = threading.Thread(target=Context().run, args=work, name="humanrt-events", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # too many threads, or the end of the process
            self._waiting.clear()
            _logger.warning("an event was lost: %s", error)
        else:
            self._deliverer = thread

    def _deliver(self) -> None:
        """Call the callbacks of the events in the queue until it is empty, on a thread of its own."""
        while (event := self._next()) is not None:
            for reference in tuple(self._callbacks[event.name]):
                callback = reference()
                try:
                    if callback is not None:
                        callback(event)
                except BaseException:  # also SystemExit: the next callback must be called
                    _logger.exception("a callback of the event %r failed", event.name)

    def _next(self) -> Event | None:
        with self._changed:
            lost, self._lost = self._lost, 0
            event = self._waiting.popleft() if self._waiting else None
            if event is None:
                self._deliverer = None
                self._changed.notify_all()
        if lost:
            _logger.warning("%d events were lost, because a callback is slower than they come", lost)
        return event


def _check_callback(callback: object) -> None:
    if inspect.iscoroutinefunction(callback) or not callable(callback):
        raise ConfigError(f"{callback!r} cannot observe events; a callback is a function of one event, not a coroutine")


def _check_name(name: object) -> None:
    if not (isinstance(name, str) and name in NAMES):
        raise ConfigError(f"there is no event {name!r}; the events are {', '.join(NAMES)}")
