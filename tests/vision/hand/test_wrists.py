"""The squares around the wrists of bodies, and one input for several of them."""

from dataclasses import replace

import numpy as np
import pytest
from records import BODY

from humanrt import Keypoint
from humanrt.imaging import map_points, scaled
from humanrt.vision.hand.wrists import around_wrists, part_at, side_by_side

PICTURE = np.random.default_rng(0).integers(0, 256, (120, 200, 3), dtype=np.uint8)


def body(**places):
    return replace(BODY, keypoints=tuple(Keypoint(part, 0.9, place, (0.0, 0.0)) for part, place in places.items()))


ARM = {"leftElbow": (100.0, 100.0), "leftWrist": (100.0, 150.0)}  # 50 long, downwards
PART = (35.0, 100.0, 165.0, 230.0)  # 2.6 forearms, its centre 0.3 below the wrist


@pytest.mark.parametrize(
    ("more", "side"),
    [
        ({}, 130),
        ({"leftShoulder": (180.0, 100.0)}, 2.6 * 0.8 * 80),  # the upper arm is longer
        ({"leftShoulder": (100.0, 50.0), "rightShoulder": (0.0, 50.0)}, 2.6 * 75),
        ({"rightShoulder": (0.0, 50.0)}, 130),
    ],
)
def test_a_square_lies_ahead_of_the_wrist_and_has_the_size_of_the_arm(more, side):
    ((left, top, right, bottom),) = around_wrists([body(**ARM, **more)], [])
    assert (right - left, bottom - top) == pytest.approx((side, side))
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((100, 165))


def test_without_an_elbow_it_is_around_the_wrist():
    shoulders = {"leftShoulder": (40.0, 10.0), "rightShoulder": (0.0, 10.0)}
    assert around_wrists([body(rightWrist=(50.0, 60.0), **shoulders)], []) == [pytest.approx((11, 21, 89, 99))]


@pytest.mark.parametrize("places", [{}, {"leftElbow": (1.0, 2.0)}, {"leftWrist": (1.0, 2.0)}])
def test_bodies_without_a_wrist_or_a_size_have_none(places):
    assert around_wrists([body(**places)], []) == []


def test_the_wrists_of_hands_are_not_searched():
    assert around_wrists([body(**ARM)], [np.array([100.0, 180.0])]) == [pytest.approx(PART)]
    assert around_wrists([body(**ARM)], [np.array([100.0, 179.0])]) == []


def test_of_squares_that_are_nearly_the_same_there_is_one():
    near = {"rightElbow": (110.0, 100.0), "rightWrist": (110.0, 150.0)}  # 120 of 140 columns in common
    far = {"rightElbow": (140.0, 100.0), "rightWrist": (140.0, 150.0)}  # 90 of 170
    assert len(around_wrists([body(**ARM, **near)], [])) == 1
    assert len(around_wrists([body(**ARM), body(**far)], [])) == 2


def test_four_parts_lie_in_two_rows():
    parts = [(10.0, 20.0, 50.0, 60.0), (60.0, 20.0, 100.0, 60.0), (0.0, 0.0, 80.0, 80.0), (100.0, 40.0, 180.0, 120.0)]
    pixels, affines = side_by_side(PICTURE, parts, 40)
    np.testing.assert_array_equal(pixels[:20, :20], scaled(PICTURE[20:60, 10:50], 20, 20)[0])
    np.testing.assert_array_equal(pixels[:20, 20:], scaled(PICTURE[20:60, 60:100], 20, 20)[0])
    np.testing.assert_array_equal(pixels[20:, :20], scaled(PICTURE[:80, :80], 20, 20)[0])
    np.testing.assert_array_equal(pixels[20:, 20:], scaled(PICTURE[40:120, 100:180], 20, 20)[0])
    starts = np.array([(0, 0), (20, 0), (0, 20), (20, 20)])
    for (left, top, right, bottom), start, affine in zip(parts, starts, affines, strict=True):
        corners = map_points(affine, np.array([start, start + 20.0]))
        assert corners.ravel().tolist() == pytest.approx([left, top, right, bottom])


def test_one_part_fills_the_input_and_two_have_half_of_it():
    part = (10.0, 20.0, 50.0, 60.0)
    np.testing.assert_array_equal(side_by_side(PICTURE, [part], 20)[0], scaled(PICTURE[20:60, 10:50], 20, 20)[0])
    pixels, _ = side_by_side(PICTURE, [part, part], 40)
    np.testing.assert_array_equal(pixels[:20, :20], pixels[:20, 20:])
    assert not pixels[20:].any()


@pytest.mark.parametrize("offset", [(-20.0, -20.0), (160.0, 80.0)])
def test_outside_of_the_picture_a_part_is_black(offset):
    left, top = offset
    pixels, _ = side_by_side(PICTURE, [(left, top, left + 60, top + 60)], 60)
    expected = np.zeros((60, 60, 3), np.uint8)
    if left < 0:
        expected[20:, 20:] = PICTURE[:40, :40]
    else:
        expected[:40, :40] = PICTURE[80:, 160:]
    np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("left", [-500.0, 500.0])
def test_a_part_that_is_elsewhere_is_black(left):
    assert not side_by_side(PICTURE, [(left, 0.0, left + 40, 40.0)], 20)[0].any()


@pytest.mark.parametrize(
    ("place", "count", "part"),
    [
        ((0.9, 0.9), 1, 0),
        ((0.4, 0.4), 3, 0),
        ((0.6, 0.4), 3, 1),
        ((0.4, 0.6), 3, 2),
        ((0.6, 0.6), 3, None),
        ((1.1, 1.1), 4, 3),  # boxes may extend outside
        ((-0.1, 0.9), 4, 2),
    ],
)
def test_the_part_of_a_place(place, count, part):
    assert part_at(np.array(place), count) == part
