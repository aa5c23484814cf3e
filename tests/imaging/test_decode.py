import io
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, features
from png_files import png

from humanrt.errors import InputError
from humanrt.imaging import decode as decode_module
from humanrt.imaging.decode import decode
from humanrt.imaging.header import Header

MAX_PIXELS = 1_000_000
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow is built without AVIF")
avif = pytest.param("AVIF", marks=needs_avif)


def distance(picture, expected) -> int:
    assert picture.shape == expected.shape
    return int(np.abs(picture.astype(int) - expected).max())


def gray_png(width: int, height: int, compressed: bytes) -> bytes:
    return png(compressed, (width, height, 8, 0, 0, 0, 0))


def zeros_compressed(count: int) -> bytes:
    """Compress ``count`` zero bytes, a whole number of MiB, at once: one flushed MiB is repeated."""
    block = zlib.compressobj(9, wbits=-15)
    piece = block.compress(bytes(2**20)) + block.flush(zlib.Z_FULL_FLUSH)
    adler = (count % 65521) << 16 | 1
    return b"\x78\xda" + piece * (count >> 20) + b"\x03\x00" + struct.pack(">I", adler)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("PNG", {}),
        ("WebP", {"lossless": True}),
        ("WebP", {"quality": 95}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        pytest.param("AVIF", {"quality": 95}, marks=needs_avif),
    ],
)
def test_every_format_becomes_upright_rgb(encode, photo, name, options, orientation) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    data = encode(photo, name, exif=exif, **options)
    upright = Image.open(io.BytesIO(data))
    expected = np.asarray(ImageOps.exif_transpose(upright).convert("RGB"))
    assert expected.shape == (photo.shape if orientation < 5 else (36, 24, 3))

    picture = decode(data, max_pixels=MAX_PIXELS)

    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert picture.flags.writeable
    assert distance(picture, expected) <= 6
    if options.get("lossless") or name in ("PNG", "TIFF"):
        assert np.array_equal(picture, expected)


@pytest.mark.parametrize("name", ["GIF", "BMP"])
def test_formats_without_orientation(encode, photo, name) -> None:
    expected = Image.fromarray(photo).quantize(256) if name == "GIF" else Image.fromarray(photo)
    picture = decode(encode(expected, name), max_pixels=MAX_PIXELS)
    assert np.array_equal(picture, np.asarray(expected.convert("RGB")))


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("WebP", {"lossless": True, "exact": True}, 0),
        ("BMP", {}, 0),
        pytest.param("AVIF", {"quality": 100, "subsampling": "4:4:4"}, 4, marks=needs_avif),
    ],
)
def test_alpha_is_dropped_and_not_blended(encode, photo, name, options, tolerance) -> None:
    alpha = np.linspace(0, 255, 24).astype(np.uint8)[:, np.newaxis].repeat(36, axis=1)
    rgba = np.dstack([photo, alpha])
    assert distance(decode(encode(rgba, name, **options), max_pixels=MAX_PIXELS), photo) <= tolerance


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P")),
        *(("TIFF", mode) for mode in ("1", "L", "LA", "P", "CMYK")),
        *(("JPEG", mode) for mode in ("L", "CMYK")),
    ],
)
def test_other_layouts_become_rgb(encode, photo, name, mode) -> None:
    image = Image.fromarray(photo).convert("L" if mode == "LA" else "RGB").convert(mode)
    data = encode(image, name, quality=95)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert distance(decode(data, max_pixels=MAX_PIXELS), expected) <= (6 if name == "JPEG" else 0)


@pytest.mark.parametrize("name", ["PNG", "TIFF"])
def test_16_bits_become_8(encode, name) -> None:
    deep = (np.arange(24 * 36, dtype=np.uint16) * 75).reshape(24, 36)
    picture = decode(encode(deep, name), max_pixels=MAX_PIXELS)
    assert np.array_equal(picture, (deep >> 8).astype(np.uint8)[..., np.newaxis].repeat(3, axis=2))


@pytest.mark.parametrize("name", ["GIF", "WebP", "PNG", "TIFF"])
def test_the_first_frame_of_an_animation_is_decoded(encode, name) -> None:
    frames = [Image.fromarray(np.full((20, 30, 3), level, np.uint8)) for level in (10, 200, 90)]
    data = encode(frames[0], name, save_all=True, append_images=frames[1:])
    assert distance(decode(data, max_pixels=MAX_PIXELS), np.full((20, 30, 3), 10)) <= 2


