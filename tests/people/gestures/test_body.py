from math import sqrt

import pytest
from humanrt.people.gestures.body import body_gestures

from humanrt.result import Body, Keypoint

SIZE = 1000
# How far the shoulders of a body of that height are apart: Drillis and Contini, 1966.
SHOULDERS = 259


def body(box=(0, 0, 500, 1000), shoulders=SHOULDERS, **parts):
    """A body in a picture of 1000 x 1000; each part is the height of its keypoint."""
    x = dict.fromkeys(parts, 500.0)
    if {"leftShoulder", "rightShoulder"} <= parts.keys():
        x["leftShoulder"] += sqrt(shoulders**2 - (parts["leftShoulder"] - parts["rightShoulder"]) ** 2)
    keypoints = tuple(Keypoint(part, 0.9, (x[part], y), (x[part] / SIZE, y / SIZE)) for part, y in parts.items())
    return Body(3, 0.9, box, tuple(value / SIZE for value in box), keypoints, {})


def gestures(*arguments, quirks=False, **parts):
    return list(body_gestures(body(*arguments, **parts), quirks=quirks))


@pytest.mark.parametrize("quirks", [False, True])
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
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
    ],
)
def test_each_gesture(parts, expected, quirks):
    assert gestures(quirks=quirks, **parts) == expected


def test_a_small_body_leans_as_a_large_one_does():
    small = {"box": (0, 0, 50, 100), "shoulders": 25.9, "leftShoulder": 31, "rightShoulder": 20}
    assert gestures(**small) == ["leaning left"]
    assert gestures(**small, quirks=True) == []


def test_a_body_does_not_lean_for_being_cut_off():
    """Of a body as high as the picture only head and shoulders are in it: it stands as straight as the whole one."""
    assert gestures((400, 0, 259, 250), leftShoulder=240, rightShoulder=200) == []
    assert gestures((400, 0, 259, 1000), leftShoulder=240, rightShoulder=200) == []
