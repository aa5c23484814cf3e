import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humanrt.imaging import blur_effect, edges, luminance
from parity.pictures import read_picture

GRAY = luminance(read_picture("astronaut")[..., :3])


def test_luminance_is_that_of_bt_601():
    pixels = np.uint8([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 20, 30]]])
    expected = pixels[0] @ np.array([0.299, 0.587, 0.114])
    assert luminance(pixels)[0] == pytest.approx(expected, abs=0.51)


def test_edges_are_sobels():
    """Of a ramp of 3 grey levels a pixel along x: 8 times that, the sum of the kernel's weights times its length."""
    ramp = np.tile(np.arange(20, dtype=np.float32) * 3, (10, 1))
    along_x, along_y = edges(ramp)
    assert (along_x[1:-1, 1:-1] == 24).all()
    assert (along_y == 0).all()


def test_a_ramp_is_blurred_already_and_a_flat_picture_has_no_edges():
    """A filter does not change a ramp: all of its edges are left."""
    ramp = np.add.outer(np.arange(60), np.arange(60)).astype(np.float32)
    inner = np.pad(ramp, 8, mode="reflect", reflect_type="odd")
    assert blur_effect(inner) == pytest.approx(1, abs=0.2)
    assert blur_effect(np.full((40, 40), 7, np.float32)) == 1


def test_of_far_steps_a_part_is_left():
    """Edges of two pixels become edges of twelve, as high as 2 / 11 of them: so much is left in those two."""
    steps = np.zeros((120, 120), np.float32)
    steps[20:60, :] += 50
    steps[:, 20:60] += 50
    assert blur_effect(steps) == pytest.approx(2 / 11, abs=0.02)


@given(st.floats(0.05, 1))
def test_contrast_does_not_change_the_blur(contrast):
    assert blur_effect(GRAY * np.float32(contrast)) == pytest.approx(blur_effect(GRAY), abs=1e-4)


def test_more_blur_is_more():
    effects = [blur_effect(GRAY), *(blur_effect(cv2.GaussianBlur(GRAY, (0, 0), sigma)) for sigma in (1, 2, 4, 8))]
    assert effects == sorted(effects)
    assert 0 < effects[0] < 0.5 < 0.85 < effects[-1] < 1
