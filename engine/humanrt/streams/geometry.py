"""The positions in records, as arrays: overlaps of boxes, and records whose positions are replaced.

``move_face()`` and the functions beside it call a ``Move`` with every array of positions of a record and return the
record with what it returns. Interpolation and smoothing are such functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import pi
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Angle, Body, Box, Face, Gaze, Hand, Keypoint, Object, Person, Point, Points, Rotation

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = tuple[str, ...]


class Move(Protocol):
    """Returns new positions for those of one array of a record.

    ``name`` identifies the array within the record and ``rows`` its rows, where some may be missing; ``circular``
    states that values are angles in radians, of which -pi and pi are the same.
    """

    def __call__(self, name: str, values: Floats, rows: Rows = (), *, circular: bool = False) -> Floats:
        """Return an array of the same shape."""


class Known(NamedTuple):
    """Positions of an earlier frame."""

    rows: Rows
    values: Floats


def aligned(known: Known | None, values: Floats, rows: Rows) -> Floats:
    """Return earlier values for each of ``values``, NaN where there are none, or one of both is infinite."""
    before = np.full(values.shape, np.nan)
    if known is not None and known.rows == rows and known.values.shape == values.shape:
        finite = np.isfinite(known.values) & np.isfinite(values)
        before[finite] = known.values[finite]
    elif known is not None and rows and known.rows and known.values.shape[1:] == values.shape[1:]:
        places = {row: i for i, row in enumerate(known.rows)}
        for i, row in enumerate(rows):
            if row in places:
                before[i] = known.values[places[row]]
    return before


def wrapped(angles: Floats) -> Floats:
    """Return angles in -pi..pi."""
    within: Floats = (angles + pi) % (2 * pi) - pi
    return within


def overlap(first: Sequence[Box] | Floats, second: Sequence[Box] | Floats) -> Floats:
    """Return the intersection over union of each box of ``first`` with each of ``second``, [n, m]; 0 for empty ones."""
    one, other = (np.asarray(boxes, np.float64).reshape(-1, 4) for boxes in (first, second))
    ends, other_ends = one[:, :2] + one[:, 2:], other[:, :2] + other[:, 2:]
    low = np.maximum(one[:, np.newaxis, :2], other[np.newaxis, :, :2])
    high = np.minimum(ends[:, np.newaxis], other_ends[np.newaxis])
    common = np.maximum(high - low, 0).prod(axis=2)
    total = one[:, 2:].prod(axis=1)[:, np.newaxis] + other[:, 2:].prod(axis=1) - common
    shares: Floats = np.divide(common, total, out=np.zeros_like(common), where=total > 0)
    return shares


def move_face(face: Face, move: Move) -> Face:
    """Return the face moved: its boxes, mesh, annotations, and the angles of its rotation and gaze."""
    return replace(
        face,
        box=_box("box", face.box, move),
        box_raw=_box("box_raw", face.box_raw, move),
        mesh=_points("mesh", face.mesh, move),
        mesh_raw=_points("mesh_raw", face.mesh_raw, move),
        annotations=_groups(face.annotations, move),
        rotation=face.rotation and _rotation(face.rotation, move),
    )


def move_body(body: Body, move: Move) -> Body:
    """Return the body moved: its boxes, keypoints, and the lines between these."""
    parts = tuple(keypoint.part for keypoint in body.keypoints)
    moved = [
        _coordinates(name, [getattr(keypoint, name) for keypoint in body.keypoints], parts, move)
        for name in ("position", "position_raw", "distance")
    ]
    keypoints = tuple(
        Keypoint(keypoint.part, keypoint.score, position or keypoint.position, raw or keypoint.position_raw, distance)
        for keypoint, position, raw, distance in zip(body.keypoints, *moved, strict=True)
    )
    places = {one.position: other.position for one, other in zip(body.keypoints, keypoints, strict=True)}
    return replace(
        body,
        box=_box("box", body.box, move),
        box_raw=_box("box_raw", body.box_raw, move),
        keypoints=keypoints,
        annotations={
            name: tuple((places.get(start, start), places.get(end, end)) for start, end in lines)
            for name, lines in body.annotations.items()
        },
    )


def move_hand(hand: Hand, move: Move) -> Hand:
    """Return the hand moved: its boxes, keypoints and annotations."""
    return replace(
        hand,
        box=_box("box", hand.box, move),
        box_raw=_box("box_raw", hand.box_raw, move),
        keypoints=_points("keypoints", hand.keypoints, move),
        annotations=_groups(hand.annotations, move),
    )


def move_object(found: Object, move: Move) -> Object:
    """Return the object with its boxes moved."""
    return replace(found, box=_box("box", found.box, move), box_raw=_box("box_raw", found.box_raw, move))


def move_person(person: Person, move: Move) -> Person:
    """Return the person with its boxes moved."""
    return replace(person, box=_box("box", person.box, move), box_raw=_box("box_raw", person.box_raw, move))


def _box(name: str, box: Box, move: Move) -> Box:
    x, y, width, height = move(name, np.array(box, np.float64)).tolist()
    return x, y, width, height


def _points(name: str, points: Points, move: Move) -> Points:
    moved = move(name, points.astype(np.float64)).astype(np.float32)
    moved.flags.writeable = False
    return moved


def _groups(groups: Mapping[str, Points], move: Move) -> dict[str, Points]:
    """Return annotations moved, all in one array."""
    if not groups:
        return {}
    moved = _points("annotations", np.concatenate([*groups.values()]), move)
    ends = np.cumsum([len(group) for group in groups.values()])
    return dict(zip(groups, np.split(moved, ends[:-1]), strict=True))


def _coordinates(name: str, points: Sequence[Point | None], parts: Rows, move: Move) -> Sequence[Point | None]:
    """Return the points of a body moved; None where there is none."""
    present = [i for i, point in enumerate(points) if point is not None]
    found: list[Point | None] = [None] * len(points)
    if present:
        values = np.array([points[i] for i in present], np.float64)
        for i, moved in zip(present, move(name, values, tuple(parts[i] for i in present)).tolist(), strict=True):
            found[i] = tuple(moved)
    return found


def _rotation(rotation: Rotation, move: Move) -> Rotation:
    angle, gaze = rotation.angle, rotation.gaze
    angles = np.array([angle.roll, angle.yaw, angle.pitch, gaze.bearing])
    roll, yaw, pitch, bearing = move("angles", angles, circular=True).tolist()
    (strength,) = move("strength", np.array([gaze.strength])).tolist()
    return Rotation(Angle(roll=roll, yaw=yaw, pitch=pitch), rotation.matrix, Gaze(bearing, strength))
