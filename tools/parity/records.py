"""Human's JSON as our records, with what gestures and persons are made of."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Body, Box, Face, Finger, Hand, Keypoint
from parity.difference import Json

# Where the irises are in a mesh.
IRISES = {"leftEyeIris": slice(468, 473), "rightEyeIris": slice(473, 478)}
NOWHERE = (0.0, 0.0, 0.0, 0.0)


def read_face(human: Json) -> Face:
    """Read a face's box and mesh."""
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
    """Read a body's box and keypoints."""
    keypoints = tuple(
        Keypoint(each["part"], each["score"], tuple(each["position"]), tuple(each["positionRaw"]))
        for each in human["keypoints"]
    )
    return Body(human["id"], human["score"], _box(human["box"]), _box(human["boxRaw"]), keypoints, annotations={})


def read_hand(human: Json) -> Hand:
    """Read a hand, but its scores."""
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
    """Read a box; what JSON has no number for, in the box of a thing without points, is a word, or null."""
    x, y, width, height = (math.nan if value is None else float(value) for value in values)
    return x, y, width, height


def _points(rows: Sequence[Sequence[float] | None]) -> NDArray[np.float32]:
    """Read points, those that are null left out."""
    found = [row for row in rows if row is not None]
    return np.array(found, np.float32).reshape(len(found), -1)
