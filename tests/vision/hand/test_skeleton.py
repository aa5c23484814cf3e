from math import pi

import numpy as np
import pytest
from hand_outputs import check_way_back, region, skeleton_outputs, slope
from hypothesis import given
from hypothesis import strategies as st

from humanrt.vision.hand.skeleton import SKELETON, CroppedHands, turned
from humanrt.vision.stage import InputForm

FORM = InputForm(64, 64, 3)
PREPARED = CroppedHands(np.zeros((2, 64, 64, 3), np.float32))


def test_points_are_rotated_clockwise():
    """In an image, where y runs down: from above the pivot to its right."""
    assert turned(np.array([[10.0, 0.0]]), pi / 2, np.array([10.0, 20.0])) == pytest.approx(np.array([[30, 20]]))
    assert turned(np.array([30.0, 20.0]), -pi / 2, np.array([10.0, 20.0])) == pytest.approx(np.array([10, 0]))


def test_the_input_is_scaled_to_one():
    batch = SKELETON.prepare(slope(), FORM, [region((10, 20), (110, 80)), region((0, 0), (50, 50))]).pixels
    assert batch.shape == (2, 64, 64, 3)
    assert batch.dtype == np.float32
    assert (batch[..., 2] == 1).all()
    assert batch[0, 0, 0, :2] * 255 == pytest.approx([10, 20], abs=1)
    assert batch[0, -1, -1, :2] * 255 == pytest.approx([110, 80], abs=1)


def test_pixels_outside_of_the_image_are_black():
    (pixels,) = SKELETON.prepare(slope(), FORM, [region((-50, -50), (50, 50))]).pixels
    assert (pixels[:31] == 0).all()
    assert (pixels[:, :31] == 0).all()
    assert (pixels[33:, 33:, 2] == 1).all()


def test_a_rotated_region_at_the_edge_of_the_image_is_complete():
    """A quarter turn about a point near the right edge, of a region that extends past it."""
    (pixels,) = SKELETON.prepare(slope(), FORM, [region((200, 80), (300, 120), -pi / 2, (225, 100))]).pixels
    assert (pixels[..., 2] == 1).all()


@given(
    st.tuples(st.floats(60, 140), st.floats(60, 140)),
    st.tuples(st.floats(20, 60), st.floats(20, 60)),
    st.floats(-pi, pi),
)
def test_a_point_lies_where_its_pixel_was_sampled(center, size, angle):
    check_way_back(SKELETON, FORM, center, size, angle)


def test_depth_is_scaled_by_the_mean_of_both_axes():
    points = np.tile([32.0, 16.0, 6.0], (21, 1))
    upright, upside_down = region((0, 0), (128, 64)), region((0, 0), (64, 64), pi, (0, 0))
    outputs = skeleton_outputs((0.25, points), (0.75, points))
    one, other = SKELETON.decode(outputs, PREPARED, [upright, upside_down])
    assert (one.flag, other.flag) == (0.25, 0.75)
    assert one.keypoints == pytest.approx(np.tile([64, 16, 9], (21, 1)))
    assert other.keypoints == pytest.approx(np.tile([-32, -16, 6], (21, 1)))
    assert one.depths.tolist() == [6] * 21


@pytest.mark.parametrize("shape", [(2, 63), (2, 1, 1, 63)])
def test_both_shapes_of_outputs_are_decoded(shape):
    points = np.arange(126, dtype=np.float32).reshape(shape)
    flags = np.array([0.1, 0.2], np.float32).reshape(2, 1, 1)
    _, second = SKELETON.decode([flags, points], PREPARED, [region((0, 0), (64, 64))] * 2)
    assert second.keypoints.ravel().tolist() == list(range(63, 126))
