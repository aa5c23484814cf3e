"""Fingers: how far each is bent, and where it points, from the 21 points of a hand.

A finger is judged by three of its points: its start (the wrist; the thumb's own root), a joint, and its tip. The angle
at the joint tells the curl. The direction is put to the vote by the finger's extent, its longest line, and its bones.
Source: FingerPose (https://github.com/andypotato/fingerpose), as in Human's src/hand/fingerpose.ts.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import acos, atan2, degrees, dist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Curl, Direction, Finger

Point = tuple[float, ...]
Line = tuple[Point, Point]
Axis = Literal["vertical", "horizontal", "diagonal"]

# The points of each finger, from its start to its tip; the third is the joint.
FINGERS: Mapping[str, tuple[int, ...]] = {
    "thumb": (1, 2, 3, 4),
    "index": (0, 5, 6, 7, 8),
    "middle": (0, 9, 10, 11, 12),
    "ring": (0, 13, 14, 15, 16),
    "pinky": (0, 17, 18, 19, 20),
}
JOINT = 2
# Over these angles at the joint, in degrees, a finger is not bent, or half bent.
STRAIGHT, HALF_BENT = 130.0, 60.0
# What is so many times as high as it is wide, or rises by so many degrees, is vertical, or diagonal.
VERTICAL_EXTENT, DIAGONAL_EXTENT = 1.5, 0.66
VERTICAL_RISE, DIAGONAL_RISE = 75.0, 25.0
# What the votes weigh.
EXTENT, LONGEST_LINE, BONE = 1.1, 1.6, 0.9


def fingers_of(keypoints: NDArray[np.floating[Any]], *, quirks: bool = False) -> dict[str, Finger]:
    """Tell how the fingers are held: "thumb", "index", "middle", "ring", "pinky".

    ``keypoints`` is [21, 3], all axes in the same unit: the wrist, then four points for each finger from the palm to
    the tip. A hand without keypoints, [0, 3], has no fingers. ``quirks`` brings back what Human does wrong: a finger
    that is exactly straight is wholly bent, and the longest line of a bent finger is not found.
    """
    if not len(keypoints):
        return {}
    points = [tuple(point) for point in keypoints.tolist()]
    return {name: _finger([points[i] for i in indices], quirks=quirks) for name, indices in FINGERS.items()}


def _finger(points: Sequence[Point], *, quirks: bool) -> Finger:
    flat = [point[:2] for point in points]
    return Finger(_curl(points[0], points[JOINT], points[-1], quirks=quirks), _direction(flat, quirks=quirks))


def _curl(start: Point, joint: Point, tip: Point, *, quirks: bool) -> Curl:
    """Judge the angle at the joint, in space."""
    near, far, opposite = dist(start, joint), dist(joint, tip), dist(start, tip)
    if not near * far:
        return "full"  # what has no length hides in the hand
    radians = acos(max(-1.0, min(1.0, (near**2 + far**2 - opposite**2) / (2 * near * far))))
    # Human has a little more than 180 degrees in half a turn, and so a straight angle comes out as hardly any.
    angle = 57.2958 * radians % 180 if quirks else degrees(radians)
    if angle > STRAIGHT:
        return "none"
    return "half" if angle > HALF_BENT else "full"


def _direction(points: Sequence[Point], *, quirks: bool) -> Direction:
    """Judge what is seen in the picture."""
    start, joint, tip = points[0], points[JOINT], points[-1]
    lines = [(start, tip), (start, joint), (joint, tip)]
    across, down = (max((end[i] - begin[i] for begin, end in lines), key=abs) for i in range(2))
    longest = max(lines, key=lambda line: dist(*line))
    if quirks and longest == (start, joint):
        longest = (start, tip)
    votes: dict[Axis, float] = {"vertical": 0.0, "horizontal": 0.0, "diagonal": 0.0}
    votes[_axis(abs(down) / (abs(across) + 1e-5), VERTICAL_EXTENT, DIAGONAL_EXTENT)] += EXTENT
    votes[_axis_of(longest)] += LONGEST_LINE
    for bone in pairwise(points):
        votes[_axis_of(bone)] += BONE
    return _named(max(votes, key=lambda axis: votes[axis]), left=across < 0, up=down < 0)


def _axis_of(line: Line) -> Axis:
    (x, y), (end_x, end_y) = line
    return _axis(degrees(atan2(abs(end_y - y), abs(end_x - x))), VERTICAL_RISE, DIAGONAL_RISE)


def _axis(steepness: float, vertical: float, diagonal: float) -> Axis:
    if steepness >= vertical:
        return "vertical"
    return "diagonal" if steepness >= diagonal else "horizontal"


def _named(axis: Axis, *, left: bool, up: bool) -> Direction:
    if axis == "vertical":
        return "verticalUp" if up else "verticalDown"
    if axis == "horizontal":
        return "horizontalLeft" if left else "horizontalRight"
    if up:
        return "diagonalUpLeft" if left else "diagonalUpRight"
    return "diagonalDownLeft" if left else "diagonalDownRight"
