"""The parts of an image around the wrists of bodies, where a detector finds hands that are too small for it.

A detector has one input for the whole image, so that hands below about a tenth of its side are lost. Up to four parts
fit into one input, side by side.
"""

from collections.abc import Mapping, Sequence
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import Affine, Corners, scaled
from humanrt.result import Body
from humanrt.streams.geometry import overlap
from humanrt.vision.hand.skeleton import Point

SIDES = "left", "right"
# The length of a forearm, as a part of the distance between the shoulders, and of the upper arm's: those that are
# seen from the side are short in the image.
OF_SHOULDERS, OF_UPPER_ARM = 0.75, 0.8
# In lengths of the forearm: the side of the square, how far its centre is from the wrist, towards the fingers, and how
# near to the wrist the one of a hand must be that was found already.
SIDE, AHEAD, NEAR = 2.6, 0.3, 0.6
# The overlap (intersection over union) of two squares of which one is not searched.
SAME = 0.6
PARTS = 4
"""The most parts of one input."""


def around_wrists(bodies: Sequence[Body], found: Sequence[Point]) -> list[Corners]:
    """Return a square around each wrist that is not that of a hand whose wrist, in pixels, is in ``found``.

    Of squares that are nearly the same there is one. They may extend outside the image.
    """
    parts: list[Corners] = []
    for body in bodies:
        places = {keypoint.part: np.array(keypoint.position[:2]) for keypoint in body.keypoints}
        for side in SIDES:
            arm = _forearm(places, side)
            if arm is None:
                continue
            wrist, ahead, length = arm
            if any(np.linalg.norm(wrist - other) < NEAR * length for other in found):
                continue
            left, top = (wrist + AHEAD * ahead - SIDE * length / 2).tolist()
            part = left, top, left + SIDE * length, top + SIDE * length
            if not parts or overlap([_box(part)], [_box(each) for each in parts]).max() < SAME:
                parts.append(part)
    return parts


def side_by_side(image: NDArray[Any], parts: Sequence[Corners], size: int) -> tuple[NDArray[Any], list[Affine]]:
    """Resize up to four squares of an image into one of ``size`` pixels, [size, size, 3], row by row.

    Returns the affine of each, from the pixels of the result to those of the image. Outside it is black.
    """
    per_row = _per_row(len(parts))
    side = size // per_row
    canvas = np.zeros((size, size, 3), image.dtype)
    affines = []
    for i, (left, top, right, _) in enumerate(parts):
        row, column = divmod(i, per_row)
        step = (right - left) / side
        y, x = row * side, column * side
        _paste(image, canvas[y : y + side, x : x + side], (left, top), step)
        affines.append(np.array([[step, 0.0, left - x * step], [0.0, step, top - y * step]]))
    return canvas, affines


def part_at(place: Point, count: int) -> int | None:
    """Return the index of the part at a place, 0..1, of an input of ``count`` parts; None if there is none."""
    per_row = _per_row(count)
    column, row = np.clip((place * per_row).astype(int), 0, per_row - 1).tolist()
    index: int = row * per_row + column
    return index if index < count else None


def _per_row(count: int) -> int:
    return ceil(sqrt(count))


def _box(part: Corners) -> Corners:
    left, top, right, bottom = part
    return left, top, right - left, bottom - top


def _forearm(places: Mapping[str, Point], side: str) -> tuple[Point, Point, float] | None:
    """Return the wrist, the way from the elbow to it, and the length of the forearm; None if that is not known."""
    wrist, elbow, shoulder = (places.get(f"{side}{part}") for part in ("Wrist", "Elbow", "Shoulder"))
    if wrist is None:
        return None
    ahead = np.zeros(2) if elbow is None else wrist - elbow
    lengths = [float(np.linalg.norm(ahead))]
    if elbow is not None and shoulder is not None:
        lengths.append(OF_UPPER_ARM * float(np.linalg.norm(elbow - shoulder)))
    if "leftShoulder" in places and "rightShoulder" in places:
        lengths.append(OF_SHOULDERS * float(np.linalg.norm(places["leftShoulder"] - places["rightShoulder"])))
    length = max(lengths)
    return (wrist, ahead, length) if length >= 1 else None


def _paste(image: NDArray[Any], tile: NDArray[Any], start: tuple[float, float], step: float) -> None:
    """Resize the square of an image from ``start`` on, ``step`` pixels for one of the tile's, into the tile."""
    (height, width), side = image.shape[:2], len(tile)
    # In pixels of the tile, to the nearest: what the image covers of it.
    x, end_x = (min(max(round((edge - start[0]) / step), 0), side) for edge in (0, width))
    y, end_y = (min(max(round((edge - start[1]) / step), 0), side) for edge in (0, height))
    left, right = (min(max(round(start[0] + edge * step), 0), width) for edge in (x, end_x))
    top, bottom = (min(max(round(start[1] + edge * step), 0), height) for edge in (y, end_y))
    if x < end_x and y < end_y and left < right and top < bottom:
        tile[y:end_y, x:end_x] = scaled(image[top:bottom, left:right], end_y - y, end_x - x)[0]
