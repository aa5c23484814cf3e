"""Faces, bodies and hands that gesture, and the gestures on which Human's rules and ours agree."""

from math import sqrt

import numpy as np

from humanrt.people.poses import FINGERS
from humanrt.result import Body, Face, Finger, Hand, Keypoint

# -- faces

# x, y and z of the points that the rules read, of a face that looks at the camera and does nothing: the outer corners
# of the eyes, 80 pixels apart; the forehead, the lips and the chin; of each eye the point above it, its lids, and the
# point below it.
STILL = dict(
    zip(
        (33, 263, 10, 13, 14, 152, 443, 386, 374, 450, 223, 159, 145, 230),
        [
            *[(60, 100, 0), (140, 100, 0)],
            *[(100, y, 0) for y in (60, 150, 152, 180)],
            *[(120, y, 0) for y in (85, 95, 105, 115)],
            *[(80, y, 0) for y in (85, 95, 105, 115)],
        ],
        strict=True,
    )
)
LEFT_IRIS, RIGHT_IRIS = 468, 473
BUSY = {33: (60, 100, -30), 374: (120, 98, 0), 14: (100, 162.2, 0), 152: (100, 180, 11)}
# Points that differ from STILL, and the gestures.
FACE_GESTURES = [
    ({}, ["facing center"]),
    # The right eye is nearer by more than 0.15 of 80: the face is turned to its own left.
    ({33: (60, 100, -12)}, ["facing center"]),
    ({33: (60, 100, -12.1)}, ["facing left"]),
    ({263: (140, 100, -12.1)}, ["facing right"]),
    # Lids nearer than 0.2 of 30.
    ({374: (120, 101, 0)}, ["facing center"]),
    ({374: (120, 100.9, 0)}, ["facing center", "blink left eye"]),
    ({159: (80, 100, 0)}, ["facing center", "blink right eye"]),
    # Lips 2.5, 12 and 30 apart, in five times 120.
    ({14: (100, 152.5, 0)}, ["facing center", "mouth 10% open"]),
    ({14: (100, 162, 0)}, ["facing center", "mouth 50% open"]),
    ({14: (100, 180, 0)}, ["facing center", "mouth 100% open"]),
    ({152: (100, 180, 10)}, ["facing center"]),
    ({152: (100, 180, 10.1)}, ["facing center", "head down"]),
    ({152: (100, 180, -10.1)}, ["facing center", "head up"]),
    (BUSY, ["facing left", "blink left eye", "mouth 50% open", "head down"]),
]
# All points that the rules read, in one place.
COINCIDING = dict.fromkeys((33, 263, 374, 386, 443, 450, 145, 159, 223, 230, 13, 14, 10, 152), (7, 7, 0))


def face(points=(), *, left=(120, 99, 5), right=(80, 99, 5), count=478, turn=0.0, box=(0, 0, 400, 400), id=0):  # noqa: A002
    """``points`` differ from STILL; irises are x, y and radius; ``turn`` is in degrees, about the middle."""
    mesh = np.zeros((478, 3))
    for index, point in {**STILL, **dict(points)}.items():
        mesh[index] = point
    mesh[LEFT_IRIS:RIGHT_IRIS], mesh[RIGHT_IRIS:] = _iris(*left), _iris(*right)
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    mesh[:, :2] = (mesh[:, :2] - 100) @ np.array([[c, s], [-s, c]]) + 100
    mesh = mesh[:count].astype(np.float32)
    irises = {"leftEyeIris": mesh[LEFT_IRIS:RIGHT_IRIS], "rightEyeIris": mesh[RIGHT_IRIS:]}
    return Face(id, 1.0, 1.0, 1.0, box, (0, 0, 1, 1), (1, 1), mesh, mesh, irises)


def _iris(x, y, radius):
    """Centre, right, above, left and below, as the model orders them."""
    return [(x, y, 0), (x - radius, y, 0), (x, y - radius, 0), (x + radius, y, 0), (x, y + radius, 0)]


# -- bodies

