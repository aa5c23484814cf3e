import numpy as np
import pytest
from humanrt.vision.rounding import round_half_up, rounded, truncated


def test_rounding_is_javascripts():
    """Math.round: halves go up."""
    assert round_half_up(np.array([0.5, 1.5, 2.5, -0.5, -1.5, -1.51])).tolist() == [1, 2, 3, 0, -1, -2]


@pytest.mark.parametrize(
    ("value", "digits", "expected"), [(0.125, 2, 0.13), (0.124, 2, 0.12), (-0.125, 2, -0.12), (23.45, 1, 23.5)]
)
def test_rounding_to_decimals(value, digits, expected):
    """Math.round(10 ** digits * value) / 10 ** digits."""
    assert rounded(value, digits) == expected


@pytest.mark.parametrize(("value", "expected"), [(0.999, 0.99), (0.125, 0.12), (-0.125, -0.12)])
def test_cutting_decimals_off(value, expected):
    """Math.trunc(100 * value) / 100."""
    assert truncated(value, 2) == expected
