import numpy as np
import pytest

from humanrt.compat.precision import HUMAN
from humanrt.vision.precision import EXACT


@pytest.mark.parametrize(
    ("value", "digits", "expected"), [(0.125, 2, 0.13), (0.124, 2, 0.12), (-0.125, 2, -0.12), (23.45, 1, 23.5)]
)
def test_numbers_are_rounded_as_by_math_round(value, digits, expected):
    """Math.round(10 ** digits * value) / 10 ** digits."""
    assert HUMAN.rounded(value, digits) == expected


@pytest.mark.parametrize(("value", "expected"), [(0.999, 0.99), (0.125, 0.12), (-0.125, -0.12)])
def test_numbers_are_truncated_as_by_math_trunc(value, expected):
    """Math.trunc(100 * value) / 100."""
    assert HUMAN.truncated(value, 2) == expected


@pytest.mark.parametrize(("score", "expected"), [(0.876, 0.87), (1.0, 0.99), (0.999, 0.99)])
def test_scores_are_truncated_and_capped_at_99_hundredths(score, expected):
    assert HUMAN.capped(score) == expected


def test_coordinates_are_truncated_towards_zero():
    assert HUMAN.whole(np.array([10.9, -3.9])).tolist() == [10, -3]


def test_gray_levels_and_alpha_are_truncated():
    assert HUMAN.levels(np.float32([-3, 0.6, 254.6, 300])).tolist() == [0, 0, 254, 255]
    assert (HUMAN.alpha(np.float32([0.999, 0.5])) * 255).tolist() == pytest.approx([254, 127])


def test_a_threshold_of_zero_is_the_default():
    assert HUMAN.threshold(0.0, 0.2) == 0.2
    assert HUMAN.threshold(0.3, 0.2) == 0.3


def test_images_become_float32_before_they_are_resized():
    assert HUMAN.image(np.zeros((1, 1, 3), np.uint8)).dtype == np.float32


def test_our_own_precision_changes_nothing_but_levels_which_it_rounds():
    value, pixels = 0.123456, np.array([10.9, -3.9])
    assert EXACT.rounded(value, 2) == EXACT.truncated(value, 2) == EXACT.capped(value) == value
    assert EXACT.capped(1.0) == 1
    assert EXACT.whole(pixels) is EXACT.image(pixels) is EXACT.alpha(pixels) is pixels
    assert EXACT.threshold(0.0, 0.2) == 0
    assert EXACT.levels(np.float32([-3, 0.6, 254.6, 300])).tolist() == [0, 1, 255, 255]