@pytest.mark.parametrize("size", [(1, 20), (20, 1), (1, 1)])
@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
@needs_avif
def test_pictures_of_one_row_or_column_are_turned(encode, size, orientation) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    data = encode(np.full((*size, 3), 77, np.uint8), "AVIF", exif=exif)
    picture = decode(data, max_pixels=MAX_PIXELS)
    assert distance(picture, np.full((*(size if orientation < 5 else size[::-1]), 3), 77)) <= 2
    assert picture.strides == (3 * picture.shape[1], 3, 1)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", avif])
def test_every_truncated_file_is_refused(encode, noise, name, progressive) -> None:
    data = encode(noise, name, progressive=progressive)
    lengths = {*range(0, len(data), max(1, len(data) // 60)), *range(len(data) - 8, len(data))}
    for length in sorted(lengths):
        with pytest.raises(InputError):
            decode(data[:length], max_pixels=MAX_PIXELS)


def test_opencv_writes_nothing_to_standard_error() -> None:
    script = (
        "import io; from PIL import Image\n"
        "from humanrt.errors import InputError; from humanrt.imaging.decode import decode\n"
        "for name in ('WEBP', 'GIF', 'BMP'):\n"
        "    file = io.BytesIO(); Image.effect_noise((64, 64), 90).convert('RGB').save(file, name)\n"
        "    try: decode(file.getvalue()[:-300], max_pixels=10000)\n"
        "    except InputError: continue\n"
        "    raise AssertionError(name)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stderr == ""


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", avif])
def test_the_pixel_limit_is_inclusive(encode, photo, name) -> None:
    data = encode(photo, name)
    assert decode(data, max_pixels=24 * 36).shape == photo.shape
    with pytest.raises(InputError, match=r"36 x 24 = 864 pixels, the limit is 863 .*max_pixels"):
        decode(data, max_pixels=24 * 36 - 1)


def test_a_picture_that_is_larger_than_its_header_is_refused_after_decoding(encode, photo, monkeypatch) -> None:
    monkeypatch.setattr(decode_module, "read_header", lambda _: Header("PNG", 1, 1, 6))
    with pytest.raises(InputError, match="36 x 24 = 864 pixels, the limit is 863"):
        decode(encode(photo, "PNG"), max_pixels=863)


def test_a_png_bomb_is_refused_by_its_header(monkeypatch) -> None:
    bomb = gray_png(30000, 30000, zeros_compressed(859 * 2**20))
    assert 800_000 < len(bomb) < 950_000
    monkeypatch.setattr(decode_module, "load_cv2", lambda: pytest.fail("the decoder was called"))
    with pytest.raises(InputError, match="too large: 30000 x 30000"):
        decode(bomb, max_pixels=100_000_000)


def test_the_ceiling_limits_every_max_pixels(monkeypatch) -> None:
    monkeypatch.setattr(decode_module, "load_cv2", lambda: pytest.fail("the decoder was called"))
    with pytest.raises(InputError, match="too large"):
        decode(gray_png(30000, 30000, b""), max_pixels=10**12)


def test_a_stricter_limit_of_the_application_raises_an_input_error(encode, photo, tmp_path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encode(photo, "PNG"))
    script = (
        "import sys; from humanrt.errors import InputError; from humanrt.imaging import read_picture\n"
        "try: read_picture(sys.argv[1], max_pixels=1000)\n"
        "except InputError as error: print(type(error.__cause__).__name__)\n"
    )
    environment = {**os.environ, "OPENCV_IO_MAX_IMAGE_PIXELS": "100"}
    command = [sys.executable, "-c", script, str(path)]
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "error"


def test_the_pngs_built_here_are_valid() -> None:
    assert decode(gray_png(1023, 1024, zeros_compressed(2**20)), max_pixels=2**20).shape == (1024, 1023, 3)


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 5), (5, 0)])
def test_a_picture_without_pixels_is_refused(width, height) -> None:
    with pytest.raises(InputError, match=f"{width} x {height}: it has no pixels"):
        decode(gray_png(width, height, zlib.compress(b"")), max_pixels=MAX_PIXELS)


def test_the_error_for_damaged_data_names_the_accepted_formats(encode, noise) -> None:
    data = encode(noise, "WebP")[:-100]
    with pytest.raises(InputError, match=r"WebP picture cannot be decoded.*accepted are JPEG, PNG"):
        decode(bytes(data), max_pixels=MAX_PIXELS)


FORMATS = ["JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", *(["AVIF"] if features.check("avif") else [])]


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from(FORMATS), changes=st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=4)))
)
def test_damaged_data_give_a_picture_or_an_input_error(encode, photo, name, changes) -> None:
    data = bytearray(encode(photo, name))
    for where, patch in changes:
        start = int(where * len(data))
        data[start : start + len(patch)] = patch
    try:
        picture = decode(bytes(data), max_pixels=MAX_PIXELS)
    except InputError:
        return
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
