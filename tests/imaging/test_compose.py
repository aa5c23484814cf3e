import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from humanrt.imaging import composite


@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 9))
def test_each_pixel_is_a_mean(seed, height, width):
    numbers = np.random.default_rng(seed)
    foreground, background = numbers.integers(0, 256, (2, height, width, 3), np.uint8)
    alpha = numbers.random((height, width), np.float32)
    weights = alpha[..., None].astype(np.float64)
    expected = foreground * weights + background * (1 - weights)
    # Half a level is rounded, and OpenCV divides by the sum of the weights and a hundred thousandth.
    np.testing.assert_allclose(composite(foreground, background, alpha), expected, atol=0.51)


def test_where_there_is_nothing_to_mix_nothing_changes():
    foreground, background = np.arange(2 * 256 * 3, dtype=np.uint8).reshape(2, 1, 256, 3)
    np.testing.assert_array_equal(composite(foreground, background, np.ones((1, 256), np.float32)), foreground)
    np.testing.assert_array_equal(composite(foreground, background, np.zeros((1, 256), np.float32)), background)
