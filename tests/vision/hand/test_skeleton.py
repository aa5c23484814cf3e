from math import pi

import numpy as np
import pytest
from humanrt.vision.model import InputForm
from hypothesis import given
from hypothesis import strategies as st

from humanrt.vision.hand import skeleton
from humanrt.vision.hand.skeleton import Region, turned

FORM = InputForm(64, 64, 3)


def region(start, end, angle=0.0, pivot=(0, 0)):
    return Region(np.array(start, float), np.array(end, float), angle, np.array(pivot, float))


def outputs(*hands):
    """The model's outputs: (flag, [21, 3]) of each."""
    flags, points = zip(*hands, strict=True)
    return [np.array(flags, np.float32)[:, None], np.array(points, np.float32).reshape(len(hands), -1)]


@pytest.fixture
def slope():
    """A picture whose colours are its coordinates."""
    y, x = np.mgrid[:200, :250]
    return np.stack([x, y, np.full_like(x, 255)], axis=-1).astype(np.uint8)


def test_points_are_turned_clockwise():
    """In a picture, where y runs down: from above the pivot to its right."""
    assert turned(np.array([[10.0, 0.0]]), pi / 2, np.array([10.0, 20.0])) == pytest.approx(np.array([[30, 20]]))
    assert turned(np.array([30.0, 20.0]), -pi / 2, np.array([10.0, 20.0])) == pytest.approx(np.array([10, 0]))


def test_the_input_is_scaled_to_one(slope):
    batch = skeleton.cut(slope, [region((10, 20), (110, 80)), region((0, 0), (50, 50))], FORM, quirks=False)
    assert batch.shape == (2, 64, 64, 3)
    assert batch.dtype == np.float32
    assert (batch[..., 2] == 1).all()
    assert batch[0, 0, 0, :2] * 255 == pytest.approx([10, 20], abs=1)
    assert batch[0, -1, -1, :2] * 255 == pytest.approx([110, 80], abs=1)


def test_outside_of_the_picture_it_is_black(slope):
    (pixels,) = skeleton.cut(slope, [region((-50, -50), (50, 50))], FORM, quirks=False)
    assert (pixels[:31] == 0).all()
    assert (pixels[:, :31] == 0).all()
    assert (pixels[33:, 33:, 2] == 1).all()


def test_human_turns_the_whole_picture_and_loses_its_corners(slope):
    """A quarter turn about a point near the right edge, and a crop that reaches past it."""
    at_the_edge = region((200, 80), (300, 120), -pi / 2, (225, 100))
    (human,), (ours,) = (skeleton.cut(slope, [at_the_edge], FORM, quirks=quirks) for quirks in (True, False))
    assert (human[:, 33:] == 0).all()
    assert (ours[..., 2] == 1).all()
    assert human[:, :31] == pytest.approx(ours[:, :31], abs=1.01 / 255)  # the nearest pixel


@given(
    st.tuples(st.floats(60, 140), st.floats(60, 140)),
    st.floats(20, 60),
    st.floats(20, 60),
    st.floats(-pi, pi),
    st.booleans(),
)
def test_a_point_lies_where_its_pixel_came_from(center, width, height, angle, quirks):
    y, x = np.mgrid[:200, :200]
    picture = np.stack([x, y, x], axis=-1).astype(np.uint8)
    half = np.array([width, height]) / 2
    looked_at = region(center - half, center + half, angle, (100, 105))
    (pixels,) = skeleton.cut(picture, [looked_at], FORM, quirks=quirks)
    points = np.random.default_rng(0).integers(8, 56, (21, 3)).astype(float)
    seen = skeleton.decode(outputs((0.5, points)), [looked_at], FORM)[0].keypoints
    sampled = pixels[points[:, 1].astype(int), points[:, 0].astype(int), :2] * 255
    inside = (pixels[points[:, 1].astype(int), points[:, 0].astype(int)] > 20 / 255).all(axis=1)
    # The grid of the crop runs to the last pixel's centre, that of the model to its edge; and quirks samples coarsely.
    assert seen[inside, :2] == pytest.approx(sampled[inside], abs=2.5)


def test_depth_is_scaled_by_the_mean_of_both_axes():
    points = np.tile([32.0, 16.0, 6.0], (21, 1))
    upright, turned_over = region((0, 0), (128, 64)), region((0, 0), (64, 64), pi, (0, 0))
    one, other = skeleton.decode(outputs((0.25, points), (0.75, points)), [upright, turned_over], FORM)
    assert (one.flag, other.flag) == (0.25, 0.75)
    assert one.keypoints == pytest.approx(np.tile([64, 16, 9], (21, 1)))
    assert other.keypoints == pytest.approx(np.tile([-32, -16, 6], (21, 1)))
    assert one.depths.tolist() == [6] * 21


@pytest.mark.parametrize("shape", [(2, 63), (2, 1, 1, 63)])
def test_both_shapes_of_outputs(shape):
    points = np.arange(126, dtype=np.float32).reshape(shape)
    both = [region((0, 0), (64, 64))] * 2
    seen = skeleton.decode([np.array([0.1, 0.2], np.float32).reshape(2, 1, 1), points], both, FORM)
    assert seen[1].keypoints.ravel().tolist() == list(range(63, 126))
