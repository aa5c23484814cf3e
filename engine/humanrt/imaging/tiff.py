"""The header of a TIFF picture: the first directory, as libtiff reads it.

Source: TIFF 6.0. libtiff decodes a strip or a tile as a whole, however large it is in comparison to the picture.
"""

import struct
from collections.abc import Iterator

from humanrt.errors import InputError
from humanrt.imaging.header import PLAIN_BYTES, Header

WIDTH, HEIGHT, BITS, SAMPLES, STRIP_ROWS, TILE_WIDTH, TILE_HEIGHT = 256, 257, 258, 277, 278, 322, 323
READ = frozenset({WIDTH, HEIGHT, BITS, SAMPLES, STRIP_ROWS, TILE_WIDTH, TILE_HEIGHT})
INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}  # the types that libtiff converts to integers

# Tiles of small pictures may be larger than these.
SMALL_TILE_PIXELS = 2**22
# OpenCV decodes into RGBA first.
RGBA_BYTES = 4


def read_tiff(data: bytes) -> Header:
    """Read size and memory from the first directory.

    Raises ``InputError`` if the directory has no size, ``struct.error`` if it is truncated.
    """
    tags: dict[int, int] = {}
    for tag, value in _entries(data):
        tags[tag] = max(tags.get(tag, 0), value)  # of two entries libtiff may use either
    width, height = tags.get(WIDTH, 0), tags.get(HEIGHT, 0)
    if TILE_WIDTH in tags or TILE_HEIGHT in tags:
        part = tile = tags.get(TILE_WIDTH, 1) * tags.get(TILE_HEIGHT, 1)
    else:
        part, tile = width * min(tags.get(STRIP_ROWS) or height, height), 0
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
