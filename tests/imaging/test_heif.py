import io
import sys

import numpy as np
import pytest
from PIL import Image

from humanrt.errors import InputError, MissingDependencyError
from humanrt.imaging.decode import decode

pillow_heif = pytest.importorskip("pillow_heif")


@pytest.fixture
def heic(photo):
    """Encode with libheif, without loss of detail that shows in a smooth picture."""

    def encode(mode="RGB"):
        file = io.BytesIO()
        pillow_heif.from_pillow(Image.fromarray(photo).convert(mode)).save(file, quality=95)
        return file.getvalue()

    return encode


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_heic_becomes_rgb(heic, photo, mode):
    picture = decode(heic(mode), max_pixels=1_000)
    expected = np.asarray(Image.fromarray(photo).convert(mode).convert("RGB"))
    assert (picture.dtype, picture.shape) == (np.uint8, photo.shape)
    assert picture.flags.c_contiguous
    assert np.abs(picture.astype(int) - expected).mean() < 4


def test_bounds_and_damage(heic):
    with pytest.raises(InputError, match="36 x 24 = 864 pixels, the limit is 863"):
        decode(heic(), max_pixels=863)
    data = heic()
    for length in (20, 200, len(data) // 2, len(data) - 9):
        with pytest.raises(InputError, match="HEIC picture cannot be decoded"):
            decode(data[:length], max_pixels=1_000)


def test_without_pillow_heif_the_error_has_the_cure(heic, monkeypatch):
    data = heic()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "humanrt\[heif\]"'):
        decode(data, max_pixels=1_000)
