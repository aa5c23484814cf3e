"""The detections of a video, frame by frame: ``Human.stream()``."""

import math
import time
import warnings
from collections import deque
from collections.abc import AsyncIterator
from numbers import Real
from types import TracebackType
from typing import Annotated, Literal, NamedTuple, NoReturn, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.config import Config
from humanrt.config.section import Between, checked
from humanrt.errors import ConfigError, StreamError
from humanrt.housekeeping import Housekeeping
from humanrt.result import Result
from humanrt.streams.frames import Frames, Reading, StreamSource
from humanrt.streams.session import Session

Drop: TypeAlias = Literal["oldest", "none"]

RECENT = 30
"""The number of frames that ``fps`` is measured over."""


class StreamStatistics(NamedTuple):
    """The frames of a stream so far.

    ``read`` frames came from the source; ``dropped`` of them were not detected because newer ones arrived; of
    ``detected`` ones the result was handed out, the last 30 of them at ``fps`` frames a second (0 before the second
    one). A lost source was opened again ``reconnected`` times.
    """

    read: int
    dropped: int
    detected: int
    fps: float
    reconnected: int


class Stream:
    """The frames of a video with their detections; created by ``Human.stream()``, closed by its owner.

    ::

        async with human.stream("video.mp4") as stream:
            async for frame, result in stream:
                with result:
                    show(frame, result)

    ``frame`` is uint8 [h, w, 3] RGB, read-only, and belongs to the caller, as does ``result``: it is owned as that of
    ``detect()``, and both stay valid for as long as they are held. Frames are detected one after the other, each when
    the consumer asks for it; the source is read ahead meanwhile. All detections share one session.

    When the block is left, in whatever way, everything is released before the next line runs: the thread or task that
    reads the source, the source, and the state of the video. ``async for`` over ``human.stream(...)`` without the
    block releases everything when the source ends or the stream raises. After ``break``, or an error in the body of
    the loop, the event loop does so soon afterwards, and ``asyncio.run()`` at the latest.

    A stream is used once, by one task at a time.
    """

    timestamp: float
    """The time of the frame that was handed out last, in seconds: its position in a video file; of any other source the
    time since 1970-01-01 UTC at which it was read. 0 before the first."""

    def __init__(self, human: Housekeeping, frames: Frames, config: Config | None) -> None:
        self.timestamp = 0.0
        self._human = human
        self._config = config
        self._frames = frames
        self._session: Session | None = None
        self._times = deque([0.0], maxlen=1)  # the time of the frame that is detected
        self._detected = 0
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._entered = self._closed = False

    @property
    def session(self) -> Session:
        """The session of all detections; the stream closes it.

        Raises ``StreamError`` before the stream is open.
        """
        if self._session is None:
            raise StreamError("this stream is not open: use it with `async with human.stream(...) as stream`")
        return self._session

    def statistics(self) -> StreamStatistics:
        """Return the counts of frames at this moment."""
        frames, recent = self._frames, self._recent
        seconds = recent[-1] - recent[0] if recent else 0.0
        fps = (len(recent) - 1) / seconds if seconds else 0.0
        return StreamStatistics(frames.count, frames.dropped, self._detected, fps, frames.reconnected)

    async def aclose(self) -> None:
        """End the stream, and wait until its source and its state are released. Idempotent.

        A cancellation is raised at the end. A detection that another task awaits ends as it would have.
        """
        self._closed = True
        try:
            await self._frames.aclose()
        finally:
            if self._session is not None:
                self._session.close()

    async def __aenter__(self) -> Self:
        if self._entered or self._closed:
            raise StreamError("a stream is used once; create another one with human.stream()")
        times = self._times  # the session must not hold the stream
        self._session = self._human.session(clock=lambda: times[0])
        self._entered = True
        try:
            await self._frames.open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[tuple[NDArray[np.uint8], Result]]:
        return self if self._entered else self._without_block()

    async def _without_block(self) -> AsyncIterator[tuple[NDArray[np.uint8], Result]]:
        # When this generator is no longer held, the event loop closes it: the block is left. It holds no result while
        # the consumer has its turn.
        async with self:
            async for item in self:
                turn = [item]
                del item
                yield turn.pop()

    async def __anext__(self) -> tuple[NDArray[np.uint8], Result]:
        session = self.session
        if self._closed:
            raise StreamError("this stream was closed; create another one with human.stream()")
        frame = await self._frames.take()
        self._times.append(frame.timestamp)
        result = await self._human.detect(frame.pixels, self._config, session=session)
        self.timestamp = frame.timestamp
        self._detected += 1
        self._recent.append(time.perf_counter())
        return frame.pixels, result

    def __reduce__(self) -> NoReturn:
        raise StreamError("a stream cannot be pickled or copied: create it in the process that detects")

    def __del__(self) -> None:
        if self._entered and not self._closed:
            self._frames.stop()
            message = "a stream was not closed; use it with `async with`"
            warnings.warn(message, ResourceWarning, stacklevel=2, source=self)


def create_stream(
    human: Housekeeping,
    source: StreamSource,
    config: Config | None,
    *,
    bgr: bool,
    max_pixels: int,
    drop: Drop | None,
    max_pending: int,
    timeout: float | None,
    reconnect: float,
) -> Stream:
    """Return the stream of ``Human.stream()``.

    Raises ``ConfigError`` if an option is invalid, ``InputError`` if the source is of no accepted type.
    """
    checked(bgr, bool, "bgr")
    checked(drop, Drop | None, "drop")
    checked(max_pending, Annotated[int, Between(1)], "max_pending")
    if timeout is not None and not (_is_number(timeout) and timeout > 0):
        raise ConfigError(f"timeout is {timeout!r}; it must be more than 0 seconds, or None")
    if not (_is_number(reconnect) and reconnect >= 0):
        raise ConfigError(f"reconnect is {reconnect!r}; it must be a number of seconds, or 0")
    drops = None if drop is None else drop == "oldest"
    reading = Reading(bgr, max_pixels, max_pending, drops, timeout, reconnect)
    return Stream(human, Frames(source, reading), config)


def _is_number(value: object) -> bool:
    """Return whether a value is a number of seconds, inf included, which is any time."""
    try:
        return not isinstance(value, bool) and isinstance(value, Real) and not math.isnan(value)
    except OverflowError:  # an integer that no float holds
        return False
