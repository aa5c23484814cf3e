"""PNG files whose pixels are indices: OpenCV writes none with a palette.

Source: the PNG specification (third edition).
"""

import struct
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

INDEXED, BIT_DEPTH = 3, 8


def write_indexed_png(labels: NDArray[np.uint8], colors: Mapping[int, tuple[int, int, int]]) -> bytes:
    """Return labels, uint8 [h, w], as a PNG with a palette: pixel values are labels, and each has its colour.

    Labels without a colour are black. Label 0 is transparent.
    """
    height, width = labels.shape
    palette = bytearray(3 * (1 + max(int(labels.max(initial=0)), *colors, 0)))
    for label, color in colors.items():
        palette[3 * label : 3 * label + 3] = bytes(color)
    rows = np.empty((height, width + 1), np.uint8)
    rows[:, 0] = 0  # each row begins with its filter: none
    rows[:, 1:] = labels
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, BIT_DEPTH, INDEXED, 0, 0, 0)),
            _chunk(b"PLTE", bytes(palette)),
            _chunk(b"tRNS", b"\x00"),
            _chunk(b"IDAT", zlib.compress(rows.data, 6)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
