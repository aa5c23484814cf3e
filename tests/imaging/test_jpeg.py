"""Compared with libjpeg, as Pillow and OpenCV use it."""

import io
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from humanrt.errors import InputError
from humanrt.imaging.decode import decode
from humanrt.imaging.formats import read_header
from humanrt.imaging.jpeg import MAX_SCANS, read_jpeg

MAX_PIXELS = 1_000_000


def frame(width: int, height: int, marker: int = 0xC0, samplings: tuple[int, ...] = (0x11,)) -> bytes:
    components = b"".join(bytes([i, sampling, 0]) for i, sampling in enumerate(samplings))
    content = struct.pack(">BHHB", 8, height, width, len(samplings)) + components
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(content)) + content


def scan(*components: int) -> bytes:
    content = bytes([len(components), *(byte for each in components for byte in (each, 0)), 0, 63, 0])
    return b"\xff\xda" + struct.pack(">H", 2 + len(content)) + content


def jpeg(*parts: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xd9"


def photo(width: int = 36, height: int = 24, **options: object) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(file, "JPEG", **options)
    return file.getvalue()


def boundaries(data: bytes) -> list[int]:
    """Where the segments of a JPEG begin, up to that of its first scan; no segment is shorter than its length says."""
    places, position = [], 2
    while data[position + 1] != 0xDA:
        places.append(position)
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    return [*places, position]


def inserted(data: bytes, place: int, junk: bytes) -> bytes:
    position = boundaries(data)[place]
    return data[:position] + junk + data[position:]


DECOY = frame(10, 10)
JUNK = {
    "TEM": b"\xff\x01",
    "RST": b"\xff\xd3",
    "stuffed zeros": b"\xff\0" * 9,
    "fill bytes": b"\xff" * 9,
    "a byte": b"\x07",
    "zeros": bytes(200_000),
    "other bytes": bytes(range(0xC0, 0xFF)) * 3,
    "TEM before what looks like a length and a frame": b"\xff\x01" + struct.pack(">H", 2) + b"\xff\0" * 3,
    "a comment that holds a frame": b"\xff\xfe" + struct.pack(">H", 2 + len(DECOY)) + DECOY,
    "a comment of length 0": b"\xff\xfe\0\0",
}


@pytest.mark.parametrize("place", [1, 2, -1])
@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
@pytest.mark.parametrize("progressive", [False, True])
def test_what_libjpeg_skips_between_segments_is_skipped(junk, place, progressive) -> None:
    original = photo(progressive=progressive)
    data = inserted(original, place, junk)
    if not junk.startswith(b"\xff\x01"):  # Pillow's own reader, before libjpeg, does not know TEM
        with Image.open(io.BytesIO(data)) as image:
            assert np.array_equal(np.asarray(image), np.asarray(Image.open(io.BytesIO(original))))
    assert np.array_equal(decode(data, max_pixels=36 * 24), decode(original, max_pixels=36 * 24))


@pytest.mark.parametrize("start", [b"\xff\x01", b"\xff\xd0", b"\xff\xd7", b"\xff\0", b"\xff\xff\0"])
def test_a_frame_that_only_a_length_would_reveal_is_not_read(start) -> None:
    """Skipping the marker as if it had a length leads to the decoy, which libjpeg never reads."""
    hidden = b"\xff\xe9" + struct.pack(">H", 4 + len(DECOY)) + DECOY + b"\0\0"
    for skipped in range(2, 12):
        data = inserted(photo(640, 480), 1, start + struct.pack(">H", skipped) + hidden)
        assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (480, 640, 3)
        assert read_header(data)[1:3] == (640, 480)
        with pytest.raises(InputError, match=r"640 x 480 = 307,200 pixels, the limit is 1,000"):
            decode(data, max_pixels=1000)


pieces = st.one_of(
    st.sampled_from([*JUNK.values(), DECOY, b"\xff\x05", b"\xff\xd8", b"\xff\xc8"]), st.binary(max_size=9)
)


@settings(max_examples=300)
@given(junk=st.lists(pieces, max_size=4).map(b"".join), place=st.integers(1, 4), progressive=st.booleans())
def test_the_size_is_the_decoders_or_the_decoder_refuses_too(junk, place, progressive) -> None:
    data = inserted(photo(progressive=progressive), place, junk)
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        decoded = None
    try:
        size = read_header(data)[1:3]
    except InputError:
        assert decoded is None
    else:
        assert decoded is None or decoded.shape[1::-1] == size


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (jpeg(frame(10, 10), frame(16384, 16000), scan(0)), "two frame headers"),
        (jpeg(scan(0), frame(10, 10)), "its first scan comes before its frame header"),
        (jpeg(), "ends before its first scan"),
        (jpeg(frame(10, 10)), "ends before its first scan"),
        (jpeg(b"\xff\x02\0\2", frame(10, 10), scan(0)), "unknown marker 0x02 at byte 2"),
        (jpeg(b"\xff\xd8", frame(10, 10), scan(0)), "unknown marker 0xD8"),
        (jpeg(b"\xff\xfe\0\2" * 200_000), "no scan after its first 100,000 segments"),
        (jpeg(b"\xff\xd0" * 200_000), "no scan after its first 100,000 segments"),
    ],
)
def test_what_libjpeg_refuses_is_refused(data, message) -> None:
    with pytest.raises(InputError, match=message):
        read_jpeg(data)


def test_a_million_fill_bytes_take_no_time() -> None:
    for junk in (b"\xff" * 2**20, b"\xff\0" * 2**20, b"\xff" * 2**20 + b"\0"):
        assert read_jpeg(inserted(photo(), 1, junk))[1:3] == (36, 24)


