"""Data of libaom, and headers built from the specification."""

import io
import itertools

import numpy as np
import pytest
from avif_files import Bits, still_data, still_sequence, video_frame, video_sequence
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from humanrt.errors import InputError
from humanrt.imaging.av1 import MAX_FRAMES, Frames, read_frames

needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow is built without AVIF")

STILL_FRAME = Bits().add((0, 40)).unit(6)


@needs_avif
@pytest.mark.parametrize(("width", "height"), [(1, 1), (36, 24), (4000, 3), (1000, 1001)])
def test_the_size_of_a_still_picture(width, height) -> None:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 10, 90)).save(file, "AVIF", speed=10)
    assert read_frames(still_data(file.getvalue())) == Frames(1, width * height)


@needs_avif
def test_the_first_frame_of_an_animation_has_a_long_header() -> None:
    file = io.BytesIO()
    frames = [Image.fromarray(np.full((24, 36, 3), level, np.uint8)) for level in (10, 200)]
    frames[0].save(file, "AVIF", save_all=True, append_images=frames[1:])
    assert read_frames(still_data(file.getvalue())).pixels == 36 * 24


@pytest.mark.parametrize(
    ("timing", "ids", "tools", "shown"),
    [*itertools.product([False, True], [False, True], [0, 1, 2], [False, True])],
)
def test_a_frame_that_may_state_another_size_counts_as_the_largest(timing, ids, tools, shown) -> None:
    options = {"timing": timing, "ids": ids, "tools": tools}
    sequence = video_sequence(3000, 1500, **options)
    assert read_frames(sequence + video_frame(states_size=False, shown=shown, **options)).pixels == 3000 * 1500
    assert read_frames(sequence + video_frame(states_size=True, shown=shown, **options)).pixels == 4096 * 2048


def test_the_largest_frame_counts_whatever_the_order() -> None:
    small, large = still_sequence(10, 10) + STILL_FRAME, still_sequence(16384, 16000) + STILL_FRAME
    expected = Frames(2, 16384 * 16000)
    assert read_frames(small + large) == read_frames(large + small) == expected


def test_units_without_a_length_and_with_an_extension() -> None:
    sequence = still_sequence(50, 40)
    with_extension = bytes([sequence[0] | 4, 0x20]) + sequence[1:]
    without_length = bytes([STILL_FRAME[0] & ~2]) + STILL_FRAME[2:]
    assert read_frames(with_extension + without_length) == Frames(1, 2000)


def test_the_reserved_bit_of_a_unit_has_no_meaning() -> None:
    sequence = still_sequence(50, 40)
    assert read_frames(bytes([sequence[0] | 1]) + sequence[1:] + STILL_FRAME) == Frames(1, 2000)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "has no frame"),
        (still_sequence(10, 10), "has no frame"),
        (STILL_FRAME, "a frame comes before its sequence header"),
        (still_sequence(10, 10) + STILL_FRAME * (MAX_FRAMES + 1), "more than 16 frames"),
        (b"\x12\x00" * 20_000, "more than 10,000 units"),
    ],
)
def test_damaged_data_are_refused(data, message) -> None:
    with pytest.raises(InputError, match=message):
        read_frames(data)


def test_truncated_data_are_noticed() -> None:
    data = still_sequence(10, 10) + STILL_FRAME
    for length in range(1, len(data) - 1):
        if length != len(still_sequence(10, 10)):
            with pytest.raises(IndexError):
                read_frames(data[:length])


@given(st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(data) -> None:
    try:
        frames = read_frames(still_sequence(10, 10) + data)
    except (InputError, IndexError):
        return
    assert frames.pixels > 0
