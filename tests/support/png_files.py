"""PNG files of given chunks, for pictures that no encoder writes."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(pixels, header=(4, 3, 8, 2, 0, 0, 0), before=b""):
    """Return a file with compressed ``pixels``; by default RGB of 4 x 3, with 8 bits."""
    ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", *header))
    return SIGNATURE + ihdr + before + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def unreadable():
    """Return a picture of 64 x 64 whose second row has a filter that does not exist: libpng writes a line about it."""
    rows = b"".join(bytes([7 if y == 1 else 0]) + bytes(3 * 64) for y in range(64))
    return png(zlib.compress(rows), (64, 64, 8, 2, 0, 0, 0))
