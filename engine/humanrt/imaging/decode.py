"""Encoded pictures to pixels.

Observed with OpenCV 5.0, and handled here or in ``formats.py``:

- It turns JPEG, PNG, WebP and TIFF upright by their EXIF orientation, but not AVIF.
- It refuses every truncated file (4.10 does not: it fills the missing part of a JPEG with noise). Damaged data of a
  format without checksums, or a JPEG cut short and closed with an end marker, decode to a wrong picture unnoticed.
- Decoding to RGB swaps red and blue in AVIF with alpha. So pictures are decoded to BGR and converted here.
- libtiff blends the 8-bit colours of a TIFF with black according to alpha; all other formats drop alpha.
- It has no limit of its own but one of pixels, for the whole process, read from the environment once.
"""

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging.avif import Turn, read_avif_turn
from humanrt.imaging.formats import read_header
from humanrt.imaging.header import ACCEPTED_FORMATS, check_size
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.room import UNLIMITED, Room

# The rows that are converted at once: a strip of them needs no copy of the whole picture.
STRIP_ROWS = 256

# A pixel of the result.
RGB_BYTES = 3


def decode(data: bytes, *, max_pixels: int, room: Room = UNLIMITED) -> NDArray[np.uint8]:
    """Decode a picture to uint8 [h, w, 3] RGB, upright, C-contiguous; the caller owns it.

    Alpha is dropped as in Human: the colours below stay as they are. Grey becomes RGB, 16 bits become 8, and of an
    animation the first frame is decoded. ``room`` counts the memory that decoding takes.

    Raises ``InputError`` if the data are empty, unknown, truncated or damaged, or if the picture has more than
    ``max_pixels`` pixels or needs too much memory. These limits are checked against the header, before the picture is
    decoded, and against the result.
    """
    header = read_header(data)
    header.check(max_pixels)
    pixel_count = header.width * header.height
    room.hold_picture(pixel_count, header.memory, RGB_BYTES * pixel_count)
    cv2 = load_cv2()
    refusal = InputError(
        f"the {header.format} picture cannot be decoded: it is truncated, damaged or of a kind that OpenCV does not "
        f"read; accepted are {ACCEPTED_FORMATS}"
    )
    try:
        pixels: NDArray[np.uint8] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise refusal from error
    if pixels is None:
        raise refusal
    check_size(pixels.shape[1], pixels.shape[0], max_pixels)
    for start in range(0, len(pixels), STRIP_ROWS):
        strip = pixels[start : start + STRIP_ROWS]
        cv2.cvtColor(strip, cv2.COLOR_BGR2RGB, dst=strip)
    return _upright(pixels, read_avif_turn(data)) if header.format == "AVIF" else pixels


def _upright(pixels: NDArray[np.uint8], turn: Turn) -> NDArray[np.uint8]:
    if turn == Turn():
        return pixels
    turned = np.rot90(pixels, turn.quarter_turns)
    return (turned if turn.mirror_axis is None else np.flip(turned, turn.mirror_axis)).copy(order="C")
