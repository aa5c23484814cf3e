import numpy as np
import pytest
from humanrt.vision.model import InputForm

from humanrt.vision.face.crop import cropped, gray, resized

FORM = InputForm(8, 8, 3)


@pytest.fixture
def crops():
    """Two faces, float32 [16, 16], brighter to the right and downwards."""
    y, x = np.mgrid[:16, :16]
    return np.stack([np.stack([x, y, x + y], axis=-1), np.full((16, 16, 3), 255)]).astype(np.float32)


def test_resized(crops):
    """TF.js's grid: every second pixel."""
    pixels = resized(crops, FORM)
    assert pixels.shape == (2, 8, 8, 3)
    assert pixels.dtype == np.float32
    assert pixels[0] == pytest.approx(crops[0, ::2, ::2] / 255, abs=1e-6)
    assert (pixels[1] == 1).all()


def test_a_margin_is_cut_off_each_side(crops):
    """cropAndResize of [0.25, 0.25, 0.75, 0.75] runs over the pixels' centres: from 3.75 to 11.25."""
    pixels = resized(crops, FORM, 0.25)
    assert pixels[0, 0, :, 0] * 255 == pytest.approx(np.linspace(3.75, 11.25, 8), abs=0.05)
    assert pixels[0, :, 0, 1] * 255 == pytest.approx(np.linspace(3.75, 11.25, 8), abs=0.05)


def test_a_part(crops):
    pixels = cropped(crops, FORM, (0.0, 0.5, 1.0, 1.0))
    assert pixels[0, 0, :, 0] * 255 == pytest.approx(np.linspace(0, 15, 8), abs=0.05)
    assert pixels[0, :, 0, 1] * 255 == pytest.approx(np.linspace(7.5, 15, 8), abs=0.05)


def test_gray():
    assert gray(np.eye(3, dtype=np.float32)[None, None])[0, 0, :, 0].tolist() == pytest.approx([0.2989, 0.587, 0.114])
