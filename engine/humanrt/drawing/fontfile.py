"""The check of a font's file before OpenCV reads it: OpenCV trusts every offset in it, and crashes at damaged ones.

The checksums of the tables find accidental damage. A file that was made to be harmful can have right checksums: fonts
come from people who are trusted, as programs do.
"""

import os
import stat
import struct
from pathlib import Path

import numpy as np

MAGIC = (b"\x00\x01\x00\x00", b"OTTO", b"true")
COLLECTION = b"ttcf"
LARGEST_FILE = 2**28


def is_font(name: str) -> bool:
    """Return whether a path is a regular file whose tables are those of an undamaged TrueType or OpenType font.

    Of a collection, the first font counts: it is the one that OpenCV takes.
    """
    try:
        os.fsencode(name).decode()  # what OpenCV accepts as a path
        status = Path(name).stat()
        if not stat.S_ISREG(status.st_mode) or not 12 <= status.st_size <= LARGEST_FILE:
            return False
        data = Path(name).read_bytes()
        start = struct.unpack_from(">I", data, 12)[0] if data[:4] == COLLECTION else 0
        return data[start : start + 4] in MAGIC and _are_whole(data, start)
    except (OSError, ValueError, struct.error):
        return False


def _are_whole(data: bytes, start: int) -> bool:
    """Return whether the directory at ``start`` has tables, all of them in the file and with their checksums."""
    count: int = struct.unpack_from(">H", data, start + 4)[0]
    for i in range(count):
        tag, checksum, offset, length = struct.unpack_from(">4sIII", data, start + 12 + 16 * i)
        if offset + length > len(data):
            return False
        table = data[offset : offset + length]
        if tag == b"head":  # it has the checksum of the whole file, which counts as 0 in its own
            table = table[:8] + bytes(4) + table[12:]
        words = np.frombuffer(table + bytes(-length % 4), ">u4")
        if int(words.sum(dtype=np.uint64)) % 2**32 != checksum:
            return False
    return count > 0
