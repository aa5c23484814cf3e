"""Conversion of Human's JSON to our records, with the fields that gestures and persons are derived from."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Body, Box, Face, Finger, Hand, Keypoint
from parity.difference import Json

# The rows of the irises in a mesh.
IRISES = {"leftEyeIris": slice(468, 473), "rightEyeIris": slice(473, 478)}
NOWHERE = (0.0, 0.0, 0.0, 0.0)


def read_face(human: Json) -> Face:
    """Return a face with its scores, box and mesh."""
    mesh = _points(human["mesh"])
    return Face(
        id=human["id"],
        score=human["score"],
        box_score=human["boxScore"],
        face_score=human["faceScore"],
        box=_box(human["box"]),
        box_raw=NOWHERE,
        size=(0.0, 0.0),
        mesh=mesh,
        mesh_raw=mesh,
        annotations={name: mesh[rows] for name, rows in IRISES.items()},
    )


def read_body(human: Json) -> Body:
    """Return a body with its boxes and keypoints."""
    keypoints = tuple(
        Keypoint(each["part"], each["score"], tuple(each["position"]), tuple(each["positionRaw"]))
        for each in human["keypoints"]
    )
    return Body(human["id"], human["score"], _box(human["box"]), _box(human["boxRaw"]), keypoints, annotations={})


def read_hand(human: Json) -> Hand:
    """Return a hand."""
    return Hand(
        id=human["id"],
        score=human["score"],
        box_score=human["boxScore"],
        finger_score=human["fingerScore"],
        box=_box(human["box"]),
        box_raw=_box(human["boxRaw"]),
        label=human["label"],
        keypoints=_points(human["keypoints"]),
        annotations={name: _points(group) for name, group in human["annotations"].items()},
        landmarks={name: Finger(each["curl"], each["direction"]) for name, each in (human["landmarks"] or {}).items()},
    )


def _box(values: Sequence[Any]) -> Box:
    """Return a box; around no points it is infinite or NaN, which JSON has as words or null."""
    x, y, width, height = (math.nan if value is None else float(value) for value in values)
    return x, y, width, height


def _points(rows: Sequence[Sequence[float] | None]) -> NDArray[np.float32]:
    """Return the points that are not null, [n, 2 or 3]."""
    found = [row for row in rows if row is not None]
    return np.array(found, np.float32).reshape(len(found), -1)
