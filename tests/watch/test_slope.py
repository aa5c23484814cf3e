"""Slopes and their intervals, compared with arithmetic and tables."""

import numpy as np
import pytest

from humanrt.watch.slope import _student, slope


def test_a_line_has_its_slope():
    found = slope([0, 1, 2, 3], [5, 7, 9, 11])
    assert found.value == pytest.approx(2)
    assert (found.low, found.high) == pytest.approx((2, 2))


def test_the_interval_is_that_of_least_squares():
    # Worked by hand: x = 0..4, y = 1, 3, 2, 5, 4; slope 0.8, residuals 3.6, error sqrt(3.6 / 3 / 10), t(3) = 3.1824.
    found = slope(range(5), [1, 3, 2, 5, 4])
    assert found.value == pytest.approx(0.8)
    assert found.high - found.value == pytest.approx(3.1824 * (3.6 / 3 / 10) ** 0.5, rel=5e-3)


@pytest.mark.parametrize(("freedom", "quantile"), [(1, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (28, 2.048)])
def test_quantiles_are_those_of_the_tables(freedom, quantile):
    assert _student(freedom) == pytest.approx(quantile, abs=2e-3)


def test_many_samples_are_averaged_into_bins():
    noise = np.random.default_rng(1).normal(size=3000)
    found = slope(range(3000), noise + 0.01 * np.arange(3000))
    assert found.low < 0.01 < found.high
    assert found.high - found.low < 1e-3


@pytest.mark.parametrize("x", [[], [1, 2], [1, 1, 1]])
def test_too_few_samples_have_no_slope(x):
    assert slope(x, x) is None
