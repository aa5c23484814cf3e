from math import cos, pi, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humanrt.vision.face import facemesh
from humanrt.vision.face.box import FaceBox


def box(start=(0, 0), end=(192, 192), nose=(96, 90), mouth=(96, 120)):
    landmarks = np.zeros((6, 2))
    landmarks[2], landmarks[3] = nose, mouth
    return FaceBox(np.array(start, float), np.array(end, float), landmarks, 0.9, np.array([1.0, 1.0]))


@given(st.floats(-pi + 0.01, pi - 0.01))
def test_the_turn_is_that_of_the_line_from_mouth_to_nose(angle):
    """An upright face has its nose straight above its mouth; turning it clockwise by `angle` turns that line."""
    turned = box(nose=(100 + 50 * sin(angle), 100 - 50 * cos(angle)), mouth=(100, 100))
    expected = angle if abs(angle) > 0.2 else 0.0
    assert facemesh.turn(turned) == pytest.approx(expected, abs=1e-9)


def prepared(picture, boxes, turns, *size, quirks=False):
    return facemesh.prepare(facemesh.cut(picture, boxes, turns, *size, quirks=quirks))


@pytest.mark.parametrize("quirks", [False, True])
def test_each_face_is_cut_out(quirks):
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[20:60, 40:80] = 255
    crops = prepared(picture, [box((45, 25), (75, 55)), box((120, 20), (160, 60))], [0.0, 0.0], quirks=quirks)
    assert crops.shape == (2, 192, 192, 3)
    assert crops.dtype == np.float32
    assert (crops[0] == 1).all()
    assert (crops[1] == 0).all()
    assert prepared(picture, [box()], [0.0], 256).shape == (1, 256, 256, 3)


@pytest.mark.parametrize("quirks", [False, True])
def test_a_face_is_turned_upright(quirks):
    """The picture is a bar to the right of the centre; a face turned by 90 degrees clockwise has its top there."""
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[45:56, 50:] = 255
    (crop,) = prepared(picture, [box((10, 10), (90, 90))], [pi / 2], quirks=quirks)
    assert crop[40, 96].min() > 0.9
    assert crop[150, 96].max() < 0.1
    assert crop[96, 40].max() < 0.1


@given(st.floats(-3, 3), st.tuples(st.floats(-50, 500), st.floats(-50, 500)), st.floats(5, 400))
def test_decode_goes_back_the_way_prepare_came(angle, corner, size):
    """Of the crop's middle, and of the point halfway to its top: known without any matrix."""
    face = box(corner, (corner[0] + size, corner[1] + size))
    mesh = np.zeros((468, 3), np.float32)
    mesh[0] = (96, 96, 7.5)
    mesh[1] = (96, 48, 0)
    points = facemesh.decode(mesh, face, angle, quirks=False)
    center = np.array(corner) + size / 2
    assert points[0] == pytest.approx([*center, 7.5], abs=1e-3)
    assert points[1, :2] == pytest.approx(center + size / 4 * np.array([sin(angle), -cos(angle)]), abs=1e-3)


def test_without_landmarks_no_turn_is_known():
    face = FaceBox(np.zeros(2), np.ones(2), np.zeros((0, 2)), 0.9, np.ones(2))
    assert facemesh.turn(face) == 0.0


def test_decode_with_quirks_cuts_towards_zero():
    mesh = np.zeros((468, 3), np.float32)
    mesh[0] = (10.9, 20.9, -3.9)
    points = facemesh.decode(mesh, box(), 0.0, quirks=True)
    assert points[0].tolist() == [10, 20, -3]
