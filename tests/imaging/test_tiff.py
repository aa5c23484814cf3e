"""Directories built from TIFF 6.0; the files that Pillow writes are read in test_formats.py."""

import struct

import cv2
import numpy as np
import pytest

from humanrt.errors import InputError
from humanrt.imaging.decode import decode
from humanrt.imaging.formats import read_header
from humanrt.imaging.tiff import SMALL_TILE_PIXELS

BYTE, SHORT, LONG = 1, 3, 4


def tiff(*entries: tuple[int, int, int]) -> bytes:
    """Tag, type and value of each entry."""
    packed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed


def test_motorola_order_with_16_and_32_bit_sizes() -> None:
    entries = struct.pack(">HHIHH", 256, SHORT, 1, 300, 0) + struct.pack(">HHII", 257, LONG, 1, 70000)
    assert read_header(b"MM\0*" + struct.pack(">IH", 8, 2) + entries)[:3] == ("TIFF", 300, 70000)


def test_sizes_of_8_bits_are_read_as_by_libtiff(encode, photo) -> None:
    data = bytearray(encode(photo, "TIFF"))
    entry = data.index(struct.pack("<HH", 256, LONG))
    data[entry + 2] = BYTE
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == photo.shape
    assert np.array_equal(decode(bytes(data), max_pixels=24 * 36), photo)


def test_of_two_sizes_the_larger_counts() -> None:
    assert read_header(tiff((256, LONG, 40_000), (257, LONG, 24), (256, LONG, 36)))[:3] == ("TIFF", 40_000, 24)


def test_a_size_of_another_type_is_refused() -> None:
    with pytest.raises(InputError, match="the value of its tag 256 is of type 16"):
        read_header(tiff((256, 16, 36)))


@pytest.mark.parametrize(("tag", "size"), [(256, (0, 7)), (257, (7, 0))])
def test_a_size_that_is_missing_is_none(tag, size) -> None:
    header = read_header(tiff(*(each for each in ((256, LONG, 7), (257, LONG, 7)) if each[0] != tag)))
    assert header[1:3] == size
    with pytest.raises(InputError):
        header.check(100)


def test_a_list_of_bits_counts_as_its_largest() -> None:
    entries = [(256, 1, 100), (257, 1, 100), (277, 1, 3), (258, 3, 100)]
    packed = b"".join(struct.pack("<HHII", tag, SHORT, count, value) for tag, count, value in entries)
    data = b"II*\0" + struct.pack("<IH", 8, 4) + packed
    assert read_header(data.ljust(100, b"\0") + struct.pack("<HHH", 8, 16, 8)).memory == 10_000 * (3 + 4 + 3 * 2)


@pytest.mark.parametrize(
    ("tags", "memory"),
    [
        ([(278, LONG, 1)], 6),  # strips of a row
        ([(278, LONG, 500)], 3 + 4 + 3),
        ([(278, LONG, 2**32 - 1)], 3 + 4 + 3),
        ([(278, LONG, 0)], 3 + 4 + 3),
        ([], 3 + 4 + 3),
        ([(322, LONG, 64), (323, LONG, 64)], 6),
        ([(322, LONG, 1000), (323, LONG, 500)], 3 + 4 + 3),
    ],
)
def test_memory_follows_the_strips_and_tiles(tags, memory) -> None:
    header = read_header(tiff((256, LONG, 1000), (257, LONG, 500), (258, SHORT, 8), (277, SHORT, 3), *tags))
    assert header.memory == memory * 500_000


def test_a_small_picture_in_huge_tiles_is_refused() -> None:
    size = [(256, LONG, 10), (257, LONG, 10), (258, SHORT, 8), (277, SHORT, 3)]
    with pytest.raises(InputError, match=r"it is 10 x 10, but a part of it has 268,435,456 pixels"):
        read_header(tiff(*size, (322, LONG, 16384), (323, LONG, 16384))).check(1000)
    read_header(tiff(*size, (322, LONG, 1024), (323, LONG, 1024))).check(1000)
    assert SMALL_TILE_PIXELS > 1024 * 1024


def test_a_tile_may_have_4_million_pixels_in_a_picture_of_any_size() -> None:
    small = [(256, LONG, 10), (257, LONG, 10), (323, LONG, 2048)]
    assert read_header(tiff(*small, (322, LONG, 2048))).coded_pixels == 0
    assert read_header(tiff(*small, (322, LONG, 2064))).coded_pixels == 2064 * 2048


def test_a_tiff_of_too_many_strips_is_refused() -> None:
    """Each takes about 2 microseconds, however small it is."""
    width, rows = (256, LONG, 1), (278, LONG, 1)
    assert read_header(tiff(width, (257, LONG, 400_000), rows)).height == 400_000
    with pytest.raises(InputError, match="400,001 strips or tiles; at most 400,000"):
        read_header(tiff(width, (257, LONG, 400_001), rows))


@pytest.mark.parametrize("compressions", [(7,), (7, 8), (8, 7)])
def test_a_progressive_jpeg_in_a_tiff_is_refused(encode, photo, compressions) -> None:
    """Of two entries libtiff may use either."""
    entries = [(256, LONG, 36), (257, LONG, 24), *((259, SHORT, number) for number in compressions)]
    read_header(tiff(*entries) + encode(photo, "JPEG"))
    with pytest.raises(InputError, match="progressive JPEG, which TIFF does not allow"):
        read_header(tiff(*entries) + encode(photo, "JPEG", progressive=True))
