from math import cos, pi, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humanrt.vision.face.rotation import camera_distance, face_rotation

WIDTH, HEIGHT = 640, 480
BOX = (0.25, 0.25, 100 / WIDTH, 100 / HEIGHT)
ANGLES = st.floats(-1.2, 1.2)


def mesh_of(axes):
    """A mesh whose four points lie on the axes, columns of a rotation matrix, around the image's centre."""
    size = 100 / 1.5
    offsets = {10: -axes[:, 1], 152: axes[:, 1], 234: -axes[:, 0], 454: axes[:, 0]}
    mesh = np.zeros((468, 3), np.float32)
    for index, offset in offsets.items():
        x, y, z = offset * 0.5
        mesh[index] = (0.5 + x * size / WIDTH, 0.5 + y * size / HEIGHT, z)
    return mesh


def rotation_of(axes):
    mesh = mesh_of(axes)
    return face_rotation(mesh, mesh, BOX, WIDTH, HEIGHT)


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
    mesh = np.zeros((468, 3), np.float32)
    rotation = face_rotation(mesh, mesh, BOX, WIDTH, HEIGHT)
    assert np.isfinite(rotation.matrix).all()


def eyes(iris=(0.0, 0.0), depth=0.0):
    """A mesh whose eyes are 40 wide and 20 high, with the irises' centres off the middle by ``iris``."""
    mesh = np.zeros((478, 3), np.float32)
    for middle, points in (((200, 100), (33, 133, 27, 23, 473)), ((300, 100), (362, 263, 257, 253, 468))):
        for index, offset in zip(points, ((-20, 0), (20, 0), (0, -10), (0, 10), iris), strict=True):
            mesh[index, :2] = np.add(middle, offset)
    mesh[33, 2] = depth
    return mesh


def gaze_of(mesh):
    return face_rotation(mesh, mesh, (0.2, 0.2, 0.5, 0.5), WIDTH, HEIGHT).gaze


@pytest.mark.parametrize("depth", [1.0, -1.0])
@pytest.mark.parametrize(
    ("iris", "bearing", "strength"),
    [
        ((0, -2), 0.0, 0.0),  # a tenth of the eye's height up: straight ahead
        ((-4, -2), pi / 2, 0.1),
        ((4, -2), -pi / 2, 0.1),
        ((0, 0), 0.0, 0.1),
        ((0, -4), 0.0, 0.1),
        ((20, -2), -pi / 2, 0.25),  # no more than half of the box
    ],
)
def test_the_gaze(depth, iris, bearing, strength):
    """Human's src/face/angles.ts by hand: bearing = (atan2(-y, -x) + pi / 2) % pi, of either eye alike."""
    gaze = gaze_of(eyes(iris, depth))
    assert gaze.strength == pytest.approx(strength, abs=1e-6)
    if strength:
        assert cos(gaze.bearing - bearing) ** 2 == pytest.approx(1, abs=1e-5)  # the same line


def test_closed_eyes_have_a_finite_gaze():
    mesh = np.zeros((478, 3), np.float32)
    assert np.isfinite([gaze_of(mesh).bearing, gaze_of(mesh).strength]).all()


def test_the_distance_is_that_of_the_larger_iris():
    """An iris of 11.7 mm is a tenth of the image's width, which is therefore 0.117 m, as is the distance."""
    mesh = np.zeros((478, 3), np.float32)
    mesh[469, 0], mesh[471, 0] = 164, 100
    mesh[474, 0], mesh[476, 0] = 130, 100
    assert camera_distance(mesh, 640) == pytest.approx(0.117)
    assert camera_distance(np.zeros((478, 3), np.float32), 640) == 0
