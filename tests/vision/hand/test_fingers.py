import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from posed_fingers import (
    BENT,
    CURLS,
    DIRECTIONS,
    NAMES,
    OURS,
    STRAIGHT,
    bent,
    check_mirroring,
    check_scaling,
    finger,
    keypoints,
    pointing,
)

from humanrt.result import Finger
from humanrt.vision.hand.fingers import fingers_of


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize(("angle", "curl"), CURLS)
def test_the_angle_at_the_joint_gives_the_curl(name, deep, angle, curl):
    assert bent(name, angle, deep=deep).curl == curl


def test_a_straight_finger_is_not_curled():
    assert finger(**STRAIGHT).curl == "none"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("angle", "direction"), DIRECTIONS)
def test_the_direction_of_a_straight_finger(name, angle, direction):
    assert pointing(name, angle).direction == direction


def test_extent_longest_line_and_bones_vote_on_the_direction():
    """Up, then to the right: two bones vertical, two horizontal (1.8 each); extent and longest line diagonal (2.7)."""
    assert finger("index", (0, 0), (0, -100), (100, -100)).direction == "diagonalUpRight"
    # Less far to the right: the extent, 100 to 60, is vertical, and so are 1.1 + 2 * 0.9; diagonal is 1.6 alone.
    assert finger("index", (0, 0), (0, -100), (60, -100)).direction == "verticalUp"
    # Far to the right: the longest line, at 18 degrees, the extent, and two bones are horizontal.
    assert finger("index", (0, 0), (0, -100), (300, -100)).direction == "horizontalRight"


def test_the_longest_line_of_a_bent_finger():
    assert finger(**BENT).direction == "verticalUp"
    # The joint lies between start and tip, nearer to the start: the line from joint to tip is the longest.
    assert finger("index", (0, 0), (-40, 0), (20, 80)).direction == "diagonalDownRight"


def test_coinciding_points_do_not_divide_by_zero():
    assert fingers_of(np.zeros((21, 3)), *OURS) == dict.fromkeys(NAMES, Finger("full", "horizontalRight"))


def test_a_hand_without_keypoints_has_no_fingers():
    assert fingers_of(np.zeros((0, 3), np.float32), *OURS) == {}


@given(keypoints, st.sampled_from([0.25, 2.0, 64.0]))
def test_the_size_of_a_hand_does_not_matter(points, scale):
    check_scaling(points, scale)


@given(keypoints)
def test_mirrored_hands_have_mirrored_directions(points):
    check_mirroring(points)
