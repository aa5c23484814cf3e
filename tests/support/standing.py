"""Faces, bodies and hands of people who stand beside one another and face the camera."""

import numpy as np

from humanrt.people.persons import join_persons
from humanrt.result import Body, Face, Gesture, Hand, Keypoint

SIZE = (1000, 500)
RAW = (0, 0, 1, 1)
NO_POINTS = np.zeros((0, 3), np.float32)
# Those of a face 7, a body 4 and a hand 8, and of other records.
GESTURES = [
    Gesture(part, i, "does")
    for part, i in (("face", 7), ("face", 0), ("iris", 7), ("body", 4), ("hand", 8), ("hand", 4))
]
OWN_GESTURES = [("face", 7), ("iris", 7), ("body", 4), ("hand", 8)]


def face(i, x, y, size=40):
    """A face in a square about (x, y)."""
    box = (x - size / 2, y - size / 2, size, size)
    return Face(i, 0.9, 0.9, 0.9, box, RAW, (size, size), NO_POINTS, NO_POINTS, {})


def body(i, box, **parts):
    keypoints = tuple(Keypoint(part, 0.9, at, (0, 0)) for part, at in parts.items())
    return Body(i, 0.9, box, RAW, keypoints, {})


def standing(i, x):
    """A body that stands at x and faces the camera: the left hand is to the right in the image."""
    parts = {"nose": (x, 100), "leftWrist": (x + 60, 250), "rightWrist": (x - 60, 250)}
    return body(i, (x - 60, 100, 120, 300), **parts)


def hand(i, x, y, size=30, *, wrist=None):
    """A hand in a square about (x, y), with points where a wrist is given."""
    points = NO_POINTS if wrist is None else np.tile(np.array([*wrist, 0], np.float32), (21, 1))
    return Hand(i, 0.9, 0.9, 0.9, (x - size / 2, y - size / 2, size, size), RAW, "hand", points, {}, {})


def join(faces, bodies=(), hands=(), gestures=(), **rule):
    return join_persons(faces, bodies, hands, gestures, SIZE, **rule)


def parts_of(persons):
    """The ids of each person's body, left hand and right hand."""
    return [
        tuple(part and part.id for part in (person.body, person.hands.left, person.hands.right)) for person in persons
    ]