IMAGE_SIZE = 1000
# The distance of the shoulders of a body of that height: Drillis and Contini, 1966.
SHOULDERS = 259
# The height of each keypoint, and the gestures.
BODY_GESTURES = [
    ({}, []),
    ({"nose": 100, "leftWrist": 90, "rightWrist": 90}, ["i give up"]),
    ({"nose": 100, "leftWrist": 90, "rightWrist": 100}, ["raise left hand"]),
    ({"nose": 100, "leftWrist": 90}, ["raise left hand"]),
    ({"nose": 100, "leftWrist": 110, "rightWrist": 99}, ["raise right hand"]),
    ({"nose": 100, "leftWrist": 110, "rightWrist": 110}, []),
    ({"leftWrist": 0, "rightWrist": 0}, []),
    ({"leftShoulder": 301, "rightShoulder": 200}, ["leaning left"]),
    ({"leftShoulder": 200, "rightShoulder": 301}, ["leaning right"]),
    ({"leftShoulder": 299, "rightShoulder": 200}, []),
    ({"leftShoulder": 500}, []),
    ({"nose": 9, "leftWrist": 8, "leftShoulder": 50, "rightShoulder": 200}, ["raise left hand", "leaning right"]),
]
SMALL_AND_LEANING = {"box": (0, 0, 50, 100), "shoulders": 25.9, "leftShoulder": 31, "rightShoulder": 20}


def body(box=(0, 0, 500, 1000), shoulders=SHOULDERS, **parts):
    """A body in an image of 1000 x 1000; each part is the height of its keypoint."""
    x = dict.fromkeys(parts, 500.0)
    if {"leftShoulder", "rightShoulder"} <= parts.keys():
        x["leftShoulder"] += sqrt(shoulders**2 - (parts["leftShoulder"] - parts["rightShoulder"]) ** 2)
    keypoints = tuple(
        Keypoint(part, 0.9, (x[part], y), (x[part] / IMAGE_SIZE, y / IMAGE_SIZE)) for part, y in parts.items()
    )
    return Body(3, 0.9, box, tuple(value / IMAGE_SIZE for value in box), keypoints, {})


# -- hands

UP, ASIDE, LEFT, RIGHT = "verticalUp", "horizontalLeft", "diagonalUpLeft", "diagonalUpRight"
# Curls from the thumb on: none, half, full.
FIST, PALM, ONE, THUMB = "fffff", "nnnnn", "fnfff", "nffff"
CURLS = {"n": "none", "h": "half", "f": "full"}
NO_KEYPOINTS = np.zeros((0, 3), np.float32)


def hand(curls=PALM, directions=(UP,) * 5, keypoints=None):
    fingers = {
        name: Finger(CURLS[curl], direction) for name, curl, direction in zip(FINGERS, curls, directions, strict=True)
    }
    points = np.zeros((21, 3), np.float32) if keypoints is None else keypoints
    annotations = {name: points[4 * i + 1 : 4 * i + 5] for i, name in enumerate(FINGERS)} if len(points) else {}
    annotations |= {"palm": points[[0]]} if len(points) else {}
    return Hand(4, 0.9, 0.9, 0.9, (0, 0, 9, 9), (0, 0, 1, 1), "hand", points, annotations, fingers)


def prominent_fingers():
    """Keypoints: of the tips the middle is the highest and the index the nearest, of the roots the pinky is both."""
    points = np.full((21, 3), 50, np.float32)
    points[12, 1], points[8, 2] = 10, -20
    points[17] = (50, 40, -1)
    return points


# By hand: the share of ten points that the best fingers get.
BEST = {"thumbs up": 10, "victory": 67.5 / 7, "point": 55 / 7, "middle finger": 55 / 7, "open palm": 8.75}


def best_fingers(pose):
    """The fingers that fit a pose best."""
    return {
        name: Finger(
            max(pose.curls[name], key=pose.curls[name].get),
            max(pose.directions[name], key=pose.directions[name].get) if pose.directions else UP,
        )
        for name in FINGERS
    }


# -- all of them


def one_of_each():
    """A face with id 7 that looks ahead, a body 8 that raises a hand, and a hand 9 whose thumb is in front and up."""
    keypoints = [Keypoint(part, 0.9, (0, y), (0, y)) for part, y in (("nose", 5), ("leftWrist", 1))]
    raising = Body(8, 0.9, (0, 0, 1, 1), (0, 0, 1, 1), tuple(keypoints), {})
    points = np.arange(63, dtype=np.float32).reshape(21, 3)
    fingers = dict.fromkeys(FINGERS, Finger("half", UP))
    annotations = {"thumb": points[1:5], "index": points[5:9]}
    thumb = Hand(9, 0.9, 0.9, 0.9, (0, 0, 1, 1), (0, 0, 1, 1), "hand", points, annotations, fingers)
    return face(id=7), raising, thumb
