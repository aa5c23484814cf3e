"""Video: files, cameras and network addresses, frame by frame. The only use of ``cv2.VideoCapture``.

Everything here blocks, and a capture belongs to the thread that reads it.

Observed with OpenCV 5.0 and its FFmpeg 8, and handled here:

- ``read()`` returns the same for the end of a file, a lost connection and a timeout. A live source has no end, so that
  its end is a loss; an address has a known number of frames if it is a file.
- FFmpeg ends a call at the address's timeouts, within some milliseconds. A camera's driver has timeouts of its own.
- A path with ``%02d`` names a sequence of pictures, and one with a colon a protocol: FFmpeg receives absolute paths of
  existing files. A playlist among them cannot open addresses: FFmpeg allows protocols of files only.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError, StreamError, StreamTimeoutError
from humanrt.imaging.header import check_size
from humanrt.imaging.opencv import load_cv2

ADDRESS = re.compile(r"(rtsps?|https?)://", re.IGNORECASE)
RECONNECT_PAUSE = 0.5
"""Seconds between two attempts to open a lost source again."""

Pause: TypeAlias = Callable[[float], bool]
"""Waits for some seconds; returns True, at once, if the capture must end."""


class Frame(NamedTuple):
    """One frame: uint8 [h, w, 3] RGB, read-only; and its time in seconds.

    The time is the position in a video file; of any other source, the time since 1970-01-01 UTC at which it was read.
    """

    pixels: NDArray[np.uint8]
    timestamp: float


class VideoCapture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used."""

    def read(self) -> tuple[bool, NDArray[np.uint8]]:
        """Return whether there is a frame, and the frame, [h, w, 3] BGR."""

    def get(self, key: int, /) -> float:
        """Return a property."""

    def release(self) -> None:
        """Close the source."""


class Capture:
    """The frames of a video file (a path), a camera (its number) or an address (rtsp, rtsps, http or https).

    ``timeout`` is the number of seconds that opening the source and reading one frame may take; None is unlimited. For
    ``reconnect`` seconds a camera or an address that was lost is opened again before the error is raised. A file, also
    one at an address, is played at its own speed if ``realtime``.

    Attributes:
        reconnected: how often a lost source was opened again.

    """

    def __init__(
        self,
        source: str | int | Path,
        *,
        max_pixels: int,
        timeout: float | None = None,
        reconnect: float = 0,
        realtime: bool = False,
    ) -> None:
        self.reconnected: int = 0
        self._source = source
        self._max_pixels = max_pixels
        self._timeout = timeout
        self._reconnect = reconnect
        self._realtime = realtime

    @property
    def title(self) -> str:
        """Return the source as messages contain it: an address without user, password and query."""
        if isinstance(self._source, int):
            return f"camera {self._source}"
        if isinstance(self._source, Path):
            return repr(str(self._source)[:200])
        address = urlsplit(self._source)
        return f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"[:200]

    def frames(self, pause: Pause) -> Iterator[Frame]:
        """Yield the frames, until the source or the generator ends; each is an array of its own.

        Raises ``InputError`` if the source is not a video or its frames are too large, ``StreamError`` if it cannot be
        opened or was lost, ``StreamTimeoutError`` if it delivers nothing in ``timeout`` seconds.
        """
        lost: StreamError | None = None
        lost_at = time.monotonic()
        connected = False
        while True:
            try:
                for frame in self._frames_of_one_capture(pause):
                    self.reconnected += connected and lost is not None
                    connected, lost = True, None
                    yield frame
            except StreamError as error:
                if lost is None:
                    lost, lost_at = error, time.monotonic()
                remaining = lost_at + self._reconnect - time.monotonic()
                if remaining <= 0:
                    raise lost from None
            else:
                return
            if pause(min(RECONNECT_PAUSE, remaining)):
                return

    def _frames_of_one_capture(self, pause: Pause) -> Iterator[Frame]:
        capture = self._open()
        try:
            yield from self._read(capture, pause)
        finally:
            capture.release()

    def _open(self) -> VideoCapture:
        cv2 = load_cv2()
        start = time.monotonic()
        if isinstance(self._source, int):
            capture = cv2.VideoCapture(self._source, cv2.CAP_ANY)
        else:
            milliseconds = 0 if self._timeout is None else max(1, round(1000 * self._timeout))  # 0 is unlimited
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, milliseconds, cv2.CAP_PROP_READ_TIMEOUT_MSEC, milliseconds]
            name = self._source if isinstance(self._source, str) else os.path.abspath(self._source)  # noqa: PTH100
            capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG, limits)
        if capture.isOpened():
            opened: VideoCapture = capture
            return opened
        if isinstance(self._source, Path):
            raise InputError(f"{self.title} is neither a picture nor a video that FFmpeg reads")
        raise self._failure(start, "cannot be opened")

    def _read(self, capture: VideoCapture, pause: Pause) -> Iterator[Frame]:
        cv2 = load_cv2()
        is_live = isinstance(self._source, int) or (
            isinstance(self._source, str) and not capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
        )
        began = time.monotonic()
        while True:
            start = time.monotonic()
            is_frame, pixels = capture.read()
            if not is_frame:
                break
            check_size(pixels.shape[1], pixels.shape[0], self._max_pixels)
            seconds = time.time() if is_live else capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if self._realtime and not is_live and pause(began + seconds - time.monotonic()):
                return
            cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels)
            pixels.flags.writeable = False
            yield Frame(pixels, seconds)
        if is_live or (isinstance(self._source, str) and self._is_incomplete(capture)):
            raise self._failure(start, "was lost: it delivers no more frames")

    def _is_incomplete(self, capture: VideoCapture) -> bool:
        """Return whether a file behind an address ended more than a second early; its length is an estimate."""
        cv2 = load_cv2()
        missing = capture.get(cv2.CAP_PROP_FRAME_COUNT) - capture.get(cv2.CAP_PROP_POS_FRAMES)
        return bool(missing > max(1.0, capture.get(cv2.CAP_PROP_FPS)))

    def _failure(self, start: float, what: str) -> StreamError:
        """Return the error of an operation that began at ``start``: a timeout, if it took as long."""
        if self._timeout is not None and time.monotonic() - start >= self._timeout:
            return StreamTimeoutError(f"{self.title} delivered no frame in {self._timeout:g} s")
        cure = "check the file"
        if isinstance(self._source, int):
            cure = "check its number and that no other program uses it"
        elif isinstance(self._source, str):
            cure = "check that it is that of a video, and that its server answers"
        hint = "" if self._reconnect else "; reconnect=SECONDS opens a lost source again"
        return StreamError(f"{self.title} {what}: {cure}{hint}")
