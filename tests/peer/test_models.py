"""Converted models, run in ONNX Runtime, give what TF.js gives on its CPU backend."""

import numpy as np
import pytest

from parity.models import CASES, Difference, SideBySide
from parity.pictures import SOURCES

pytestmark = pytest.mark.slow

# Of the largest value of an output. float32 in another order of summation stays well below it.
TOLERANCE = 1e-4

every_model = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(scope="session")
def side_by_side(peer, tmp_path_factory):
    return SideBySide(peer, tmp_path_factory.mktemp("converted"))


def assert_alike(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, reference in theirs.items():
        assert ours[name].dtype == reference.dtype
        difference = Difference.between(ours[name], reference)
        assert difference.absolute <= TOLERANCE * np.abs(reference).max(), f"{name}: {difference}"


@every_model
@pytest.mark.parametrize("source", SOURCES)
def test_one_picture(side_by_side, case, source):
    ours = side_by_side.ours(case, case.prepare(SOURCES[source]()))
    assert_alike(ours, side_by_side.theirs(case, source))


@every_model
def test_a_batch_equals_its_pictures_one_by_one(side_by_side, case):
    ours = side_by_side.ours(case, np.concatenate([case.prepare(picture()) for picture in SOURCES.values()]))
    singles = [side_by_side.theirs(case, source) for source in SOURCES]
    assert_alike(ours, {name: np.concatenate([single[name] for single in singles]) for name in singles[0]})


@every_model
def test_the_table_shows_the_worst_of_all_pictures(side_by_side, case):
    worst = side_by_side.worst(case)
    for source, picture in SOURCES.items():
        ours, theirs = side_by_side.ours(case, case.prepare(picture())), side_by_side.theirs(case, source)
        for name, reference in theirs.items():
            assert np.abs(ours[name] - reference).max() <= worst[name].absolute


def test_nan_is_the_worst_difference_and_shapes_must_agree():
    broken = Difference.between(np.array([1.0, np.nan]), np.array([1.0, 2.0]))
    assert np.isnan(Difference(1.0, 1.0).or_worse(broken).absolute)
    assert np.isnan(broken.or_worse(Difference(1.0, 1.0)).relative)
    with pytest.raises(ValueError, match="shapes differ"):
        Difference.between(np.zeros((1, 4)), np.zeros((4,)))
