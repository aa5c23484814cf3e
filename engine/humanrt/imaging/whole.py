"""Damage that is recognised before a decoder is given the data.

libpng and libjpeg write a line to standard error about damaged data. The common faults are found here, at a small part
of the cost of decoding: checksums of PNG, the start of its compressed data, and the end marker of JPEG. What libpng
ignores, such as a wrong checksum of a comment, is no fault here either.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping

from humanrt.errors import InputError
from humanrt.imaging.jpeg import SOS, segments

EOI_BYTES = b"\xff\xd9"

IHDR_BYTES = 13
PALETTE = 3
LOWER_CASE = 0x20
# Samples of a pixel by the colour type of IHDR, and the depths that it allows.
SAMPLES: Mapping[int, int] = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS: Mapping[int, tuple[int, ...]] = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# The passes of an interlaced picture: the first column and row, and the steps between them.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))

# Inflating all of a large picture would cost half as much as decoding it.
INFLATED_BYTES = 2**20


def check_whole(format_name: str, data: bytes) -> None:
    """Raise ``InputError`` if the data are truncated or damaged, as far as that is found without decoding.

    Call it after the header was read and checked.
    """
    check = CHECKS.get(format_name)
    if check is not None:
        check(data)


def _check_png(data: bytes) -> None:
    """Check the header, the checksums of the chunks that libpng needs, and the start of the pixels."""
    if struct.unpack_from(">I", data, 8) != (IHDR_BYTES,):
        raise InputError(f"the PNG picture is damaged: its header (IHDR) does not have {IHDR_BYTES} bytes")
    width, height, depth, colour, compression, filters, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    if depth not in DEPTHS.get(colour, ()) or compression or filters or interlace > 1:
        raise InputError("the PNG picture is damaged: its header (IHDR) has values that PNG does not have")
    expected = _png_bytes(width, height, depth * SAMPLES[colour], is_interlaced=interlace == 1)
    wanted = min(expected, INFLATED_BYTES)
    pixels = zlib.decompressobj()
    count, has_palette = 0, False
    for kind, content in _critical_chunks(data):
        if kind == b"PLTE":
            has_palette = True
        elif kind == b"IDAT":
            if colour == PALETTE and not has_palette:
                raise InputError("the PNG picture is damaged: its pixels come before its palette (PLTE)")
            count += _inflated(pixels, content, wanted - count)
    if count < wanted:
        raise InputError("the PNG picture is truncated: its compressed pixels (IDAT) are too few")


def _critical_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield type and content of the chunks whose type begins with a capital letter, their checksums verified."""
    view, position, kind = memoryview(data), 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if kind[0] & LOWER_CASE == 0:
            if struct.unpack_from(">I", data, end) != (zlib.crc32(view[position + 4 : end]),):
                raise InputError(f"the PNG picture is damaged: the checksum of its {kind!r} chunk is wrong")
            yield kind, view[position + 8 : end]
        position = end + 4


def _png_bytes(width: int, height: int, bits: int, *, is_interlaced: bool) -> int:
    """Return the bytes of all rows, each with its filter."""
    if not is_interlaced:
        return height * (1 + (width * bits + 7) // 8)
    total = 0
    for left, top, across, down in PASSES:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _inflated(pixels: "zlib._Decompress", part: memoryview, most: int) -> int:
    """Return how many bytes a part is inflated to, at most ``most``."""
    if most <= 0 or not part or pixels.eof:
        return 0
    try:
        return len(pixels.decompress(part, most))
    except zlib.error as error:
        raise InputError(f"the PNG picture is damaged: its compressed pixels (IDAT) are invalid: {error}") from error


def _check_jpeg(data: bytes) -> None:
    scan = next(start for marker, start in segments(data) if marker == SOS)
    # Among the compressed pixels these two bytes are nothing else. They are at the end of most files: from there the
    # search takes no time, and 1 ms a megabyte from the start.
    if data.rfind(EOI_BYTES, scan) < 0:
        raise InputError("the JPEG picture is truncated: it has no end marker (EOI)")


CHECKS: Mapping[str, Callable[[bytes], None]] = {"PNG": _check_png, "JPEG": _check_jpeg}
