import pytest
from humanrt.people.gestures.iris import iris_gestures
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LOOKS = {
    # Irises 20 of 400 pixels from the outer corners, 6 above the lower lids: straight.
    "straight": ({}, ["facing center", "looking center"]),
    # The left iris goes to the nose, the right one to its corner: to the person's right.
    "right": ({"left": (112, 99, 5), "right": (72, 99, 5)}, ["facing center", "looking right"]),
    "left": ({"left": (128, 99, 5), "right": (88, 99, 5)}, ["facing center", "looking left"]),
    "up": ({"left": (120, 96, 5), "right": (80, 96, 5)}, ["facing center", "looking up"]),
    "down": ({"left": (120, 102, 5), "right": (80, 102, 5)}, ["facing center", "looking down"]),
    "turned": ({"left": (120, 99, 5), "right": (80, 99, 4)}, []),
    "right, up and turned": ({"left": (112, 95, 5), "right": (72, 95, 4)}, ["looking right", "looking up"]),
}


def gestures(face, *, quirks=False):
    return list(iris_gestures(face, quirks=quirks))


@pytest.mark.parametrize("look", LOOKS)
def test_each_look(make_face, look):
    irises, expected = LOOKS[look]
    assert gestures(make_face(**irises)) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(LOOKS)), st.floats(-180, 180))
def test_a_turned_face_looks_the_same_way(make_face, look, turn):
    irises, expected = LOOKS[look]
    assert gestures(make_face(**irises, turn=turn)) == expected


def test_humans_looks(make_face):
    """A straight look goes aside, and one far aside does not: it asks the iris that comes near to its corner."""
    assert gestures(make_face(), quirks=True) == ["facing center", "looking left", "looking center"]
    far = make_face(left=(112, 99, 5), right=(72, 99, 5))
    assert gestures(far, quirks=True) == ["facing center"]


def test_a_wink_is_no_look_down(make_face):
    """Of the closed eye, the lower lid comes up to the iris."""
    wink = make_face({374: (120, 101, 0)})
    assert gestures(wink) == ["facing center", "looking center"]
    assert "looking down" in gestures(wink, quirks=True)


def test_no_look_goes_up_and_down(make_face):
    crossed = make_face(left=(120, 94, 5), right=(80, 103, 5))
    assert gestures(crossed) == ["facing center", "looking center"]
    assert gestures(crossed, quirks=True)[-2:] == ["looking down", "looking up"]


@pytest.mark.parametrize("quirks", [False, True])
@pytest.mark.parametrize("count", [6, 468])
def test_without_irises_there_are_none(make_face, count, quirks):
    assert gestures(make_face(count=count), quirks=quirks) == []


@pytest.mark.parametrize("quirks", [False, True])
def test_closed_irises_and_empty_boxes_divide_by_nothing(make_face, quirks):
    closed = make_face(left=(120, 99, 0), right=(80, 99, 0))
    assert "facing center" not in gestures(closed, quirks=quirks)
    assert "looking center" not in gestures(make_face(box=(0, 0, 0, 0)), quirks=quirks)
