"""Two outputs are within the limit, accepted or neither."""

import numpy as np
import pytest

from parity.comparison import TOLERANCE, Comparison, Difference, compare


def one(ours, theirs, exact=None):
    """Compare one output; ``exact`` is TF.js's without rounding, which must be requested only if it is needed."""
    answers = {"float32": theirs, "float64": exact}

    def reference(precision):
        assert answers[precision] is not None
        return {"x": np.array(answers[precision], np.float32)}

    return compare({"x": np.array(ours, np.float32)}, reference)["x"]


def test_the_limit_is_a_share_of_the_largest_value():
    assert one([0.5 * TOLERANCE * 1000, 1000.5], [0.0, 1000.5]) == Comparison(
        Difference(pytest.approx(0.05), pytest.approx(0.05 / 1000.5)), within=True, accepted=True
    )
    assert not one([0.2, 1000.5], [0.0, 1000.5], exact=[0.0, 1000.5]).within


def test_integers_are_equal_or_wrong():
    assert one([12000.001, 3], [12000, 3]).within
    assert not one([12001, 3], [12000, 3], exact=[12000, 3]).within


def test_the_exact_output_decides_where_rounding_exceeds_the_limit():
    settled = one([0.7, 1.0], [0.3, 1.0], exact=[0.7, 1.0])
    assert settled.within
    assert settled.difference.absolute == 0
    assert settled.rounding == pytest.approx(0.4)


def test_an_error_of_the_size_of_tfjs_own_is_accepted():
    neither = one([1.1, 1.0], [0.3, 1.0], exact=[0.7, 1.0])
    assert (neither.within, neither.accepted) == (False, True)
    assert neither.difference.absolute == pytest.approx(0.4)
    further = one([1.6, 1.0], [0.3, 1.0], exact=[0.7, 1.0])
    assert (further.within, further.accepted) == (False, False)


def test_a_larger_error_than_tfjs_own_is_not_accepted():
    exceeded = one([1.1001, 1.0], [0.70001, 1.0], exact=[0.7, 1.0])
    assert (exceeded.within, exceeded.accepted) == (False, False)


def test_nan_other_shapes_and_a_reference_of_zeros_exceed_every_limit():
    for ours in ([np.nan, 1.0], [1.0], [1.0, 1.0, 1.0]):
        assert not one(ours, [1.0, 1.0], exact=[1.0, 1.0]).accepted
        assert not one(ours, [2.0, 1.0], exact=[1.0, 1.0]).accepted
    assert not one([1e-9], [0.0], exact=[0.0]).within
    assert one([], []).within
    assert one([0.0], [0.0]).within


def test_the_worst_of_two():
    good = Comparison(Difference(1.0, 2.0), within=True, accepted=True)
    bad = Comparison(Difference(np.nan, 1.0), within=False, accepted=True, rounding=0.5)
    for worst in (good.or_worse(bad), bad.or_worse(good)):
        assert np.isnan(worst.difference.absolute)
        assert (worst.difference.relative, worst.within, worst.accepted, worst.rounding) == (2.0, False, True, 0.5)
    assert good.or_worse(good) == good


@pytest.mark.parametrize("theirs", [{"y": np.zeros(1, np.float32)}, {"x": np.zeros(1, np.int32)}, {}])
def test_other_names_and_dtypes_raise(theirs):
    with pytest.raises(ValueError, match="outputs differ"):
        compare({"x": np.zeros(1, np.float32)}, lambda _: theirs)
