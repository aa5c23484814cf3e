from math import cos, pi, sin

import numpy as np
import pytest
from face_outputs import face_box
from hypothesis import given
from hypothesis import strategies as st

from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.facemesh import FACEMESH, CroppedFaces, Placed, cut_faces, face_angle, to_image
from humanrt.vision.stage import InputForm

FORM = InputForm(192, 192, 3)


@given(st.floats(-pi + 0.01, pi - 0.01))
def test_a_face_is_rotated_as_the_line_between_its_eyes(angle):
    """Also by a little. An upright face has the eye first that is left in the image."""
    box = face_box()
    box.landmarks[:2] = [[100, 80], [100 + 40 * cos(angle), 80 + 40 * sin(angle)]]
    assert face_angle(box) == pytest.approx(angle, abs=1e-9)


def test_a_face_without_landmarks_has_no_angle():
    face = FaceBox(np.zeros(2), np.ones(2), np.zeros((0, 2)), 0.9, np.ones(2))
    assert face_angle(face) == 0.0


def test_each_face_is_cut_out_of_the_image():
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[20:60, 40:80] = 255
    placed = Placed([face_box((45, 25), (75, 55)), face_box((120, 20), (160, 60))], [0.0, 0.0])
    prepared = FACEMESH.prepare(picture, FORM, placed)
    assert prepared.pixels.shape == (2, 192, 192, 3)
    assert prepared.pixels.dtype == np.float32
    assert (prepared.pixels[0] == 1).all()
    assert (prepared.pixels[1] == 0).all()
    assert (prepared.crops.shape, prepared.crops.dtype) == ((2, 192, 192, 3), np.uint8)
    assert cut_faces(picture, [face_box()], [0.0], 256).shape == (1, 256, 256, 3)


def test_a_face_is_rotated_upright():
    """The image is a bar to the right of the centre; a face rotated by 90 degrees clockwise has its top there."""
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[45:56, 50:] = 255
    (crop,) = FACEMESH.prepare(picture, FORM, Placed([face_box((10, 10), (90, 90))], [pi / 2])).pixels
    assert crop[40, 96].min() > 0.9
    assert crop[150, 96].max() < 0.1
    assert crop[96, 40].max() < 0.1


def test_outputs_become_a_flag_and_a_mesh_for_each_face():
    crops = np.zeros((2, 192, 192, 3), np.uint8)
    points = np.arange(2 * 1404, dtype=np.float32).reshape(2, 1, 1, 1404)
    flags = np.float32([0.9, 0.1]).reshape(2, 1, 1, 1)
    meshes = FACEMESH.decode([flags, points], CroppedFaces(crops, crops), Placed([face_box()] * 2, [0.0, 0.0]))
    assert meshes.crops is crops
    assert meshes.flags.tolist() == pytest.approx(np.float32([[0.9], [0.1]]))
    assert [mesh[0].tolist() for mesh in meshes.points] == [[0, 1, 2], [1404, 1405, 1406]]


@given(st.floats(-3, 3), st.tuples(st.floats(-50, 500), st.floats(-50, 500)), st.floats(5, 400))
def test_a_mesh_is_transformed_back_to_the_image(angle, corner, size):
    """Of the crop's middle, and of the point halfway to its top: known without any matrix."""
    face = face_box(corner, (corner[0] + size, corner[1] + size))
    mesh = np.zeros((468, 3), np.float32)
    mesh[0] = (96, 96, 7.5)
    mesh[1] = (96, 48, 0)
    points = to_image(mesh, face, angle)
    center = np.array(corner) + size / 2
    assert points[0] == pytest.approx([*center, 7.5], abs=1e-3)
    assert points[1, :2] == pytest.approx(center + size / 4 * np.array([sin(angle), -cos(angle)]), abs=1e-3)
