"""What a picture's first bytes say: its format and its size, read without decoding.

OpenCV sniffs too, but tells the size only once the whole picture is in memory. Sources: ITU-T T.81 (JPEG), the PNG
specification (third edition), RFC 9649 (WebP), the GIF89a specification, Microsoft's BITMAPINFOHEADER, TIFF 6.0.
"""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from humanrt.errors import InputError
from humanrt.imaging.avif import read_avif_size

ACCEPTED_FORMATS = "JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF"

# The largest pictures come in tens of thousands of segments; a file made to keep us busy has millions.
MAX_SEGMENTS = 100_000

# SOF0 to SOF15, without DHT, JPG and DAC, which share their range.
JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
TIFF_WIDTH, TIFF_HEIGHT = 256, 257
TIFF_NUMBERS = {3: "H", 4: "I"}  # how SHORT and LONG are packed


class Header(NamedTuple):
    """Format ("JPEG", "PNG", ...) and size in pixels as stored: before the picture is turned upright, unchecked."""

    format: str
    width: int
    height: int


def read_header(data: bytes) -> Header:
    """Read the format and the size of an encoded picture.

    Raises InputError when the bytes are of no accepted format or end inside the header.
    """
    picture_format = _sniff(data)
    try:
        width, height = READERS[picture_format](data)
    except (struct.error, IndexError):
        raise InputError(f"the {picture_format} picture is truncated: it ends before its size is known") from None
    return Header(picture_format, width, height)


def _sniff(data: bytes) -> str:
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"BM"):
        return "BMP"
    if data.startswith((b"II*\0", b"MM\0*")):
        return "TIFF"
    # HEIC shares the container and lists other brands; an animation, whose first is "avis", has other sizes elsewhere.
    if data[4:8] == b"ftyp" and data[8:12] != b"avis" and b"avif" in data[8:64]:
        return "AVIF"
    if not data:
        raise InputError(f"the picture is empty: 0 bytes; accepted are {ACCEPTED_FORMATS}")
    raise InputError(f"unknown picture format: the bytes begin with {data[:12]!r}; accepted are {ACCEPTED_FORMATS}")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    for marker, start in islice(_jpeg_segments(data), MAX_SEGMENTS):
        if marker in JPEG_FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", data, start + 3)
            return width, height
    raise InputError(f"the JPEG picture has no frame header (SOF) in its first {MAX_SEGMENTS:,} segments")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield each segment's marker and the offset of its length field; also each fill byte, which counts as one."""
    position = 2
    while True:
        if data[position] != 0xFF:
            raise InputError(f"the JPEG picture is damaged: no marker at byte {position}")
        marker = data[position + 1]
        yield marker, position + 2
        if marker == 0xFF:  # a fill byte
            position += 1
        else:
            (length,) = struct.unpack_from(">H", data, position + 2)
            position += 2 + max(length, 2)


def _png_size(data: bytes) -> tuple[int, int]:
    """Read the size, and make sure that no chunk ends beyond the data: OpenCV 5.0 would take up to 4 GB for one."""
    width, height = struct.unpack_from(">II", data, 16)
    position = 8
    for _ in range(MAX_SEGMENTS):
        length, kind = struct.unpack_from(">I4s", data, position)
        position += 12 + length
        if position > len(data):
            raise InputError(f"the PNG picture is damaged or truncated: its {kind!r} chunk ends beyond the data")
        if kind == b"IEND":
            return width, height
    raise InputError(f"the PNG picture does not end (IEND) with its first {MAX_SEGMENTS:,} chunks")


def _webp_size(data: bytes) -> tuple[int, int]:
    chunk = data[12:16]
    if chunk == b"VP8X":
        # Two 24-bit numbers, each one less than the size.
        (width,), (height,) = struct.unpack_from("<I", data, 24), struct.unpack_from("<I", data, 26)
        return 1 + (width & 0xFFFFFF), 1 + (height >> 8)
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _gif_size(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _bmp_size(data: bytes) -> tuple[int, int]:
    (header_bytes,) = struct.unpack_from("<I", data, 14)
    # The oldest header has 16-bit sizes; in the others a negative height means that the top row comes first.
    width, height = struct.unpack_from("<HH" if header_bytes == 12 else "<ii", data, 18)
    return width, abs(height)


def _tiff_size(data: bytes) -> tuple[int, int]:
    order = "<" if data.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    size = {TIFF_WIDTH: 0, TIFF_HEIGHT: 0}
    for i in range(count):
        entry = directory + 2 + 12 * i
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in size:
            if kind not in TIFF_NUMBERS:
                raise InputError(f"the TIFF picture is damaged: its size is of type {kind}")
            (value,) = struct.unpack_from(order + TIFF_NUMBERS[kind], data, entry + 8)
            size[tag] = max(size[tag], value)  # libtiff may believe either of two
    return size[TIFF_WIDTH], size[TIFF_HEIGHT]


READERS = {
    "JPEG": _jpeg_size,
    "PNG": _png_size,
    "WebP": _webp_size,
    "GIF": _gif_size,
    "BMP": _bmp_size,
    "TIFF": _tiff_size,
    "AVIF": read_avif_size,
}
