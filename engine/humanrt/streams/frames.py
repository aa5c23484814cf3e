"""The frames of any source of a stream: videos, cameras, addresses, folders, patterns, iterables of pictures."""

import asyncio
import os
import time
from collections.abc import AsyncIterable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from humanrt.errors import InputError, StreamTimeoutError
from humanrt.imaging import PictureSource, read_picture
from humanrt.imaging.accepted import ArrayLike
from humanrt.imaging.capture import ADDRESS, Capture, Frame
from humanrt.imaging.listing import PICTURE_ENDINGS, list_pictures
from humanrt.streams.feed import Feed, check_source, each_of, each_of_async

StreamSource: TypeAlias = str | os.PathLike[str] | int | Iterable[PictureSource] | AsyncIterable[PictureSource]

ACCEPTED_SOURCES = (
    "accepted are the path of a video or a picture, a folder of pictures, a pattern such as 'frames/*.png', the number "
    "of a camera, an address (rtsp, rtsps, http, https), and an iterable or asynchronous iterable of pictures"
)
# OpenCV crashes at a negative number, and takes no larger one than a C integer.
LAST_CAMERA = 2**31 - 1


@dataclass(frozen=True)
class Reading:
    """How the frames of a source are read; ``Human.stream()`` describes the options."""

    bgr: bool
    max_pixels: int
    max_pending: int
    drops: bool | None
    timeout: float | None
    reconnect: float


class Frames:
    """The frames of one source, from ``open()`` to ``aclose()``, for the consumer in one event loop.

    Raises ``InputError`` if the source is of no accepted type or not the number of a camera.
    """

    def __init__(self, source: StreamSource, reading: Reading) -> None:
        if not isinstance(source, int) or isinstance(source, bool):
            check_source(source, ACCEPTED_SOURCES)
        elif not 0 <= source <= LAST_CAMERA:
            raise InputError(f"{source!r} is not the number of a camera; it must be 0 or more, the first is 0")
        self._source = source
        self._reading = reading
        self._capture: Capture | None = None
        self._feed: Feed[Frame] | None = None
        self._patience = reading.timeout

    @property
    def count(self) -> int:
        """How many frames the source delivered."""
        return 0 if self._feed is None else self._feed.count

    @property
    def dropped(self) -> int:
        """How many of them were dropped."""
        return 0 if self._feed is None else self._feed.dropped

    @property
    def reconnected(self) -> int:
        """How often a lost source was opened again."""
        return 0 if self._capture is None else self._capture.reconnected

    async def open(self) -> None:
        """Start to read ahead, and wait for the first frame unless the source is an iterable of the caller.

        Raises as ``take()``.
        """
        source, drops = self._source, self._reading.drops
        is_live = isinstance(source, int) or (isinstance(source, str) and ADDRESS.match(source) is not None)
        feed = self._feed = Feed[Frame](self._reading.max_pending, drop_oldest=is_live if drops is None else drops)
        if isinstance(source, AsyncIterable):
            feed.read(each_of_async(source, self._frame), name="humanrt-frames")
            return
        if isinstance(source, int) or (isinstance(source, str) and is_live):
            feed.read(self._of_video(source, feed), name="humanrt-capture")
        elif isinstance(source, str | os.PathLike):
            feed.read(self._of_path(os.fsdecode(source), feed), name="humanrt-capture")
        else:
            feed.read(each_of(source, self._frame), name="humanrt-frames")
            return
        await self._arrival(feed)
        if feed.failed:
            await feed.take()  # raises its error

    async def take(self) -> Frame:
        """Return the next frame.

        Raises ``StopAsyncIteration`` at the end of the source and after ``stop()``, ``StreamTimeoutError`` if the
        source delivers nothing in time, ``InputError`` if a picture is invalid or the source does not exist,
        ``StreamError``, and the errors of an iterable.
        """
        if self._feed is None:
            raise StopAsyncIteration
        await self._arrival(self._feed)
        return await self._feed.take()

    def stop(self) -> None:
        """Make the source end, without waiting for it."""
        if self._feed is not None:
            self._feed.stop()

    async def aclose(self) -> None:
        """Make the source end, and wait until it has released everything. Idempotent."""
        if self._feed is not None:
            await self._feed.aclose()

    async def _arrival(self, feed: Feed[Frame]) -> None:
        if feed.is_ready():
            return
        try:
            async with asyncio.timeout(self._patience):
                await feed.wait()
        except TimeoutError:
            raise StreamTimeoutError(
                f"the source delivered no frame in {self._patience:g} s; timeout=None waits for any time"
            ) from None

    # -- kinds of sources, each read in its thread or task

    def _of_video(self, source: str | int | Path, feed: Feed[Frame]) -> Iterator[Frame]:
        reading = self._reading
        self._capture = Capture(
            source,
            max_pixels=reading.max_pixels,
            timeout=reading.timeout,
            reconnect=reading.reconnect,
            realtime=feed.drops_oldest,
        )
        if self._patience is not None:
            # The capture observes the timeout itself, once to open and once to read; this is for one that does not.
            self._patience = 2 * self._patience + reading.reconnect + 1
        return self._capture.frames(feed.pause)

    def _of_path(self, source: str, feed: Feed[Frame]) -> Iterator[Frame]:
        path = Path(source)
        if path.is_file() and path.suffix.lower() not in PICTURE_ENDINGS:
            yield from self._of_video(path, feed)
            return
        for picture in list_pictures(source):
            try:
                frame = self._frame(picture)
            except InputError as error:
                name = repr(str(picture)[:200])
                raise InputError(str(error) if str(error).startswith(name) else f"{name}: {error}") from error
            yield frame

    def _frame(self, source: PictureSource) -> Frame:
        """Read a picture to an array that nothing else writes to."""
        timestamp = time.time()
        pixels = read_picture(source, bgr=self._reading.bgr, max_pixels=self._reading.max_pixels)
        # NumPy's array of another library's may be that library's own.
        is_other = not isinstance(source, np.ndarray) and isinstance(source, ArrayLike)
        if pixels is source or is_other or not pixels.flags.owndata:
            pixels = pixels.copy()
        pixels.flags.writeable = False
        return Frame(pixels, timestamp)
