"""Fingers with a known curl and direction, and the properties that Human's classification shares with ours."""

from math import cos, radians, sin

import numpy as np
from hypothesis import strategies as st

from humanrt.result import Finger
from humanrt.vision.hand.fingers import curl_at, fingers_of, longest_line

NAMES = ("thumb", "index", "middle", "ring", "pinky")
# The points of each finger, from its start to its tip.
POINTS = {"thumb": [1, 2, 3, 4], **{name: [0, *range(4 * i + 1, 4 * i + 5)] for i, name in enumerate(NAMES) if i}}
OURS = curl_at, longest_line
# FingerPose: under 60 degrees at the joint a finger is wholly bent, under 130 half.
CURLS = [(175, "none"), (131, "none"), (129, "half"), (61, "half"), (59, "full"), (5, "full")]
# FingerPose: within 15 degrees of upright is vertical, within 25 of level horizontal; y runs down.
DIRECTIONS = [
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
]
STRAIGHT = {"name": "index", "start": (0, 100), "joint": (0, 0), "tip": (0, -50)}
# The tip comes back: 1.1 + 2 * 0.9 are vertical, 2 * 0.9 diagonal; 1.6 for the longest line, up to the joint.
BENT = {"name": "index", "start": (0, 100), "joint": (0, 0), "tip": (30, 60)}

keypoints = st.lists(st.tuples(*[st.integers(-500, 500)] * 3), min_size=21, max_size=21).map(
    lambda points: np.array(points, np.float64) + 0.25
)


def finger(name, start, joint, tip, rules=OURS):
    """The finger of that name, whose joint is the end of one bone of the thumb, of two of the others."""
    start, joint, tip = (np.array([*point, 0.0, 0.0][:3], float) for point in (start, joint, tip))
    line = [start, (start + joint) / 2, joint, (joint + tip) / 2, tip]
    if name == "thumb":
        line = [start, (start + joint) / 2, joint, tip]
    points = np.zeros((21, 3))
    points[POINTS[name]] = line
    return fingers_of(points, *rules)[name]


def bent(name, angle, *, deep, rules=OURS):
    """A finger with that angle at its joint, in degrees: in the image, or in depth."""
    across, along = 50 * sin(radians(angle)), 50 * cos(radians(angle))
    tip = (0, along, across) if deep else (across, along)
    return finger(name, (0, 100), (0, 0), tip, rules)


def pointing(name, angle, rules=OURS):
    """A straight finger in that direction, in degrees."""
    far = np.array([cos(radians(angle)), -sin(radians(angle))])
    return finger(name, (7, 9), (7, 9) + 60 * far, (7, 9) + 100 * far, rules)


def check_scaling(points, scale, rules=OURS):
    """The size of a hand changes nothing."""
    fingers = fingers_of(points, *rules)
    assert tuple(fingers) == NAMES
    assert fingers_of(points * scale, *rules) == fingers


def check_mirroring(points, rules=OURS):
    """In a mirror left is right, and on water up is down; the curls are the same."""
    x, y, z = points.T
    fingers = fingers_of(points, *rules)
    level = {name for name, indices in POINTS.items() if any(np.ptp(points[indices], axis=0)[:2] == 0)}
    for mirrored, names in ((np.stack([-x, y, z], 1), ("Left", "Right")), (np.stack([x, -y, z], 1), ("Up", "Down"))):
        expected = _swapped(fingers_of(mirrored, *rules), *names)
        assert {name: expected[name] for name in NAMES if name not in level} == {
            name: fingers[name] for name in NAMES if name not in level
        }


def _swapped(fingers, one, other):
    def swap(direction):
        return direction.replace(one, "?").replace(other, one).replace("?", other)

    return {name: Finger(each.curl, swap(each.direction)) for name, each in fingers.items()}
