"""All frames of an animation: GIF, animated WebP, and animated PNG.

The frames are counted in the file before one is decoded: OpenCV would decode up to 32,767 of them, each in the size of
the whole picture.
"""

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging.decode import RGB_BYTES, STRIP_ROWS, decode
from humanrt.imaging.formats import read_header
from humanrt.imaging.gif import check_frames, count_frames
from humanrt.imaging.header import MAX_SEGMENTS, check_size
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.room import UNLIMITED, Room

# Bytes a pixel of each frame: OpenCV's, with alpha, and that of the result.
FRAME_BYTES = 4 + RGB_BYTES


class Frames(NamedTuple):
    """The frames of an animation, and how long each is shown."""

    pixels: NDArray[np.uint8]
    """uint8 [n, h, w, 3] RGB; the caller owns it."""

    durations: tuple[float, ...]
    """Milliseconds, as the file states them; 0 for the one frame of a picture that is not animated."""


def decode_frames(data: bytes, *, max_pixels: int, max_frames: int | None = None, room: Room = UNLIMITED) -> Frames:
    """Decode the frames of an animation, each complete: what a frame leaves unchanged is that of the frame before.

    A picture that is no animation, of any of the three formats, has one frame. ``max_frames`` decodes the first frames
    only. Alpha is dropped, as ``decode()`` does.

    Raises ``InputError`` if the data are of another format, truncated or damaged, or if the frames that are decoded
    have more than ``max_pixels`` pixels together.
    """
    header = read_header(data)
    if header.format not in COUNTERS:
        raise InputError(
            f"the picture is {header.format}, which has no frames here; accepted are {', '.join(COUNTERS)}: decode "
            "others with decode_image()"
        )
    header.check(max_pixels)
    count = _counted(header.format, data)
    if max_frames is not None:
        count = min(count, max_frames)
    if count == 1:
        return Frames(decode(data, max_pixels=max_pixels, room=room)[np.newaxis], (0.0,))
    _check_sum(header.width, header.height, count, max_pixels)
    if header.format == "GIF":
        check_frames(data, count)
    pixel_count = count * header.width * header.height
    memory = header.memory + FRAME_BYTES * pixel_count
    header._replace(memory=memory).check(max_pixels)
    room.hold_picture(pixel_count, memory, RGB_BYTES * pixel_count)
    cv2 = load_cv2()
    animation = cv2.Animation()
    refusal = InputError(f"the frames of the {header.format} picture cannot be decoded: it is truncated or damaged")
    try:
        decoded, animation = cv2.imdecodeanimation(np.frombuffer(data, np.uint8), 0, count)
    except cv2.error as error:
        raise refusal from error
    frames = list(animation.frames)
    if not decoded or not frames:
        raise refusal
    durations = tuple(float(duration) for duration in np.ravel(animation.durations)[: len(frames)])
    del animation
    return Frames(_stacked(frames, max_pixels), durations)


def _check_sum(width: int, height: int, count: int, max_pixels: int) -> None:
    total = width * height * count
    if total > max_pixels:
        raise InputError(
            f"the animation is too large: {count} frames of {width} x {height} are {total:,} pixels, the limit is "
            f"{max_pixels:,} (the setting image.max_pixels); decode the first frames with max_frames"
        )


def _stacked(frames: list[NDArray[np.uint8]], max_pixels: int) -> NDArray[np.uint8]:
    """Copy frames to one array, in RGB, and release each that is copied."""
    cv2 = load_cv2()
    height, width, channels = frames[0].shape
    check_size(width, height * len(frames), max_pixels)
    pixels = np.empty((len(frames), height, width, RGB_BYTES), np.uint8)
    code = cv2.COLOR_BGRA2RGB if channels > RGB_BYTES else cv2.COLOR_BGR2RGB
    for i in range(len(frames)):
        frame = frames[i]
        frames[i] = pixels[i]
        for start in range(0, height, STRIP_ROWS):
            cv2.cvtColor(frame[start : start + STRIP_ROWS], code, dst=pixels[i, start : start + STRIP_ROWS])
    return pixels


def _counted(format_name: str, data: bytes) -> int:
    """Return the number of frames. Raises ``InputError`` if there are none, or the data end before they do."""
    try:
        count = COUNTERS[format_name](data)
    except (struct.error, IndexError):
        raise InputError(f"the {format_name} picture is truncated: it ends within a frame") from None
    if not count:
        raise InputError(f"the {format_name} picture is damaged: it has no frame")
    return count


def _count_webp(data: bytes) -> int:
    position, count = 12, 0
    for _ in range(MAX_SEGMENTS):
        if position + 8 > len(data):
            return count or 1
        kind, length = struct.unpack_from("<4sI", data, position)
        count += kind == b"ANMF"
        position += 8 + length + length % 2
    raise InputError(f"the WebP picture has more than {MAX_SEGMENTS:,} chunks")


def _count_png(data: bytes) -> int:
    position, kind, count = 8, b"", 0
    while kind != b"IEND":  # the reader of the header has found it
        length, kind = struct.unpack_from(">I4s", data, position)
        count += kind == b"fcTL"
        position += 12 + length
    return count or 1


COUNTERS: Mapping[str, Callable[[bytes], int]] = {"GIF": count_frames, "WebP": _count_webp, "PNG": _count_png}
