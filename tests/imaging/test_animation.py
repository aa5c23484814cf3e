import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from humanrt.errors import InputError
from humanrt.imaging.animation import decode_frames

SIZE = (30, 20)  # width, height
LOSSLESS = {"WebP": {"lossless": True}}
ANIMATED = ["GIF", "WebP", "PNG"]


def animation(encode, name, count=4):
    """Encode frames of which each has another small square on the first."""
    frames = []
    for i in range(count):
        frame = Image.new("RGB", SIZE, (200, 40, 90))
        frame.paste((10 * i, 255 - 10 * i, 60), (3 * i, i, 3 * i + 8, i + 8))
        frames.append(frame)
    durations = [40 + 20 * i for i in range(count)]
    return encode(
        frames[0], name, save_all=True, append_images=frames[1:], duration=durations, **LOSSLESS.get(name, {})
    )


def expected_frames(data):
    return np.stack(
        [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(Image.open(io.BytesIO(data)))]
    )


@pytest.mark.parametrize("name", ANIMATED)
def test_every_frame_is_complete(encode, name):
    data = animation(encode, name)
    frames = decode_frames(data, max_pixels=4 * 600)
    assert frames.pixels.dtype == np.uint8
    assert frames.pixels.flags.c_contiguous
    np.testing.assert_array_equal(frames.pixels, expected_frames(data))
    assert frames.durations == (40, 60, 80, 100)


@pytest.mark.parametrize("name", ANIMATED)
def test_the_first_frames_only(encode, name):
    data = animation(encode, name)
    frames = decode_frames(data, max_pixels=2 * 600, max_frames=2)
    np.testing.assert_array_equal(frames.pixels, expected_frames(data)[:2])
    assert len(frames.durations) == 2
    assert len(decode_frames(data, max_pixels=10_000, max_frames=9).pixels) == 4


@pytest.mark.parametrize("name", ANIMATED)
def test_the_sum_of_the_frames_is_limited_before_they_are_decoded(encode, name, monkeypatch):
    data = animation(encode, name)
    monkeypatch.setattr("humanrt.imaging.animation.load_cv2", lambda: pytest.fail("decoded"))
    message = "4 frames of 30 x 20 are 2,400 pixels, the limit is 2,399"
    with pytest.raises(InputError, match=message):
        decode_frames(data, max_pixels=2_399)
    with pytest.raises(InputError, match="30 x 20 = 600 pixels"):
        decode_frames(data, max_pixels=599)


@pytest.mark.parametrize("name", ANIMATED)
def test_a_still_picture_has_one_frame(encode, photo, name):
    image = Image.fromarray(photo).quantize(256) if name == "GIF" else Image.fromarray(photo)
    data = encode(image, name, **LOSSLESS.get(name, {}))
    np.testing.assert_array_equal(decode_frames(data, max_pixels=1_000).pixels, expected_frames(data))


@pytest.mark.parametrize("name", ANIMATED)
def test_truncated_and_damaged_animations_are_refused(encode, name):
    data = animation(encode, name)
    for length in range(0, len(data) - 1, max(1, len(data) // 40)):
        try:
            frames = decode_frames(data[:length], max_pixels=4 * 600)
        except InputError:
            continue
        assert name != "PNG"
        assert len(frames.pixels) <= 4


def test_a_format_without_frames_is_refused(encode, photo):
    with pytest.raises(InputError, match="the picture is JPEG, which has no frames here; accepted are GIF, WebP, PNG"):
        decode_frames(encode(photo, "JPEG"), max_pixels=1_000)


def test_a_gif_of_endless_frames_is_refused_by_its_count():
    head = b"GIF89a" + bytes((30, 0, 20, 0, 0x80, 0, 0)) + bytes(6)
    frame = b"," + bytes((0, 0, 0, 0, 1, 0, 1, 0, 0)) + b"\x02\x02\x44\x01\0"
    with pytest.raises(InputError, match="50000 frames of 30 x 20"):
        decode_frames(head + 50_000 * frame + b";", max_pixels=16_000_000)
    with pytest.raises(InputError, match="has no frame"):
        decode_frames(head + b";", max_pixels=16_000_000)
    with pytest.raises(InputError, match="unknown block 0x99"):
        decode_frames(head + b"\x99", max_pixels=16_000_000)
