"""Encoded pictures to pixels.

What was found with OpenCV 5.0, and how it is met:

- It turns JPEG, PNG, WebP and TIFF upright by their EXIF orientation, but not AVIF: that is done here.
- It refuses every truncated file (4.10 does not: it fills the missing part of a JPEG with noise). A damaged body of a
  format without checksums, or a JPEG cut short and closed with an end marker, decodes to a wrong picture unnoticed.
- Its own switch to RGB order swaps red and blue in AVIF with alpha: so it decodes to BGR, which is swapped here.
- libtiff blends the 8-bit colours of a TIFF with black where alpha says so; in all other formats alpha is dropped.
"""

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging.avif import read_avif_turn
from humanrt.imaging.header import ACCEPTED_FORMATS, read_header
from humanrt.imaging.opencv import PIXEL_CEILING, load_cv2


def decode(data: bytes, *, max_pixels: int) -> NDArray[np.uint8]:
    """Decode a picture to uint8 [h, w, 3] RGB, upright, the caller's own and C-contiguous.

    Alpha is dropped as Human drops it: the colours beneath stay as they are. Grey becomes RGB, 16 bits become 8, of an
    animation the first frame is taken.

    Raises InputError when the bytes are empty, unknown, truncated or damaged, or hold more than ``max_pixels`` pixels;
    the size is judged by the header, before anything is decoded.
    """
    header = read_header(data)
    check_size(header.width, header.height, max_pixels)
    cv2 = load_cv2()
    refusal = InputError(
        f"the {header.format} picture cannot be decoded: it is truncated, damaged or of a kind that OpenCV does not "
        f"read; accepted are {ACCEPTED_FORMATS}"
    )
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise refusal from error
    if bgr is None:
        raise refusal
    rgb: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    if header.format == "AVIF":
        quarter_turns, mirror_axis = read_avif_turn(data)
        upright = np.rot90(rgb, quarter_turns)
        rgb = (upright if mirror_axis is None else np.flip(upright, mirror_axis)).copy(order="C")
    return rgb


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Raise InputError when a picture of this size holds no pixel, or more than ``max_pixels``."""
    if width < 1 or height < 1:
        raise InputError(f"the picture is {width} x {height}: it holds no pixel")
    limit = min(max_pixels, PIXEL_CEILING)
    if width * height > limit:
        raise InputError(
            f"the picture is too large: {width} x {height} = {width * height:,} pixels, the limit is {limit:,} "
            "(the setting max_pixels)"
        )
