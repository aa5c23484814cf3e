import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import features

from humanrt.errors import InputError
from humanrt.imaging.header import Header, read_header

needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow is built without AVIF")

PNG_START = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 36, 24, 8, 2, 0, 0, 0, 0)

MAGICS = [
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"RIFF\0\0\0\0WEBPVP8 ",
    b"RIFF\0\0\0\0WEBPVP8L",
    b"RIFF\0\0\0\0WEBPVP8X",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\0\0\0\x18ftypavif",
]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0", "comment": b"\xff\xc0 is no frame here"}),
        ("PNG", {}),
        ("WebP", {"lossless": False}),
        ("WebP", {"lossless": True}),
        ("WebP", {"exif": b"II*\0\x08\0\0\0\0\0"}),
        ("GIF", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"big_endian": True}),
        pytest.param("AVIF", {}, marks=needs_avif),
    ],
)
def test_format_and_size_are_those_that_were_written(encode, photo, name, options) -> None:
    assert read_header(encode(photo, name, **options)) == Header(name, 36, 24)


def test_large_sizes_of_webp_are_read_whole(encode) -> None:
    wide = np.zeros((3, 16383, 3), np.uint8)
    for options in ({"lossless": True}, {"lossless": False}, {"exif": b"II*\0\x08\0\0\0\0\0"}):
        assert read_header(encode(wide, "WebP", **options))[1:] == (16383, 3)


def test_every_kind_of_bmp_header() -> None:
    core = b"BM" + bytes(12) + struct.pack("<IHH", 12, 300, 200)
    top_down = b"BM" + bytes(12) + struct.pack("<Iii", 40, 300, -200)
    assert read_header(core) == read_header(top_down) == Header("BMP", 300, 200)


def test_tiff_in_motorola_order_with_16_and_32_bit_sizes() -> None:
    entries = struct.pack(">HHIHH", 256, 3, 1, 300, 0) + struct.pack(">HHII", 257, 4, 1, 70000)
    assert read_header(b"MM\0*" + struct.pack(">IH", 8, 2) + entries) == Header("TIFF", 300, 70000)


def test_a_tiff_that_states_two_sizes_is_judged_by_the_larger() -> None:
    entries = [(256, 4, 40_000), (257, 4, 24), (256, 4, 36)]
    packed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    assert read_header(b"II*\0" + struct.pack("<IH", 8, 3) + packed) == Header("TIFF", 40_000, 24)


def test_a_tiff_whose_size_is_of_another_type_is_refused() -> None:
    with pytest.raises(InputError, match="its size is of type 16"):
        read_header(b"II*\0" + struct.pack("<IHHHII", 8, 1, 256, 16, 1, 36))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_fill_bytes_before_a_jpeg_marker_are_skipped(count) -> None:
    frame = b"\xff" * count + b"\xff\xc2" + struct.pack(">HBHH", 11, 8, 24, 36)
    assert read_header(b"\xff\xd8" + frame) == Header("JPEG", 36, 24)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown picture format"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unknown picture format"),
        (b"\0\0\0\x18ftypavis\0\0\0\0avifavis", "unknown picture format"),
        (b"\xff\xd8\xff\xdb\x00\x04\x00\x00garbage", "no marker"),
        (b"\xff\xd8" + b"\xff\xfe\0\2" * 200_000, "no frame header"),
        (b"\xff\xd8" + b"\xff\xfe\0\0" * 200_000, "no frame header"),
        (b"\xff\xd8" + b"\xff" * 200_000, "no frame header"),
        (PNG_START + struct.pack(">I4s", 2**32 - 1, b"IDAT") + bytes(99), "b'IDAT' chunk ends beyond the data"),
        (PNG_START + struct.pack(">I4sI", 0, b"IDAT", 0) * 200_000, "does not end"),
    ],
)
def test_what_is_wrong_is_said(data, message) -> None:
    with pytest.raises(InputError, match=message):
        read_header(data)


def test_the_accepted_formats_are_named() -> None:
    with pytest.raises(InputError, match="JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF"):
        read_header(b"%PDF-1.7")


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", pytest.param("AVIF", marks=needs_avif)])
def test_every_truncation_of_a_header_is_an_input_error_or_the_right_header(encode, photo, name) -> None:
    data = encode(photo, name)
    whole = read_header(data)
    outcomes = set()
    for length in range(min(len(data), 700)):
        try:
            outcomes.add(read_header(data[:length]))
        except InputError:
            outcomes.add(None)
    assert None in outcomes
    assert outcomes <= {None, whole}


@given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=200))
def test_random_bytes_after_a_valid_magic_are_read_or_refused(magic, rest) -> None:
    try:
        header = read_header(magic + rest)
    except InputError:
        return
    assert type(header.width) is type(header.height) is int
