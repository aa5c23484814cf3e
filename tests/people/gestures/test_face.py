import numpy as np
import pytest
from humanrt.people.gestures.face import face_gestures
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EVERYTHING = {33: (60, 100, -30), 374: (120, 98, 0), 14: (100, 162.2, 0), 152: (100, 180, 11)}


def gestures(face, *, quirks=False):
    return list(face_gestures(face, quirks=quirks))


@pytest.mark.parametrize("quirks", [False, True])
@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ({}, ["facing center"]),
        # The right eye is nearer by more than 0.15 of 80: the face turned to its own left.
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
        (EVERYTHING, ["facing left", "blink left eye", "mouth 50% open", "head down"]),
    ],
)
def test_each_gesture(make_face, points, expected, quirks):
    assert gestures(make_face(points), quirks=quirks) == expected


@pytest.mark.parametrize("quirks", [False, True])
@pytest.mark.parametrize("count", [0, 6])
def test_without_a_mesh_there_are_none(make_face, count, quirks):
    assert gestures(make_face(count=count), quirks=quirks) == []


def test_irises_are_not_needed(make_face):
    assert gestures(make_face(EVERYTHING, count=468)) == gestures(make_face(EVERYTHING))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(-180, 180))
def test_a_turned_face_does_the_same(make_face, turn):
    assert gestures(make_face(turn=turn)) == ["facing center"]
    assert gestures(make_face(EVERYTHING, turn=turn)) == gestures(make_face(EVERYTHING))


def test_humans_turned_face(make_face):
    """Lying on its side, in whole pixels: 1 / 0 is much, and 0 / 0 is neither little nor much."""
    lying = make_face({263: (140, 100, 1)}, turn=90)
    np.rint(lying.mesh, out=lying.mesh)
    assert gestures(lying) == ["facing center"]
    assert gestures(lying, quirks=True) == ["facing left"]


@pytest.mark.parametrize("quirks", [False, True])
def test_points_that_all_coincide_divide_by_nothing(make_face, quirks):
    points = dict.fromkeys((33, 263, 374, 386, 443, 450, 145, 159, 223, 230, 13, 14, 10, 152), (7, 7, 0))
    (only,) = gestures(make_face(points), quirks=quirks)
    assert only.startswith("facing")