@pytest.mark.parametrize(
    "segment",
    [b"\xff\xdc\0\4\0\x18", b"\xff\xdd\0\4\0\0", b"\xff\xef\0\4ab", b"\xff\xfe\0\4ab"],
    ids=["DNL", "DRI", "APP15", "COM"],
)
def test_segments_with_a_length_are_skipped_as_libjpeg_does(segment) -> None:
    data = inserted(photo(), 1, segment)
    assert read_jpeg(data)[1:3] == (36, 24)
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (24, 36, 3)


class TestMemory:
    """In bytes a pixel: what was measured while OpenCV decoded 36 megapixels of the kind, or up to a tenth more."""

    SIDE = 6000

    def memory(self, marker: int, samplings: tuple[int, ...], scanned: int) -> float:
        data = jpeg(frame(self.SIDE, self.SIDE, marker, samplings), scan(*range(scanned)))
        return read_jpeg(data).memory / self.SIDE**2

    @pytest.mark.parametrize(
        ("marker", "samplings", "scanned", "measured"),
        [
            (0xC0, (0x22, 0x11, 0x11), 3, 6.06),
            (0xC0, (0x11,), 1, 6.06),
            (0xC0, (0x11,) * 4, 4, 6.06),
            (0xC2, (0x22, 0x11, 0x11), 3, 6.06),
            (0xC2, (0x11, 0x11, 0x11), 3, 9.05),
            (0xC2, (0x11,) * 4, 4, 11.05),
            (0xCA, (0x11, 0x11, 0x11), 3, 9.05),  # arithmetic coding
            (0xC0, (0x11,) * 4, 1, 11.05),  # a scan for each component
        ],
    )
    def test_of_each_kind(self, marker, samplings, scanned, measured) -> None:
        assert measured - 0.1 <= self.memory(marker, samplings, scanned) <= measured * 1.1

    def test_blocks_are_counted_whole(self) -> None:
        one_pixel = jpeg(frame(1, 1, 0xC2, (0x44, 0x11)), scan(0))
        assert read_jpeg(one_pixel).memory == 3 + 2 * 64 * (4 * 4 + 1)

    def test_cmyk_within_the_pixels_but_not_the_memory_is_refused(self) -> None:
        data = jpeg(frame(10_000, 10_000, 0xC2, (0x11,) * 4), scan(0))
        with pytest.raises(InputError, match="take 1,100 MB to decode, the limit is 600 MB"):
            read_jpeg(data).check(100_000_000)
        read_jpeg(data).check(200_000_000)


class TestScans:
    def test_many_are_refused_before_the_decoder_is_called(self, monkeypatch) -> None:
        monkeypatch.setattr("humanrt.imaging.decode.load_cv2", lambda: pytest.fail("the decoder was called"))
        data = jpeg(frame(100, 100, 0xC2), (scan(0) + b"\0") * 5000)
        with pytest.raises(InputError, match="has 5,000 scans; at most 100 are decoded"):
            decode(data, max_pixels=MAX_PIXELS)

    def test_fewer_are_decoded_of_a_large_picture(self) -> None:
        data = jpeg(frame(10_000, 10_000, 0xC2), (scan(0) + b"\0") * 35)
        with pytest.raises(InputError, match="has 35 scans; at most 34 are decoded in this size"):
            read_jpeg(data)
        read_jpeg(jpeg(frame(10_000, 9_000, 0xC2), (scan(0) + b"\0") * 35))

    def test_their_data_are_bounded_by_the_pixels(self) -> None:
        data = jpeg(frame(1000, 1000, 0xC2), scan(0) + bytes(28_000_000), scan(0))
        with pytest.raises(InputError, match=r"has 28,000,\d+ bytes of scans; at most 28,000,000 are decoded"):
            read_jpeg(data)
        read_jpeg(jpeg(frame(1001, 1000, 0xC2), scan(0) + bytes(28_000_000), scan(0)))

    def test_arithmetic_coding_takes_three_times_as_long(self) -> None:
        data = jpeg(frame(10_000, 10_000, 0xCA), (scan(0) + b"\0") * 28)
        with pytest.raises(InputError, match="has 28 scans; at most 27 are decoded in this size"):
            read_jpeg(data)
        read_jpeg(jpeg(frame(10_000, 8_000, 0xCA), (scan(0) + b"\0") * 28))
        data = jpeg(frame(1000, 1000, 0xCA), scan(0) + bytes(9_400_000), scan(0))
        with pytest.raises(InputError, match=r"has 9,400,\d+ bytes of scans; at most 9,333,333 are decoded"):
            read_jpeg(data)

    def test_no_segment_hides_them(self) -> None:
        hidden = b"\xff\x05" + struct.pack(">H", 60_000) + (scan(0) + b"\0") * 5000
        with pytest.raises(InputError, match="scans"):
            read_jpeg(jpeg(frame(100, 100, 0xC2), scan(0), b"\0", hidden))

    def test_those_of_encoders_are_decoded(self) -> None:
        assert 1 < photo(progressive=True).count(b"\xff\xda") < MAX_SCANS / 2
        assert decode(photo(progressive=True), max_pixels=MAX_PIXELS).shape == (24, 36, 3)

    def test_in_a_picture_of_one_scan_the_marker_may_stand_in_the_metadata(self) -> None:
        comment = b"\xff\xfe" + struct.pack(">H", 2 + 60_000) + b"\xff\xda" * 30_000
        assert decode(inserted(photo(), 1, comment), max_pixels=MAX_PIXELS).shape == (24, 36, 3)
