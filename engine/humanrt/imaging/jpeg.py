"""The header of a JPEG picture, read exactly as libjpeg reads it.

Sources: ITU-T T.81; ``next_marker``, ``read_markers`` and ``skip_variable`` in jdmarker.c of libjpeg-turbo 3.1. The
decoder uses the first frame header that it reads, or refuses the picture; a reader that finds another one can be given
a false size.
"""

import re
import struct
from collections.abc import Iterator
from itertools import islice

from humanrt.errors import InputError
from humanrt.imaging.header import MAX_SEGMENTS, PLAIN_BYTES, Header

# Any bytes may stand before a marker, such as those that webcams write. A marker is 0xFF and a byte that is neither
# 0xFF (a fill byte) nor 0 (0xFF as data).
MARKER = re.compile(rb"\xff([^\x00\xff])")

# SOF0 to SOF15, without DHT, JPG and DAC, which share their range.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
ARITHMETIC = frozenset({0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM, RST0 to RST7
WITH_LENGTH = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD, *range(0xE0, 0xF0), 0xFE})  # DHT, DAC, DQT, DNL, DRI, APPn, COM
EOI, SOS = 0xD9, 0xDA

# Encoders write up to 24 scans. Each takes time for every pixel (13 ms for 100 megapixels), however few bytes it has,
# and OpenCV cannot be cancelled. libtiff has the same limit.
MAX_SCANS = 100
# What scans may cost beyond those of an encoder: about a second. Measured on one core, a scan without data takes 1 ns
# for each pixel, and its data 42 ns a byte. A picture of noise in the best quality has 4 bytes a pixel.
USUAL_SCANS, MORE_PIXELS = 24, 10**9
USUAL_BYTES, MORE_BYTES = 4, 24_000_000
# With arithmetic coding both take about three times as long.
ARITHMETIC_COST = 3


def read_jpeg(data: bytes) -> Header:
    """Read size and memory from the headers before the first scan.

    Raises ``InputError`` if libjpeg would refuse these, or if there are too many scans; ``struct.error`` or
    ``IndexError`` if the data end before the first scan.
    """
    frame: tuple[int, int] | None = None
    for marker, start in islice(segments(data), MAX_SEGMENTS):
        if marker in FRAMES:
            if frame is not None:
                raise InputError("the JPEG picture is damaged: it has two frame headers (SOF)")
            frame = marker, start
        elif marker == SOS:
            if frame is None:
                raise InputError("the JPEG picture is damaged: its first scan comes before its frame header (SOF)")
            return _read_frame(data, *frame, components_of_scan=data[start + 2])
        elif marker == EOI:
            raise InputError("the JPEG picture has no pixels: it ends before its first scan")
        elif marker not in WITH_LENGTH and marker not in WITHOUT_LENGTH:
            raise InputError(f"the JPEG picture is damaged: unknown marker 0x{marker:02X} at byte {start - 2}")
    raise InputError(f"the JPEG picture has no scan after its first {MAX_SEGMENTS:,} segments")


def segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield each marker after the first (SOI) and the offset behind it, where its length is if it has one."""
    position = 2
    while True:
        found = MARKER.search(data, position)
        if found is None:
            raise IndexError
        marker, position = found[1][0], found.end()
        yield marker, position
        if marker not in WITHOUT_LENGTH:
            (length,) = struct.unpack_from(">H", data, position)
            position += max(length, 2)


def _read_frame(data: bytes, marker: int, start: int, components_of_scan: int) -> Header:
    height, width, components = struct.unpack_from(">HHB", data, start + 3)
    plain = PLAIN_BYTES * width * height
    if marker not in PROGRESSIVE and components_of_scan == components:
        return Header("JPEG", width, height, plain)
    # The scans cannot be counted in their order without decoding; the marker can stand elsewhere only by chance.
    scans, size = data.count(b"\xff\xda", start), width * height
    cost = ARITHMETIC_COST if marker in ARITHMETIC else 1
    most = min(MAX_SCANS, USUAL_SCANS + MORE_PIXELS // max(1, cost * size))
    if scans > most:
        raise InputError(f"the JPEG picture has {scans:,} scans; at most {most} are decoded in this size")
    count, most = data.rfind(b"\xff\xda") - start, (USUAL_BYTES * size + MORE_BYTES) // cost
    if count > most:
        raise InputError(f"the JPEG picture has {count:,} bytes of scans; at most {most:,} are decoded in this size")
    samplings = [divmod(data[start + 9 + 3 * i], 16) for i in range(components)]
    across, down = max((x for x, _ in samplings), default=1), max((y for _, y in samplings), default=1)
    # libjpeg keeps the coefficients, of two bytes, of all blocks of 8 x 8 while it reads the scans.
    blocks = sum(_blocks(width, x, across) * _blocks(height, y, down) for x, y in samplings)
    return Header("JPEG", width, height, max(plain, plain // 2 + 128 * blocks))


def _blocks(length: int, sampling: int, largest: int) -> int:
    """Return the blocks of a component along one axis, to a multiple of its sampling factor."""
    unit = max(1, sampling)
    return -(-length // (8 * max(1, largest))) * unit
