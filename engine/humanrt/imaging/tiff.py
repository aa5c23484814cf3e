"""The header of a TIFF picture: the first directory, as libtiff reads it.

Source: TIFF 6.0. libtiff decodes a strip or a tile as a whole, however large it is in comparison to the picture.
"""

import re
import struct
from collections.abc import Iterator

from humanrt.errors import InputError
from humanrt.imaging.header import PLAIN_BYTES, Header

WIDTH, HEIGHT, BITS, COMPRESSION, SAMPLES, STRIP_ROWS, TILE_WIDTH, TILE_HEIGHT = 256, 257, 258, 259, 277, 278, 322, 323
READ = frozenset({WIDTH, HEIGHT, BITS, COMPRESSION, SAMPLES, STRIP_ROWS, TILE_WIDTH, TILE_HEIGHT})
INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}  # the types that libtiff converts to integers

# Tiles of small pictures may be larger than these.
SMALL_TILE_PIXELS = 2**22
# Strips or tiles. Each takes about 2 microseconds, however small it is.
MAX_PARTS = 400_000
# The start of a progressive frame in JPEG data: TIFF does not allow it (Technical Note 2), and each of up to 100 scans
# takes time for every pixel.
JPEG = 7
PROGRESSIVE = re.compile(rb"\xff[\xc2\xc6\xca\xce]\0[\x0b-\x26]\x08")
# OpenCV decodes into RGBA first.
RGBA_BYTES = 4


def read_tiff(data: bytes) -> Header:
    """Read size and memory from the first directory.

    Raises ``InputError`` if the picture has too many parts or a progressive JPEG in it, or if a value has a wrong type;
    ``struct.error`` if it is truncated.
    """
    tags: dict[int, int] = {}
    is_jpeg = False
    for tag, value in _entries(data):
        is_jpeg |= (tag, value) == (COMPRESSION, JPEG)
        tags[tag] = max(tags.get(tag, 0), value)  # of two entries libtiff may use either
    width, height = tags.get(WIDTH, 0), tags.get(HEIGHT, 0)
    if TILE_WIDTH in tags or TILE_HEIGHT in tags:
        part = tile = tags.get(TILE_WIDTH, 1) * tags.get(TILE_HEIGHT, 1)
    else:
        part, tile = width * min(tags.get(STRIP_ROWS) or height, height), 0
    parts = width * height // max(1, part)
    if parts > MAX_PARTS:
        raise InputError(f"the TIFF picture consists of {parts:,} strips or tiles; at most {MAX_PARTS:,} are decoded")
    if is_jpeg and PROGRESSIVE.search(data):
        raise InputError("the TIFF picture contains a progressive JPEG, which TIFF does not allow: save it again")
    sample_bytes = tags.get(SAMPLES, 1) * -(-tags.get(BITS, 1) // 8)
    picture = PLAIN_BYTES * width * height
    memory = picture // 2 + max(picture // 2, part * (RGBA_BYTES + sample_bytes))
    return Header("TIFF", width, height, memory, tile if tile > SMALL_TILE_PIXELS else 0)


def _entries(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield tag and value of the entries that are read; of a list, as for the bits of each sample, the largest."""
    order = "<" if data.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(order + "HHI", data, entry)
        if tag not in READ:
            continue
        if kind not in INTEGERS:
            raise InputError(f"the TIFF picture is damaged: the value of its tag {tag} is of type {kind}")
        values = min(values, 16)
        packed = f"{order}{values}{INTEGERS[kind]}"
        place = entry + 8
        if struct.calcsize(packed) > 4:
            (place,) = struct.unpack_from(order + "I", data, place)
        yield tag, max(struct.unpack_from(packed, data, place), default=0)
