"""The state that one frame of a video leaves for the next.

A recurrent model computes a frame from the frames before it. Its states are not kept in the model, where all callers
would share them (in Human, the ghost of one video appears in another), but in a ``Session`` that the caller owns. Each
call of ``detect()`` opens the session as a ``SessionFrame``. The states that the frame stores replace those of the
session when the call succeeds; when it fails or is cancelled, the session stays as it was.
"""

import threading
from collections.abc import Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import NamedTuple, NoReturn, Self

from humanrt.errors import SessionError
from humanrt.tensors import Registry, Tensor, keep


class SavedStates(NamedTuple):
    """The states of a model after a frame, and the kind of frames that they are valid for."""

    kind: Hashable
    tensors: tuple[Tensor, ...]

    def dispose(self) -> None:
        """Free the states."""
        for tensor in self.tensors:
            tensor.dispose()


NOTHING = SavedStates(None, ())


class Session:
    """The state of one video, from frame to frame; created by ``Human.session()``, closed by its owner.

    ::

        with human.session() as session:
            for frame in frames:
                with await human.detect(frame, session=session) as result:
                    show(result.segmentation.over((0, 160, 0)))

    Its tensors belong to no scope. ``close()``, leaving ``with`` or ``async with``, and closing Human free them; those
    of a session that is garbage-collected unclosed count as leaked. One call at a time may use a session, because
    frames have an order. A frame of another size, another model or another ``ratio`` starts from nothing.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()  # guards the three below
        self._saved = NOTHING
        self._in_use = False
        self._closed = False

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
        saved.dispose()

    def __reduce__(self) -> NoReturn:
        raise SessionError("a session cannot be pickled or copied: use human.session() in the process that detects")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _frame(self, registry: Registry) -> Iterator["SessionFrame"]:
        frame = SessionFrame(self._enter(registry))
        try:
            yield frame
        except BaseException:
            self._leave()
            frame.stored.dispose()
            raise
        self._leave(frame.stored)

    turn = _frame  # the name that human.py uses

    def _enter(self, registry: Registry) -> SavedStates:
        with self._lock:
            if registry is not self._registry:
                raise SessionError("this session is another Human's: use one from session() of the Human that detects")
            if self._closed:
                raise SessionError("this session was closed; create a new one with human.session()")
            if self._in_use:
                raise SessionError(
                    "this session is in use by another call: frames of one video come one after the other; await that "
                    "call first, or use a session for each video"
                )
            self._in_use = True
            return self._saved

    def _leave(self, stored: SavedStates = NOTHING) -> None:
        with self._lock:
            self._in_use = False
            before = self._saved
            if self._closed:
                self._saved = NOTHING
            elif stored is not NOTHING:
                self._saved = stored
            unused = [states for states in (before, stored) if states is not self._saved]
        for states in unused:
            states.dispose()


class SessionFrame:
    """The states that one frame of a session reads and stores.

    Attributes:
        stored: the states for the next frame; ``NOTHING`` until ``remember()``.

    """

    def __init__(self, saved: SavedStates) -> None:
        self._saved = saved
        self.stored: SavedStates = NOTHING

    def recall(self, kind: Hashable) -> tuple[Tensor, ...]:
        """Return the states of the frame before if they are of this kind and none is disposed, else ``()``."""
        valid = self._saved.kind == kind and not any(tensor.is_disposed for tensor in self._saved.tensors)
        return self._saved.tensors if valid else ()

    def remember(self, kind: Hashable, states: Sequence[Tensor]) -> None:
        """Store tensors of this call for the next frame; from here on the session owns them."""
        for state in states:
            keep(state)
        self.stored = SavedStates(kind, tuple(states))


def session_frame(session: Session, registry: Registry) -> AbstractContextManager[SessionFrame]:
    """Return a context in which one call of detect(), whose tensors are those of ``registry``, uses the session.

    Raises ``SessionError`` on entering if another call is using the session, if it was closed, or if it belongs to
    another Human.
    """
    return session._frame(registry)  # noqa: SLF001 - the one way in for other rooms; users have no need of it
