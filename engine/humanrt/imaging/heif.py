"""HEIC pictures, which the optional package pillow-heif decodes.

libheif, which it contains, turns the picture upright, and refuses pictures beyond its own limits before it allocates.
"""

import importlib
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError, MissingDependencyError
from humanrt.imaging.header import check_size
from humanrt.imaging.room import Room

BRANDS = re.compile(rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL)

# Bytes a pixel while it is decoded: planes of up to 16 bits, RGBA, and the copy without alpha.
HEIF_BYTES = 14
RGB_BYTES = 3


def is_heif(data: bytes) -> bool:
    """Return whether the data begin as HEIC does. AVIF has the same container."""
    return BRANDS.match(data) is not None and b"avif" not in data[8:64]


def decode_heif(data: bytes, max_pixels: int, room: Room) -> NDArray[np.uint8]:
    """Decode the main picture to uint8 [h, w, 3] RGB, upright; alpha is dropped.

    Raises ``MissingDependencyError`` without pillow-heif, ``InputError`` if the data are damaged or too large.
    """
    try:
        pillow_heif: Any = importlib.import_module("pillow_heif")
    except ImportError as error:
        raise MissingDependencyError(
            'the picture is HEIC, which needs pillow-heif: pip install "humanrt[heif]"'
        ) from error
    try:
        picture = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
        width, height = picture.size
        check_size(width, height, max_pixels)
        room.hold_picture(width * height, HEIF_BYTES * width * height, RGB_BYTES * width * height)
        array = np.asarray(picture)
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the HEIC picture cannot be decoded: {error}") from error
    if array.ndim == 2:
        array = array[..., np.newaxis].repeat(RGB_BYTES, axis=2)
    pixels: NDArray[np.uint8] = np.ascontiguousarray(array[..., :RGB_BYTES])
    check_size(pixels.shape[1], pixels.shape[0], max_pixels)
    return pixels
