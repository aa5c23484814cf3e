"""The state that one frame of a video leaves for the next.

A recurrent model computes a frame from the frames before it, frame caching reuses what a model returned for one of
them, and a track has the ids of all. None of it is kept in variables of a module, where all callers would share it (in
Human, the ghost of one video appears in another), but in a ``Session`` that the caller owns. Each call of ``detect()``
opens the session as a ``SessionFrame``. What the frame stores replaces the entries of the session when the call
succeeds; when it fails or is cancelled, the session stays as it was.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from math import isfinite
from numbers import Real
from types import MappingProxyType, TracebackType
from typing import NamedTuple, NoReturn, Self, TypeAlias, TypeVar

from humanrt.errors import InputError, SessionError
from humanrt.result import Result
from humanrt.streams.interpolation import Shown, interpolate, without_tensors
from humanrt.tensors import Registry, Tensor, keep

# The name of the result of the last frame.
RESULT = "result"

Kept = TypeVar("Kept")

Seconds: TypeAlias = Callable[[], float]
"""A clock: a function that returns seconds, which never decrease."""


class SavedStates(NamedTuple):
    """Tensors of a frame, and the kind of frames that they are valid for."""

    kind: Hashable
    tensors: tuple[Tensor, ...]

    def dispose(self) -> None:
        """Free the tensors."""
        for tensor in self.tensors:
            tensor.dispose()


class Saved(NamedTuple):
    """What the frames of a session have stored, each by its name: tensors, and plain values without any."""

    states: Mapping[str, SavedStates] = MappingProxyType({})
    values: Mapping[str, object] = MappingProxyType({})


NOTHING = Saved()

_CLOSED = "this session was closed; create a new one with human.session()"


class Session:
    """The state of one video, from frame to frame; created by ``Human.session()``, closed by its owner.

    ::

        with human.session() as session:
            for frame in frames:
                with await human.detect(frame, session=session) as result:
                    show(result.segmentation.over((0, 160, 0)))

    Its tensors belong to no scope. ``close()``, leaving ``with`` or ``async with``, and closing Human free them; those
    of a session that is garbage-collected unclosed count as leaked. One call at a time may use a session, because
    frames have an order. A frame of another size, another model or another configuration starts from nothing.
    """

    def __init__(self, registry: Registry, clock: Seconds = time.perf_counter) -> None:
        if not callable(clock):
            raise SessionError(f"clock is {clock!r}; accepted is a function that returns seconds")
        self._registry = registry
        self._clock = clock
        self._lock = threading.Lock()  # guards the next three
        self._saved = NOTHING
        self._in_use = False
        self._closed = False
        self._showing = threading.Lock()  # guards the next one
        self._shown = Shown()

    @property
    def is_closed(self) -> bool:
        """Whether the session or its Human was closed."""
        return self._closed or self._registry.closed

    def close(self) -> None:
        """Free the states. Idempotent.

        A call that is using the session ends as it would have, and then the states are freed.
        """
        with self._lock:
            self._closed = True
            if self._in_use:
                return
            saved, self._saved = self._saved, NOTHING
        _dispose(saved.states.values())

    def next(self, timestamp: float | None = None) -> Result:
        """Return a result between frames: the one shown last, moved towards that of the last frame.

        ``timestamp`` is in milliseconds since 1970 UTC, as that of a ``Result``; now if it is not given. Boxes, points
        and angles are interpolated as in Human, and the rest is that of the last frame, without tensors and
        segmentation. Before the first frame the result is empty: nothing was found, and width and height are 0. Calls
        are cheap, and may be made at any time, also while a frame is processed.

        Raises ``SessionError`` if the session was closed, ``InputError`` if ``timestamp`` is not a finite number.
        """
        if timestamp is not None and not _is_finite(timestamp):
            raise InputError(f"timestamp is {timestamp!r}; accepted are finite milliseconds and None")
        with self._lock:
            if self._closed:
                raise SessionError(_CLOSED)
            latest = self._saved.values.get(RESULT)
        if not isinstance(latest, Result):
            return Result(0, 0)
        with self._showing:
            now = time.time_ns() / 1_000_000 if timestamp is None else timestamp
            result, self._shown = interpolate(latest, self._shown, now)
        return result

    def __reduce__(self) -> NoReturn:
        raise SessionError("a session cannot be pickled or copied: use human.session() in the process that detects")

    def __enter__(self) -> Self:
        if self.is_closed:
            raise SessionError(_CLOSED)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _frame(self, registry: Registry) -> Iterator["SessionFrame"]:
        seconds = self._clock()
        if not _is_finite(seconds):
            raise SessionError(f"the clock of this session returned {seconds!r}; accepted are finite seconds")
        frame = SessionFrame(self._enter(registry), 1000 * seconds)
        try:
            yield frame
        except BaseException:
            self._leave(NOTHING)
            _dispose(frame.stored.states.values())
            raise
        self._leave(frame.stored)

    turn = _frame  # the name that human.py uses

    def _enter(self, registry: Registry) -> Saved:
        with self._lock:
            if registry is not self._registry:
                raise SessionError("this session is another Human's: use one from session() of the Human that detects")
            if self._closed:
                raise SessionError(_CLOSED)
            if self._in_use:
                raise SessionError(
                    "this session is in use by another call: frames of one video come one after the other; await that "
                    "call first, or use a session for each video"
                )
            self._in_use = True
            return self._saved

    def _leave(self, stored: Saved) -> None:
        with self._lock:
            self._in_use = False
            before = self._saved
            if self._closed:
                self._saved = NOTHING
            else:
                self._saved = Saved({**before.states, **stored.states}, {**before.values, **stored.values})
            kept = self._saved.states
            unused = [
                states
                for saved in (before.states, stored.states)
                for name, states in saved.items()
                if states is not kept.get(name)
            ]
        _dispose(unused)


class SessionFrame:
    """What one frame of a session reads of the frames before it, and stores for those after it.

    Attributes:
        time: the time of the frame in milliseconds, by the session's clock.
        skip_allowed: whether results of earlier frames may be reused for this one.
        stored: what this frame stores.

    """

    def __init__(self, saved: Saved, milliseconds: float = 0.0) -> None:
        self._saved = saved
        self._states: dict[str, SavedStates] = {}
        self._values: dict[str, object] = {}
        self.time = milliseconds
        self.skip_allowed = False
        self.stored: Saved = Saved(self._states, self._values)

    def recall(self, name: str, kind: Hashable) -> tuple[Tensor, ...]:
        """Return the tensors of this name if they are of this kind and none is disposed, else ``()``."""
        saved = self._saved.states.get(name)
        valid = saved is not None and saved.kind == kind and not any(tensor.is_disposed for tensor in saved.tensors)
        return saved.tensors if saved is not None and valid else ()

    def remember(self, name: str, kind: Hashable, tensors: Sequence[Tensor]) -> None:
        """Store tensors of this call for the next frame; from here on the session owns them."""
        for tensor in tensors:
            keep(tensor)
        self._states[name] = SavedStates(kind, tuple(tensors))

    def load(self, name: str, type_: type[Kept]) -> Kept | None:
        """Return the value of this name if it is of this type, else None."""
        value = self._saved.values.get(name)
        return value if isinstance(value, type_) else None

    def finish(self, result: Result) -> None:
        """Store the result of the frame, for ``Session.next()``; its tensors stay the caller's."""
        self.save(RESULT, without_tensors(result))

    def save(self, name: str, value: object) -> None:
        """Store a value that has no tensors for the next frame; nothing may change it any more."""
        self._values[name] = value


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, Real) and isfinite(value)
    except OverflowError:
        return False


def _dispose(saved: Iterable[SavedStates]) -> None:
    for states in saved:
        states.dispose()


def session_frame(session: Session, registry: Registry) -> AbstractContextManager[SessionFrame]:
    """Return a context in which one call of detect(), whose tensors are those of ``registry``, uses the session.

    Raises ``SessionError`` on entering if another call is using the session, if it was closed, or if it belongs to
    another Human. Raises it at once if it is no session.
    """
    if not isinstance(session, Session):
        raise SessionError(f"session is {session!r}; accepted is one that human.session() returned")
    return session._frame(registry)  # noqa: SLF001 - the one way in for other rooms; users have no need of it
