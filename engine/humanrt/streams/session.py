"""What the frames of a video leave for one another.

Some models look at a frame in the light of those before it. What they remember never lives in the model, where every
caller would share it (as in Human, which shows one video the ghost of another), but in a Session that the caller owns.
A call of detect() takes a Turn of it. What the Turn is given to remember becomes the session's memory when the call has
succeeded; when it fails or is cancelled, the session stays as it was.
"""

import threading
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, Self

from humanrt.errors import SessionError
from humanrt.tensors import Registry, Tensor, keep


class Memory(NamedTuple):
    """What a model remembers, and the kind of frames that it is good for."""

    kind: Hashable
    states: tuple[Tensor, ...]

    def dispose(self) -> None:
        """Free it."""
        for state in self.states:
            state.dispose()


NOTHING = Memory(None, ())


class Session:
    """The memory of one video, from frame to frame; made by ``Human.session()``, freed by its owner.

    ::

        with human.session() as session:
            for frame in frames:
                with await human.detect(frame, session=session) as result:
                    show(result.segmentation.over((0, 160, 0)))

    Its tensors belong to no scope. ``close()``, leaving ``with`` or ``async with``, and closing Human free them; those
    of a session that vanishes unclosed count as leaked. One call at a time may use it: frames have an order.
    A frame of another size, another model or another ``ratio`` begins anew.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()  # guards the three below
        self._memory = NOTHING
        self._in_use = False
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, or its Human was."""
        return self._closed or self._registry.closed

    @contextmanager
    def turn(self, registry: Registry) -> Iterator["Turn"]:
        """Let one call of detect() use the session, with the tensors of ``registry``.

        Raises SessionError: another call uses it, it was closed, or it is another Human's.
        """
        turn = Turn(self._enter(registry))
        try:
            yield turn
        except BaseException:
            self._leave()
            turn.remembered.dispose()
            raise
        self._leave(turn.remembered)

    def close(self) -> None:
        """Free what is remembered; twice does no harm.

        A call that still uses the session ends as it would have, and then what is remembered is freed.
        """
        with self._lock:
            self._closed = True
            if self._in_use:
                return
            memory, self._memory = self._memory, NOTHING
        memory.dispose()

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

    def _enter(self, registry: Registry) -> Memory:
        with self._lock:
            if registry is not self._registry:
                raise SessionError("this session is another Human's: make one with session() of the Human that detects")
            if self._closed:
                raise SessionError("this session was closed; make a new one with human.session()")
            if self._in_use:
                raise SessionError(
                    "this session is in use by another call: frames of one video come one after the other; await that "
                    "call first, or make a session for each video"
                )
            self._in_use = True
            return self._memory

    def _leave(self, remembered: Memory = NOTHING) -> None:
        with self._lock:
            self._in_use = False
            before = self._memory
            if self._closed:
                self._memory = NOTHING
            elif remembered is not NOTHING:
                self._memory = remembered
            spare = [memory for memory in (before, remembered) if memory is not self._memory]
        for memory in spare:
            memory.dispose()


class Turn:
    """One call's use of a session."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.remembered = NOTHING

    def recall(self, kind: Hashable) -> tuple[Tensor, ...]:
        """Return what the frame before left, if it was of this kind and is still there, else nothing."""
        kept = self._memory.kind == kind and not any(state.is_disposed for state in self._memory.states)
        return self._memory.states if kept else ()

    def remember(self, kind: Hashable, states: Sequence[Tensor]) -> None:
        """Leave tensors of this call for the next frame: they become the session's."""
        for state in states:
            keep(state)
        self.remembered = Memory(kind, tuple(states))
