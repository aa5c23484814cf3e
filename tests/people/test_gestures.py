import numpy as np
import pytest
from gesturing import (
    BODY_GESTURES,
    BUSY,
    COINCIDING,
    FACE_GESTURES,
    FIST,
    NO_KEYPOINTS,
    SMALL_AND_LEANING,
    body,
    face,
    hand,
    one_of_each,
    prominent_fingers,
)
from hypothesis import given
from hypothesis import strategies as st

from humanrt.people.gestures import GestureRules, body_gestures, face_gestures, hand_gestures, iris_gestures
from humanrt.result import Gesture


class TestFaces:
    @pytest.mark.parametrize(("points", "expected"), FACE_GESTURES)
    def test_each_gesture(self, points, expected):
        assert list(face_gestures(face(points))) == expected

    @pytest.mark.parametrize("count", [0, 6])
    def test_a_face_without_a_mesh_has_none(self, count):
        assert list(face_gestures(face(count=count))) == []

    def test_irises_are_not_needed(self):
        assert list(face_gestures(face(BUSY, count=468))) == list(face_gestures(face(BUSY)))

    @given(st.floats(-180, 180))
    def test_a_rotated_face_has_the_gestures_of_the_upright_one(self, turn):
        assert list(face_gestures(face(turn=turn))) == ["facing center"]
        assert list(face_gestures(face(BUSY, turn=turn))) == list(face_gestures(face(BUSY)))

    def test_a_face_lying_on_its_side_in_whole_pixels_looks_at_the_camera(self):
        lying = face({263: (140, 100, 1)}, turn=90)
        np.rint(lying.mesh, out=lying.mesh)
        assert list(face_gestures(lying)) == ["facing center"]

    def test_coinciding_points_do_not_divide_by_zero(self):
        (only,) = face_gestures(face(COINCIDING))
        assert only.startswith("facing")


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


class TestIrises:
    @pytest.mark.parametrize("look", LOOKS)
    def test_each_look(self, look):
        irises, expected = LOOKS[look]
        assert list(iris_gestures(face(**irises))) == expected

    @given(st.sampled_from(list(LOOKS)), st.floats(-180, 180))
    def test_a_rotated_face_looks_in_the_direction_of_the_upright_one(self, look, turn):
        irises, expected = LOOKS[look]
        assert list(iris_gestures(face(**irises, turn=turn))) == expected

    def test_a_wink_is_not_a_look_down(self):
        """The lower lid of the closed eye comes up to the iris."""
        wink = face({374: (120, 101, 0)})
        assert list(iris_gestures(wink)) == ["facing center", "looking center"]

    def test_no_look_goes_both_up_and_down(self):
        crossed = face(left=(120, 94, 5), right=(80, 103, 5))
        assert list(iris_gestures(crossed)) == ["facing center", "looking center"]

    @pytest.mark.parametrize("count", [6, 468])
    def test_a_face_without_irises_has_none(self, count):
        assert list(iris_gestures(face(count=count))) == []

    def test_closed_irises_and_empty_boxes_do_not_divide_by_zero(self):
        closed = face(left=(120, 99, 0), right=(80, 99, 0))
        assert "facing center" not in iris_gestures(closed)
        assert "looking center" not in iris_gestures(face(box=(0, 0, 0, 0)))


class TestBodies:
    @pytest.mark.parametrize(("parts", "expected"), BODY_GESTURES)
    def test_each_gesture(self, parts, expected):
        assert list(body_gestures(body(**parts))) == expected

    def test_a_small_body_leans_as_a_large_one_does(self):
        assert list(body_gestures(body(**SMALL_AND_LEANING))) == ["leaning left"]

    def test_a_body_that_is_cut_off_does_not_lean_more_than_the_whole_one(self):
        """Of a body as high as the image only head and shoulders are in it."""
        for box in ((400, 0, 259, 250), (400, 0, 259, 1000)):
            assert list(body_gestures(body(box, leftShoulder=240, rightShoulder=200))) == []


class TestHands:
    def test_the_tips_of_the_fingers_are_compared(self):
        found = hand_gestures(hand(keypoints=prominent_fingers(), curls=FIST))
        assert list(found) == ["index forward", "middle up"]

    def test_of_equal_fingers_the_first_is_taken(self):
        assert list(hand_gestures(hand()))[:2] == ["thumb forward", "thumb up"]

    def test_a_hand_without_keypoints_has_none(self):
        assert list(hand_gestures(hand(keypoints=NO_KEYPOINTS))) == []


class TestAllTogether:
    def test_they_are_ordered_by_part_and_numbered_by_the_ids_of_the_records(self):
        found = GestureRules().find(*([record] for record in one_of_each()))
        assert found[:4] == (
            Gesture("face", 7, "facing center"),
            Gesture("body", 8, "raise left hand"),
            Gesture("hand", 9, "thumb forward"),
            Gesture("hand", 9, "thumb up"),
        )
        assert {(gesture.part, gesture.id) for gesture in found[4:]} == {("iris", 7)}
        assert found[-1].to_human() == {"iris": 7, "gesture": "looking center"}

    def test_there_are_none_without_records(self):
        assert GestureRules().find([], [], []) == ()
