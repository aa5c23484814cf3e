"""Encoded pictures to pixels.

Observed with OpenCV 5.0, and handled here or in ``formats.py``:

- It turns JPEG, PNG, WebP and TIFF upright by their EXIF orientation, but not AVIF.
- It refuses every truncated file (4.10 does not: it fills the missing part of a JPEG with noise). Damaged data of a
  format without checksums, or a JPEG cut short and closed with an end marker, decode to a wrong picture unnoticed.
- Decoding to RGB swaps red and blue in AVIF with alpha. So pictures are decoded to BGR and converted here, other than
  JPEG: libjpeg writes RGB in the same pass.
- libtiff blends the 8-bit colours of a TIFF with black according to alpha; all other formats drop alpha.
- It has no limit of its own but one of pixels, for the whole process, read from the environment once.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging.avif import Turn, read_avif_turn
from humanrt.imaging.formats import read_header
from humanrt.imaging.header import ACCEPTED_FORMATS, PLAIN_BYTES, Header, check_size
from humanrt.imaging.heif import decode_heif, is_heif
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.room import UNLIMITED, Room
from humanrt.imaging.whole import check_whole

# The rows that are converted at once: a strip of them needs no copy of the whole picture.
STRIP_ROWS = 256

# A pixel of the result.
RGB_BYTES = 3


class Decoded(NamedTuple):
    """A decoded picture, and the size that it has in its file."""

    pixels: NDArray[np.uint8]
    """uint8 [h, w, 3] RGB, upright, C-contiguous; the caller owns it."""

    width: int
    """The width of the upright picture in its file: larger than that of ``pixels`` if it was decoded at a smaller
    scale."""

    height: int
    """The height in its file."""


def decode(data: bytes, *, max_pixels: int, room: Room = UNLIMITED) -> NDArray[np.uint8]:
    """Decode a picture to uint8 [h, w, 3] RGB, upright, C-contiguous; the caller owns it.

    Alpha is dropped as in Human: the colours below stay as they are. Grey becomes RGB, 16 bits become 8, and of an
    animation the first frame is decoded. ``room`` counts the memory that decoding takes.

    Raises ``InputError`` if the data are empty, unknown, truncated or damaged, or if the picture has more than
    ``max_pixels`` pixels or needs too much memory. These limits are checked against the header, before the picture is
    decoded, and against the result. Raises ``MissingDependencyError`` for HEIC without pillow-heif.
    """
    return decode_scaled(data, max_pixels=max_pixels, max_side=0, room=room).pixels


def decode_scaled(data: bytes, *, max_pixels: int, max_side: int, room: Room = UNLIMITED) -> Decoded:
    """Decode a picture as ``decode()`` does; a JPEG at the smallest scale at which its longer side has ``max_side``.

    The scales are 1/2, 1/4 and 1/8, at which libjpeg decodes with less work; 0 is for the whole picture. Raises what
    ``decode()`` raises.
    """
    if is_heif(data):
        pixels = decode_heif(data, max_pixels, room)
        return Decoded(pixels, pixels.shape[1], pixels.shape[0])
    header = read_header(data)
    header.check(max_pixels)
    check_whole(header.format, data)
    divisor = _divisor(header, max_side)
    width, height = -(-header.width // divisor), -(-header.height // divisor)
    pixel_count = width * height
    # What is not pixels, the coefficients of a progressive JPEG, does not become less.
    memory = header.memory - PLAIN_BYTES * (header.width * header.height - pixel_count)
    # The encoded picture is kept for decoding it whole.
    room.hold_picture(pixel_count, memory, RGB_BYTES * pixel_count + (len(data) if divisor > 1 else 0))
    pixels = _decode(data, header.format, divisor)
    check_size(pixels.shape[1], pixels.shape[0], max_pixels)
    if header.format == "AVIF":
        pixels = _upright(pixels, read_avif_turn(data))
    if divisor == 1:
        return Decoded(pixels, pixels.shape[1], pixels.shape[0])
    is_turned = pixels.shape[:2] == (width, height) != (height, width)
    return Decoded(pixels, *((header.height, header.width) if is_turned else (header.width, header.height)))


def _divisor(header: Header, max_side: int) -> int:
    """Return the number that a JPEG's width and height are divided by."""
    if header.format != "JPEG" or not max_side:
        return 1
    longer = max(header.width, header.height)
    return next((divisor for divisor in (8, 4, 2) if -(-longer // divisor) >= max_side), 1)


def _decode(data: bytes, format_name: str, divisor: int) -> NDArray[np.uint8]:
    cv2 = load_cv2()
    refusal = InputError(
        f"the {format_name} picture cannot be decoded: it is truncated, damaged or of a kind that OpenCV does not "
        f"read; accepted are {ACCEPTED_FORMATS}"
    )
    is_jpeg = format_name == "JPEG"
    flag = cv2.IMREAD_COLOR_RGB if is_jpeg else cv2.IMREAD_COLOR
    if divisor > 1:
        flag |= getattr(cv2, f"IMREAD_REDUCED_GRAYSCALE_{divisor}")  # without a flag of colour, the scale alone
    try:
        pixels: NDArray[np.uint8] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error as error:
        raise refusal from error
    if pixels is None:
        raise refusal
    for start in range(0, 0 if is_jpeg else len(pixels), STRIP_ROWS):
        strip = pixels[start : start + STRIP_ROWS]
        cv2.cvtColor(strip, cv2.COLOR_BGR2RGB, dst=strip)
    return pixels


def _upright(pixels: NDArray[np.uint8], turn: Turn) -> NDArray[np.uint8]:
    if turn == Turn():
        return pixels
    turned = np.rot90(pixels, turn.quarter_turns)
    return (turned if turn.mirror_axis is None else np.flip(turned, turn.mirror_axis)).copy(order="C")
