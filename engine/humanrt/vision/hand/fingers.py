"""Fingers: the curl of each and its direction, from the 21 points of a hand.

A finger is classified by three of its points: its start (the wrist; the thumb's own root), a joint, and its tip. The
angle at the joint gives the curl. The direction is put to a vote of the finger's extent, its longest line, and its
bones. Source: FingerPose (https://github.com/andypotato/fingerpose), as in Human's src/hand/fingerpose.ts.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import acos, atan2, degrees, dist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Curl, Direction, Finger

Point = tuple[float, ...]
Line = tuple[Point, Point]
Axis = Literal["vertical", "horizontal", "diagonal"]
CurlOf = Callable[[Point, Point, Point], Curl]
LongestOf = Callable[[Sequence[Line]], Line]

# The points of each finger, from its start to its tip; the third is the joint.
FINGERS: Mapping[str, tuple[int, ...]] = {
    "thumb": (1, 2, 3, 4),
    "index": (0, 5, 6, 7, 8),
    "middle": (0, 9, 10, 11, 12),
    "ring": (0, 13, 14, 15, 16),
    "pinky": (0, 17, 18, 19, 20),
}
JOINT = 2
# Angles at the joint, in degrees, over which a finger is straight, or half bent.
STRAIGHT, HALF_BENT = 130.0, 60.0
# From these ratios of height to width, and these angles in degrees, on, a line is vertical, or diagonal.
VERTICAL_EXTENT, DIAGONAL_EXTENT = 1.5, 0.66
VERTICAL_RISE, DIAGONAL_RISE = 75.0, 25.0
# The weights of the votes.
EXTENT, LONGEST_LINE, BONE = 1.1, 1.6, 0.9


def fingers_of(keypoints: NDArray[np.floating[Any]], curl: CurlOf, longest: LongestOf) -> dict[str, Finger]:
    """Return curl and direction of "thumb", "index", "middle", "ring" and "pinky".

    ``keypoints`` is [21, 3], all axes in the same unit: the wrist, then four points for each finger from the palm to
    the tip. A hand without keypoints, [0, 3], has no fingers. ``curl`` and ``longest`` are the functions below, or
    Human's.
    """
    if not len(keypoints):
        return {}
    points = [tuple(point) for point in keypoints.tolist()]
    fingers = ((name, [points[i] for i in indices]) for name, indices in FINGERS.items())
    return {
        name: Finger(curl(finger[0], finger[JOINT], finger[-1]), _direction([point[:2] for point in finger], longest))
        for name, finger in fingers
    }


def curl_at(start: Point, joint: Point, tip: Point) -> Curl:
    """Return the curl of a finger, from the angle at its joint, in space."""
    radians = angle_at(start, joint, tip)
    return "full" if radians is None else curl_of(degrees(radians))


def angle_at(start: Point, joint: Point, tip: Point) -> float | None:
    """Return the angle at a joint in radians; None where a side has no length: the finger hides in the hand."""
    near, far, opposite = dist(start, joint), dist(joint, tip), dist(start, tip)
    if not near * far:
        return None
    return acos(max(-1.0, min(1.0, (near**2 + far**2 - opposite**2) / (2 * near * far))))


def curl_of(angle: float) -> Curl:
    """Return the curl for an angle in degrees."""
    if angle > STRAIGHT:
        return "none"
    return "half" if angle > HALF_BENT else "full"


def longest_line(lines: Sequence[Line]) -> Line:
    """Return the longest of the lines start to tip, start to joint, and joint to tip."""
    return max(lines, key=lambda line: dist(*line))


def _direction(points: Sequence[Point], longest: LongestOf) -> Direction:
    """Return the direction of a finger in the image."""
    start, joint, tip = points[0], points[JOINT], points[-1]
    lines = [(start, tip), (start, joint), (joint, tip)]
    across, down = (max((end[i] - begin[i] for begin, end in lines), key=abs) for i in range(2))
    votes: dict[Axis, float] = {"vertical": 0.0, "horizontal": 0.0, "diagonal": 0.0}
    votes[_axis(abs(down) / (abs(across) + 1e-5), VERTICAL_EXTENT, DIAGONAL_EXTENT)] += EXTENT
    votes[_axis_of(longest(lines))] += LONGEST_LINE
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
