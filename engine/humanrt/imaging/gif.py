"""The size and the frames of a GIF, and the clear codes in their data.

OpenCV 5.0 takes 9 microseconds for a clear code, of which a megabyte has 2.8 million: 25 s. So those of the frames that
are decoded are counted before. Source: the GIF89a specification, appendix F (LZW with codes of 3 to 12 bits).
"""

import functools
import struct
from collections.abc import Iterator
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging.header import MAX_SEGMENTS, Header

# Bytes a pixel: see PLAIN_BYTES.
GIF_BYTES = 9

EXTENSION, IMAGE, END = 0x21, 0x2C, 0x3B

# Blocks of at most 255 bytes, in all frames that are read: the largest files that are accepted have 1 million.
MAX_BLOCKS = 2_000_000

# Encoders clear the table when it is full, after about 4,000 pixels; those without compression before codes become
# longer, after 254 pixels of 8 bits. A quarter of a second beyond the latter.
USUAL_CLEAR_PIXELS, MORE_CLEARS = 254, 30_000

# The sizes of the first codes that OpenCV accepts, and of the longest code.
LEAST_BITS, MOST_BITS, LONGEST = 2, 11, 12

# The codes behind a clear code that are read at once: few, as it may be followed by another, then more.
PARTS = ((0, 64), (64, 512), (512, 1 << LONGEST))


class Image(NamedTuple):
    """A frame: where its data begin, with the bits of a colour, and its pixels."""

    start: int
    pixels: int


class _Part(NamedTuple):
    """Codes in succession: the byte and the bit in it where each begins, its mask, the bit of its end; all bytes."""

    places: NDArray[np.int32]
    shifts: NDArray[np.int32]
    masks: NDArray[np.int32]
    ends: NDArray[np.int32]
    bytes: int


def read_gif(data: bytes) -> Header:
    """Read the size, and check the data of the first frame.

    Raises ``InputError`` if they have too many clear codes or blocks; ``IndexError`` or ``struct.error`` if they are
    truncated.
    """
    width, height = struct.unpack_from("<HH", data, 6)
    check_frames(data, 1)
    return Header("GIF", width, height, width * height * GIF_BYTES)


def count_frames(data: bytes) -> int:
    """Return the number of frames. Raises what ``read_gif()`` raises, and ``InputError`` for an unknown block."""
    return sum(1 for _ in _images(data))


def check_frames(data: bytes, count: int) -> None:
    """Raise ``InputError`` if the first ``count`` frames have too many clear codes together."""
    clears, most = 0, MORE_CLEARS
    for number, image in enumerate(_images(data), 1):
        most += image.pixels // USUAL_CLEAR_PIXELS
        clears += _count_clears(data, image.start, most - clears)
        if clears > most:
            raise InputError(f"the GIF picture has more than {most:,} clear codes: its data are damaged")
        if number == count:
            return


def _images(data: bytes) -> Iterator[Image]:
    position = 13 + (3 << (1 + (data[10] & 7)) if data[10] & 0x80 else 0)
    blocks = 0
    for _ in range(MAX_SEGMENTS):
        kind = data[position] if position < len(data) else END  # libgif's files may lack their end
        if kind == END:
            return
        if kind == IMAGE:
            width, height, flags = struct.unpack_from("<HHB", data, position + 5)
            position += 10 + (3 << (1 + (flags & 7)) if flags & 0x80 else 0)
            yield Image(position, width * height)
            position += 1
        elif kind == EXTENSION:
            position += 2
        else:
            raise InputError(f"the GIF picture is damaged: unknown block 0x{kind:02X} at byte {position}")
        while data[position]:
            position += 1 + data[position]
            blocks += 1
            if blocks > MAX_BLOCKS:
                raise InputError(f"the GIF picture has more than {MAX_BLOCKS:,} blocks")
        position += 1
    raise InputError(f"the GIF picture has more than {MAX_SEGMENTS:,} blocks")


def _count_clears(data: bytes, start: int, most: int) -> int:
    """Return the clear codes in the data of a frame, or a number above ``most``; data after the end count as such."""
    bits = data[start]
    if not LEAST_BITS <= bits <= MOST_BITS:
        return 0  # OpenCV refuses it
    stream = _stream(data, start + 1)
    end = 8 * len(stream)
    if end // (bits + 1) <= most:
        return 0  # too few data
    position = count = 0
    while position < end and count <= most:
        position, is_end = _after_next_mark(stream, position, bits)
        if is_end:
            return count + (end - position) // (bits + 1)
        count += 1
    return count


def _stream(data: bytes, position: int) -> bytes:
    """Return the blocks of a frame without their lengths."""
    parts = []
    while position < len(data) and data[position]:
        parts.append(data[position + 1 : position + 1 + data[position]])
        position += 1 + data[position]
        if len(parts) > MAX_BLOCKS:
            raise InputError(f"the GIF picture has more than {MAX_BLOCKS:,} blocks")
    return b"".join(parts)


def _after_next_mark(stream: bytes, position: int, bits: int) -> tuple[int, bool]:
    """Return the bit behind the next clear or end code, and whether it is an end code, as the end of the data is.

    The table is empty at ``position``, so that the length of each code is known: the table has one entry more behind
    each code but the first.
    """
    end, clear = 8 * len(stream), 1 << bits
    # The first codes, of equal length, without the expense of arrays.
    word = int.from_bytes(stream[position >> 3 : (position >> 3) + 8], "little") >> (position & 7)
    for number in range(1, min(clear, 1 + 57 // (bits + 1))):
        code = word & (2 * clear - 1)
        if code | 1 == clear + 1:
            return position + number * (bits + 1), bool(code & 1)
        word >>= bits + 1
    for index in chain(range(len(PARTS)), repeat(len(PARTS))):
        if position >= end:
            break
        part = _part(bits, index, position & 7)
        start = position >> 3
        packed = np.frombuffer(stream[start : start + part.bytes].ljust(part.bytes, b"\0"), np.uint8).astype(np.int32)
        words = packed[:-2] | packed[1:-1] << 8 | packed[2:] << 16
        codes = words[part.places] >> part.shifts & part.masks
        marks = np.flatnonzero(codes | 1 == clear + 1)
        if len(marks):
            return position + int(part.ends[marks[0]]), bool(codes[marks[0]] & 1)
        position += int(part.ends[-1])
    return end, True


@functools.cache
def _part(bits: int, index: int, phase: int) -> _Part:
    """Return the codes of a part that begins at bit ``phase`` of a byte; after the last of PARTS the table is full."""
    codes = np.arange(*PARTS[index]) if index < len(PARTS) else np.full(1 << LONGEST, 1 << LONGEST)
    entries = np.maximum(codes, 1) + (1 << bits) + 1
    lengths = np.minimum(np.floor(np.log2(entries)) + 1, LONGEST).astype(np.int32)
    ends = np.cumsum(lengths, dtype=np.int32)
    places = ends - lengths + phase
    return _Part(places >> 3, places & 7, (1 << lengths) - 1, ends, (int(places[-1]) >> 3) + 3)
