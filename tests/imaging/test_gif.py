"""The clear codes of GIF data. Streams of codes are built bit by bit, or written by Pillow."""

import struct

import numpy as np
import pytest

from humanrt.errors import InputError
from humanrt.imaging import gif as gif_module
from humanrt.imaging.animation import decode_frames
from humanrt.imaging.decode import decode
from humanrt.imaging.formats import read_header
from humanrt.imaging.gif import MORE_CLEARS, count_frames, read_gif

SIDE = 16


def stream_of(codes: list[tuple[int, int]]) -> bytes:
    """Pack pairs of a code and its bits, the lowest bit first."""
    bits = "".join(f"{code:0{length}b}"[::-1] for code, length in codes)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))


def frame_of(stream: bytes, bits: int = 2) -> bytes:
    blocks = b"".join(bytes([len(stream[i : i + 255])]) + stream[i : i + 255] for i in range(0, len(stream), 255))
    return b"," + struct.pack("<HHHHB", 0, 0, SIDE, SIDE, 0) + bytes([bits]) + blocks + b"\0"


def gif_of(*frames: bytes) -> bytes:
    return b"GIF89a" + struct.pack("<HH", SIDE, SIDE) + bytes((0x81, 0, 0)) + bytes(range(12)) + b"".join(frames) + b";"


CLEAR, END = (4, 3), (5, 3)
ONE = SIDE * SIDE // 254  # the clear codes that the pixels allow
DRAWN = frame_of(stream_of([CLEAR, (1, 3)] * SIDE * SIDE + [END]))


@pytest.mark.parametrize(
    ("bits", "codes"),
    [
        (2, [CLEAR]),
        (2, [(0, 3), CLEAR]),
        (2, [(0, 3), (6, 3), (3, 3), (1, 4), (4, 4)]),
        (8, [(256, 9)]),
        (8, [*254 * [(7, 9)], (256, 9)]),
        (8, [*255 * [(7, 9)], *100 * [(7, 10)], (256, 10)]),
        (11, [(2048, 12)]),
    ],
)
def test_too_many_clear_codes_are_refused(bits, codes, monkeypatch) -> None:
    monkeypatch.setattr(gif_module, "MORE_CLEARS", 20)
    most = 20 + ONE
    read_gif(gif_of(frame_of(stream_of(codes * most), bits)))
    with pytest.raises(InputError, match=f"more than {most} clear codes"):
        read_gif(gif_of(frame_of(stream_of(codes * (most + 1)), bits)))


def test_a_clear_code_behind_a_full_table_counts(monkeypatch) -> None:
    """The length of codes stays at 12 bits then, for as many codes as follow."""
    monkeypatch.setattr(gif_module, "MORE_CLEARS", 1)
    lengths = [9] * 255 + [10] * 512 + [11] * 1024 + [12] * 12_000
    codes = [(256, 9), *((7, length) for length in lengths), (256, 12)]
    assert read_gif(gif_of(frame_of(stream_of(codes), 8))).width == SIDE
    with pytest.raises(InputError, match="more than 2 clear codes"):
        read_gif(gif_of(frame_of(stream_of([*codes, (256, 9)]), 8)))


def test_a_megabyte_of_clear_codes_is_refused_before_it_is_decoded() -> None:
    """OpenCV takes 25 s for it."""
    with pytest.raises(InputError, match=f"more than {MORE_CLEARS + ONE:,} clear codes"):
        decode(gif_of(frame_of(b"\x24\x49\x92" * 340_000)), max_pixels=SIDE * SIDE)


def test_data_behind_the_end_code_count_as_clear_codes() -> None:
    """OpenCV decodes on."""
    with pytest.raises(InputError, match="clear codes"):
        read_gif(gif_of(frame_of(stream_of([CLEAR, END]) + b"\x24\x49\x92" * 34_000)))


@pytest.mark.parametrize("colours", [2, 16, 256])
def test_noise_that_pillow_writes_has_a_clear_code_for_each_full_table(encode, monkeypatch, colours) -> None:
    """Pillow clears when the table is full, after some 4,000 codes, of which each has one pixel or more."""
    monkeypatch.setattr(gif_module, "MORE_CLEARS", 0)
    monkeypatch.setattr(gif_module, "USUAL_CLEAR_PIXELS", 3_800)
    pixels = np.random.default_rng(1).integers(0, colours, (300, 300), np.uint8)
    assert read_gif(encode(pixels, "GIF")).width == 300


def test_the_frames_that_are_decoded_are_checked_together(monkeypatch) -> None:
    monkeypatch.setattr(gif_module, "MORE_CLEARS", SIDE * SIDE)
    data = gif_of(DRAWN, DRAWN, DRAWN)
    assert len(decode_frames(data, max_pixels=10_000, max_frames=1).pixels) == 1
    with pytest.raises(InputError, match=f"more than {SIDE * SIDE + 2 * ONE} clear codes"):
        decode_frames(data, max_pixels=10_000)


def test_a_frame_of_clear_codes_that_draw_is_decoded() -> None:
    assert np.array_equal(decode(gif_of(DRAWN), max_pixels=10_000), np.full((SIDE, SIDE, 3), (3, 4, 5)))


def test_too_many_blocks_of_data_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(gif_module, "MAX_BLOCKS", 1_000)
    comment = b"!\xfe" + b"\x01a" * 999 + b"\0"
    assert count_frames(gif_of(comment, DRAWN)[:-1].replace(DRAWN, b"") + b";") == 0
    for data in (
        gif_of(comment.replace(b"\x01a", b"\x01a\x01a", 1), comment),
        gif_of(frame_of(b"")[:-1] + b"\x01a" * 1_001),
    ):
        with pytest.raises(InputError, match="more than 1,000 blocks"):
            read_header(data)
