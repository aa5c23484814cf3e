from math import cos, pi, sin

import numpy as np
import pytest
from face_outputs import face_box
from hypothesis import given
from hypothesis import strategies as st

from humanrt.vision.face.facemesh import FACEMESH, Placed, to_image
from humanrt.vision.face.second_look import FirstLook, SecondLook, in_first_crop
from humanrt.vision.stage import InputForm

FORM = InputForm(192, 192, 3)
LOOK = SecondLook(FACEMESH.outputs, FACEMESH)
ANGLES = st.floats(-pi + 0.01, pi - 0.01)


def mesh(angle=0.0, center=(96, 96), half=20):
    """A mesh that is a square with an eye at either end of its horizontal axis, turned by an angle."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    rotation = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    points = np.zeros((468, 3), np.float32)
    points[:, :2] = center
    points[:4, :2] += (corners @ rotation.T).astype(np.float32)
    points[33, :2] -= np.float32([half * cos(angle), half * sin(angle)])
    points[263, :2] += np.float32([half * cos(angle), half * sin(angle)])
    return points


@given(ANGLES)
def test_the_crop_is_one_and_a_half_times_the_mesh_and_turned_by_its_eyes(angle):
    picture = np.zeros((192, 192, 3), np.uint8)
    prepared = LOOK.prepare(picture, FORM, FirstLook(Placed([face_box()], [0.0]), [mesh(angle, (100, 90))]))
    (place,), (turned,) = prepared.placed
    assert turned == pytest.approx(angle, abs=1e-4)
    assert place.center == pytest.approx([100, 90], abs=1e-3)
    assert place.extent == pytest.approx([60, 60], abs=1e-3)
    assert (prepared.pixels.shape, prepared.pixels.dtype, prepared.crops.dtype) == (
        (1, 192, 192, 3),
        np.float32,
        np.uint8,
    )


def test_a_turned_face_is_upright_in_the_crop():
    """The image is white below the face's eyes, which is at the left of a face turned by 90 degrees clockwise."""
    picture = np.zeros((192, 192, 3), np.uint8)
    picture[:, :96] = 255
    (crop,) = LOOK.prepare(picture, FORM, FirstLook(Placed([face_box()], [0.0]), [mesh(pi / 2)])).crops
    assert crop[150, 20].min() == crop[150, 170].min() == 255
    assert crop[40, 20].max() == crop[40, 170].max() == 0


def test_a_mesh_without_an_extent_has_a_crop():
    placed = Placed([face_box()], [0.0])
    prepared = LOOK.prepare(np.zeros((9, 9, 3), np.uint8), FORM, FirstLook(placed, [np.zeros((468, 3), np.float32)]))
    assert prepared.placed.boxes[0].extent.tolist() == [1.5, 1.5]


def test_outputs_are_decoded_as_those_of_the_first_look():
    task = FirstLook(Placed([face_box()], [0.0]), [mesh()])
    prepared = LOOK.prepare(np.zeros((192, 192, 3), np.uint8), FORM, task)
    meshes, placed = LOOK.decode([np.float32([[0.9]]), np.arange(1404, dtype=np.float32)[None]], prepared, task)
    assert meshes.points[0][1].tolist() == [3, 4, 5]
    assert meshes.crops is prepared.crops
    assert placed is prepared.placed


@given(ANGLES, ANGLES, st.floats(10, 400), st.floats(10, 400))
def test_points_come_back_to_the_same_places_of_the_image(seen_angle, angle, seen_size, size):
    points = np.random.default_rng(1).uniform(0, 192, (468, 3)).astype(np.float32)
    seen, first = face_box((30, 40), (30 + seen_size, 40 + seen_size)), face_box((5, 9), (5 + size, 9 + size))
    (back,) = in_first_crop([points], Placed([seen], [seen_angle]), Placed([first], [angle]))
    assert back.dtype == np.float32
    image, expected = to_image(back, first, angle), to_image(points, seen, seen_angle)
    assert image[:, :2] == pytest.approx(expected[:, :2], abs=2e-2)
    # The depth is in pixels of the input, whose size in the image has changed.
    assert back[:, 2] * size == pytest.approx(points[:, 2] * seen_size, rel=1e-4)
