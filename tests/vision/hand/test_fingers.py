from math import cos, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humanrt.result import Finger
from humanrt.vision.hand.fingers import fingers_of

NAMES = ("thumb", "index", "middle", "ring", "pinky")
# Where each finger starts, and the rest of its points.
POINTS = {"thumb": [1, 2, 3, 4], **{name: [0, *range(4 * i + 1, 4 * i + 5)] for i, name in enumerate(NAMES) if i}}

hands = st.lists(st.tuples(*[st.integers(-500, 500)] * 3), min_size=21, max_size=21).map(
    lambda points: np.array(points, np.float64) + 0.25
)


def held(name, start, joint, tip, **options):
    """The finger of that name, whose joint is reached in one bone by the thumb, in two by the others."""
    start, joint, tip = (np.array([*point, 0.0, 0.0][:3], float) for point in (start, joint, tip))
    line = [start, (start + joint) / 2, joint, (joint + tip) / 2, tip]
    if name == "thumb":
        line = [start, (start + joint) / 2, joint, tip]
    keypoints = np.zeros((21, 3))
    keypoints[POINTS[name]] = line
    return fingers_of(keypoints, **options)[name]


def swapped(fingers, one, other):
    def swap(direction):
        return direction.replace(one, "?").replace(other, one).replace("?", other)

    return {name: Finger(finger.curl, swap(finger.direction)) for name, finger in fingers.items()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize(
    ("angle", "curl"), [(175, "none"), (131, "none"), (129, "half"), (61, "half"), (59, "full"), (5, "full")]
)
def test_the_curl_is_told_by_the_angle_at_the_joint(name, deep, angle, curl):
    """FingerPose: under 60 degrees wholly, under 130 half bent; in space."""
    across, along = 50 * sin(radians(angle)), 50 * cos(radians(angle))
    tip = (0, along, across) if deep else (across, along)
    assert held(name, (0, 100), (0, 0), tip).curl == curl
    assert held(name, (0, 100), (0, 0), tip, quirks=True).curl == curl


def test_a_finger_that_is_exactly_straight():
    """Its cosine is -1: Human's 57.2958 * pi is a little more than 180, and `% 180` of that is nearly 0."""
    straight = {"name": "index", "start": (0, 100), "joint": (0, 0), "tip": (0, -50)}
    assert held(**straight).curl == "none"
    assert held(**straight, quirks=True).curl == "full"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("angle", "direction"),
    [
        (0, "horizontalRight"),
        (24, "horizontalRight"),
        (26, "diagonalUpRight"),
        (74, "diagonalUpRight"),
        (76, "verticalUp"),
        (104, "verticalUp"),
        (106, "diagonalUpLeft"),
        (154, "diagonalUpLeft"),
        (156, "horizontalLeft"),
        (204, "horizontalLeft"),
        (225, "diagonalDownLeft"),
        (270, "verticalDown"),
        (315, "diagonalDownRight"),
    ],
)
def test_the_direction_of_a_straight_finger(name, angle, direction):
    """FingerPose: within 15 degrees of upright is vertical, within 25 of level horizontal; y runs down."""
    far = np.array([cos(radians(angle)), -sin(radians(angle))])
    for quirks in (False, True):
        assert held(name, (7, 9), (7, 9) + 60 * far, (7, 9) + 100 * far, quirks=quirks).direction == direction


def test_the_votes():
    """Up, then to the right: two bones vertical, two horizontal (1.8 each); extent and longest line diagonal (2.7)."""
    assert held("index", (0, 0), (0, -100), (100, -100)).direction == "diagonalUpRight"
    # Less far to the right: the extent, 100 to 60, is vertical, and so are 1.1 + 2 * 0.9; diagonal is 1.6 alone.
    assert held("index", (0, 0), (0, -100), (60, -100)).direction == "verticalUp"
    # Far to the right: the longest line, at 18 degrees, the extent, and two bones are horizontal.
    assert held("index", (0, 0), (0, -100), (300, -100)).direction == "horizontalRight"


def test_the_longest_line_of_a_bent_finger():
    """The tip comes back: 1.1 + 2 * 0.9 are vertical, 2 * 0.9 diagonal; 1.6 for the longest line, up to the joint.

    Human means to take that line, and takes the one from start to tip, which is diagonal.
    """
    bent = {"name": "index", "start": (0, 100), "joint": (0, 0), "tip": (30, 60)}
    assert held(**bent).direction == "verticalUp"
    assert held(**bent, quirks=True).direction == "diagonalUpRight"
    # The joint lies between start and tip, nearer to the start: the line from joint to tip is the longest.
    assert held("index", (0, 0), (-40, 0), (20, 80)).direction == "diagonalDownRight"


@pytest.mark.parametrize("quirks", [False, True])
def test_points_that_coincide(quirks):
    assert fingers_of(np.zeros((21, 3)), quirks=quirks) == dict.fromkeys(NAMES, Finger("full", "horizontalRight"))


def test_no_points_no_fingers():
    assert fingers_of(np.zeros((0, 3), np.float32)) == {}


@given(hands, st.sampled_from([0.25, 2.0, 64.0]), st.booleans())
def test_size_does_not_matter(keypoints, scale, quirks):
    fingers = fingers_of(keypoints, quirks=quirks)
    assert tuple(fingers) == NAMES
    assert fingers_of(keypoints * scale, quirks=quirks) == fingers


@given(hands, st.booleans())
def test_mirrors(keypoints, quirks):
    """Left is right in a mirror, and up is down in the water; how far a finger is bent is the same."""
    x, y, z = keypoints.T
    fingers = fingers_of(keypoints, quirks=quirks)
    level = {name for name, indices in POINTS.items() if any(np.ptp(keypoints[indices], axis=0)[:2] == 0)}
    for mirrored, names in ((np.stack([-x, y, z], 1), ("Left", "Right")), (np.stack([x, -y, z], 1), ("Up", "Down"))):
        expected = swapped(fingers_of(mirrored, quirks=quirks), *names)
        assert {name: expected[name] for name in NAMES if name not in level} == {
            name: fingers[name] for name in NAMES if name not in level
        }
