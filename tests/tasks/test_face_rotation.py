from math import cos, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humanrt.tasks.face_rotation import face_rotation

WIDTH, HEIGHT = 640, 480
BOX = (0.25, 0.25, 100 / WIDTH, 100 / HEIGHT)
ANGLES = st.floats(-1.2, 1.2)


def mesh_of(axes):
    """A mesh whose four points lie on the axes, columns of a rotation matrix, around the picture's middle."""
    size = 100 / 1.5
    offsets = {10: -axes[:, 1], 152: axes[:, 1], 234: -axes[:, 0], 454: axes[:, 0]}
    mesh = np.zeros((468, 3), np.float32)
    for index, offset in offsets.items():
        x, y, z = offset * 0.5
        mesh[index] = (0.5 + x * size / WIDTH, 0.5 + y * size / HEIGHT, z)
    return mesh


def rotation_of(axes):
    return face_rotation(mesh_of(axes), BOX, WIDTH, HEIGHT)


def test_a_face_that_looks_straight_ahead():
    rotation = rotation_of(np.eye(3))
    assert (rotation.angle.roll, rotation.angle.yaw, rotation.angle.pitch) == pytest.approx((0, 0, 0), abs=1e-6)
    assert rotation.matrix == pytest.approx(np.eye(3).ravel(), abs=1e-6)
    assert (rotation.gaze.bearing, rotation.gaze.strength) == (0, 0)


@given(ANGLES)
def test_roll_alone(angle):
    """A face leaning to the viewer's right: its chin-to-top line turns clockwise; Human counts that as positive."""
    axes = np.array([[cos(angle), -sin(angle), 0], [sin(angle), cos(angle), 0], [0, 0, 1]])
    rotation = rotation_of(axes)
    assert abs(rotation.angle.roll) == pytest.approx(abs(angle), abs=1e-4)
    assert (rotation.angle.yaw, rotation.angle.pitch) == pytest.approx((0, 0), abs=1e-4)


@given(ANGLES)
def test_yaw_alone(angle):
    axes = np.array([[cos(angle), 0, sin(angle)], [0, 1, 0], [-sin(angle), 0, cos(angle)]])
    rotation = rotation_of(axes)
    assert abs(rotation.angle.yaw) == pytest.approx(abs(angle), abs=1e-4)
    assert (rotation.angle.roll, rotation.angle.pitch) == pytest.approx((0, 0), abs=1e-4)


@given(ANGLES)
def test_pitch_alone(angle):
    axes = np.array([[1, 0, 0], [0, cos(angle), -sin(angle)], [0, sin(angle), cos(angle)]])
    rotation = rotation_of(axes)
    assert abs(rotation.angle.pitch) == pytest.approx(abs(angle), abs=1e-4)
    assert (rotation.angle.roll, rotation.angle.yaw) == pytest.approx((0, 0), abs=1e-4)


@given(ANGLES, ANGLES, ANGLES)
def test_the_matrix_is_a_rotation_and_holds_the_axes(roll, yaw, pitch):
    about_z = np.array([[cos(roll), -sin(roll), 0], [sin(roll), cos(roll), 0], [0, 0, 1]])
    about_y = np.array([[cos(yaw), 0, sin(yaw)], [0, 1, 0], [-sin(yaw), 0, cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, cos(pitch), -sin(pitch)], [0, sin(pitch), cos(pitch)]])
    axes = about_z @ about_y @ about_x
    matrix = np.array(rotation_of(axes).matrix).reshape(3, 3)
    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-5)
    assert matrix == pytest.approx(axes.T, abs=1e-4)


@pytest.mark.parametrize("sign", [1, -1])
def test_lying_on_the_side(sign):
    """A roll of 90 degrees, where Euler's angles have no unique answer."""
    axes = np.array([[0, -sign, 0], [sign, 0, 0], [0, 0, 1]], float)
    angle = rotation_of(axes).angle
    assert abs(angle.roll) == pytest.approx(np.pi / 2, abs=1e-3)
    assert np.isfinite([angle.yaw, angle.pitch]).all()


def test_a_mesh_without_extent_has_finite_angles():
    rotation = face_rotation(np.zeros((468, 3), np.float32), BOX, WIDTH, HEIGHT)
    assert np.isfinite(rotation.matrix).all()
