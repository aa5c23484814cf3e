"""Damage that is recognised before the decoder: with the reason, and without a line on standard error."""

import io
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image
from png_files import SIGNATURE, chunk, png

from humanrt.errors import InputError
from humanrt.imaging.decode import decode

ROWS = zlib.compress(3 * (b"\0" + bytes(range(12))))


def damaged_pictures():
    """Return damaged pictures, each with the reason of its error."""
    whole = png(ROWS)
    flipped = bytearray(whole)
    flipped[len(whole) - 20] ^= 1
    jpeg = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)).save(jpeg, "JPEG")
    return {
        "a checksum": (bytes(flipped), "checksum of its b'IDAT' chunk"),
        "too few rows": (png(zlib.compress(b"\0" + bytes(12))), r"pixels \(IDAT\) are too few"),
        "no zlib stream": (png(b"\xff" * 40), r"pixels \(IDAT\) are invalid"),
        "a broken zlib stream": (png(ROWS[:4] + b"\xff" * 20), r"pixels \(IDAT\) are invalid|too few"),
        "no palette": (png(ROWS, (4, 3, 8, 3, 0, 0, 0)), "before its palette"),
        "a depth": (png(ROWS, (4, 3, 7, 2, 0, 0, 0)), "IHDR"),
        "a colour type": (png(ROWS, (4, 3, 8, 5, 0, 0, 0)), "IHDR"),
        "an interlace method": (png(ROWS, (4, 3, 8, 2, 0, 0, 2)), "IHDR"),
        "a short header": (SIGNATURE + chunk(b"IHDR", bytes((0, 0, 0, 4, 0, 0, 0, 3))) + whole[33:], "have 13 bytes"),
        "a JPEG cut": (jpeg.getvalue()[:-100], "no end marker"),
        "a JPEG without its last byte": (jpeg.getvalue()[:-1], "no end marker"),
    }


@pytest.mark.parametrize("name", damaged_pictures())
def test_the_reason_of_the_damage(name):
    data, reason = damaged_pictures()[name]
    with pytest.raises(InputError, match=reason):
        decode(data, max_pixels=2_000)


def test_common_faults_write_nothing_to_standard_error(tmp_path):
    for i, (data, _) in enumerate(damaged_pictures().values()):
        (tmp_path / str(i)).write_bytes(data)
    script = (
        "import pathlib, sys; from humanrt.errors import InputError; from humanrt.imaging import read_picture\n"
        "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    try: read_picture(path, max_pixels=2_000)\n"
        "    except InputError: print('refused')\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert ended.stdout.split() == ["refused"] * len(damaged_pictures())


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 9), (64, 63)])
def test_whole_pictures_are_whole(encode, mode, size):
    width, height = size
    grey = np.random.default_rng(2).integers(0, 256, (height, width), np.uint8)
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    assert decode(encode(image, "PNG"), max_pixels=10_000).shape == (height, width, 3)


def test_an_interlaced_picture_is_whole():
    # 3 x 2: the passes have 1 x 1, none, none, 1 x 1, none, 1 x 1 and 3 x 1 pixels.
    passes = [b"\0" + bytes(3 * columns) for columns in (1, 1, 1)] + [b"\0" + bytes(9)]
    data = png(zlib.compress(b"".join(passes)), (3, 2, 8, 2, 0, 0, 1))
    assert Image.open(io.BytesIO(data)).size == (3, 2)
    assert decode(data, max_pixels=10).shape == (2, 3, 3)
    with pytest.raises(InputError, match="too few"):
        decode(png(zlib.compress(b"".join(passes[:-1])), (3, 2, 8, 2, 0, 0, 1)), max_pixels=10)


def test_what_libpng_ignores_is_no_fault():
    comment = bytearray(chunk(b"tEXt", b"Comment\0hello"))
    comment[-1] ^= 1
    assert decode(png(ROWS, before=bytes(comment)), max_pixels=12).shape == (3, 4, 3)
    assert decode(png(zlib.compress(3 * (b"\0" + bytes(12)) + b"more")), max_pixels=12).shape == (3, 4, 3)


def test_data_behind_the_end_of_a_jpeg_are_no_fault(encode, photo):
    data = encode(photo, "JPEG")
    assert decode(data + b"\xff\xda" + bytes(100), max_pixels=10_000).shape == photo.shape
