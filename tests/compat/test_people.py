"""Gestures and persons by Human's rules."""

import numpy as np
import pytest
from gesturing import (
    ASIDE,
    BEST,
    BODY_GESTURES,
    COINCIDING,
    FACE_GESTURES,
    FIST,
    LEFT,
    NO_KEYPOINTS,
    RIGHT,
    SMALL_AND_LEANING,
    THUMB,
    UP,
    best_fingers,
    body,
    face,
    hand,
    one_of_each,
    prominent_fingers,
)
from standing import GESTURES as THEIR_GESTURES
from standing import OWN_GESTURES, join, parts_of, standing
from standing import face as face_at
from standing import hand as hand_at

from humanrt.compat.people import GESTURES, POSES, join_parts
from humanrt.result import Gesture


class TestFaces:
    @pytest.mark.parametrize(("points", "expected"), FACE_GESTURES)
    def test_each_gesture(self, points, expected):
        assert list(GESTURES.face(face(points))) == expected

    @pytest.mark.parametrize("count", [0, 6])
    def test_a_face_without_a_mesh_has_none(self, count):
        assert list(GESTURES.face(face(count=count))) == []

    def test_a_face_lying_on_its_side_faces_sideways(self):
        """In whole pixels: 1 / 0 is much, and 0 / 0 is neither little nor much."""
        lying = face({263: (140, 100, 1)}, turn=90)
        np.rint(lying.mesh, out=lying.mesh)
        assert list(GESTURES.face(lying)) == ["facing left"]

    def test_coinciding_points_do_not_divide_by_zero(self):
        (only,) = GESTURES.face(face(COINCIDING))
        assert only.startswith("facing")


class TestIrises:
    def test_a_straight_look_is_aside_and_a_far_one_is_lost(self):
        """The iris that comes near to its corner is measured."""
        assert list(GESTURES.iris(face())) == ["facing center", "looking left", "looking center"]
        assert list(GESTURES.iris(face(left=(112, 99, 5), right=(72, 99, 5)))) == ["facing center"]

    def test_a_wink_is_a_look_down(self):
        assert "looking down" in GESTURES.iris(face({374: (120, 101, 0)}))

    def test_one_look_may_go_up_and_down(self):
        assert list(GESTURES.iris(face(left=(120, 94, 5), right=(80, 103, 5))))[-2:] == ["looking down", "looking up"]

    @pytest.mark.parametrize("count", [6, 468])
    def test_a_face_without_irises_has_none(self, count):
        assert list(GESTURES.iris(face(count=count))) == []

    def test_closed_irises_and_empty_boxes_do_not_divide_by_zero(self):
        closed = face(left=(120, 99, 0), right=(80, 99, 0))
        assert "facing center" not in GESTURES.iris(closed)
        assert "looking center" not in GESTURES.iris(face(box=(0, 0, 0, 0)))


class TestBodies:
    @pytest.mark.parametrize(("parts", "expected"), BODY_GESTURES)
    def test_each_gesture(self, parts, expected):
        assert list(GESTURES.body(body(**parts))) == expected

    def test_a_small_body_never_leans(self):
        assert list(GESTURES.body(body(**SMALL_AND_LEANING))) == []


class TestHands:
    def test_the_roots_of_the_fingers_are_compared(self):
        assert list(GESTURES.hand(hand(keypoints=prominent_fingers())))[:2] == ["pinky forward", "pinky up"]

    def test_the_palm_is_a_finger_and_the_last_of_equals_wins(self):
        assert list(GESTURES.hand(hand()))[:2] == ["palm forward", "palm up"]

    def test_a_hand_without_keypoints_has_none(self):
        assert list(GESTURES.hand(hand(keypoints=NO_KEYPOINTS))) == []

    @pytest.mark.parametrize(
        ("curls", "directions", "expected"),
        [
            (FIST, [ASIDE] * 5, ["thumbs up", "point", "middle finger"]),
            ("hnnff", [UP, LEFT, UP, LEFT, LEFT], ["victory"]),
            ("nnnff", [UP, LEFT, UP, LEFT, LEFT], ["victory", "open palm"]),
            ("hnnff", [RIGHT] * 5, []),
            ("nfnff", [UP] * 5, ["middle finger"]),
        ],
        ids=["a fist is much", "a victory", "three fingers are a palm", "no victory leans to the right", "middle"],
    )
    def test_poses(self, curls, directions, expected):
        _, _, *found = GESTURES.hand(hand(curls, directions))
        assert found == expected

    def test_a_thumb_is_a_middle_finger(self):
        assert "middle finger" in GESTURES.hand(hand(THUMB, [UP, *[ASIDE] * 4]))

    @pytest.mark.parametrize("pose", POSES, ids=lambda pose: pose.name)
    def test_the_best_fingers_have_the_pose_with_its_full_confidence(self, pose):
        fingers = best_fingers(pose)
        assert pose.confidence(fingers) == pytest.approx(BEST[pose.name] / 10)
        assert pose.is_defined_by(fingers)


class TestAllTogether:
    def test_they_are_ordered_by_part_and_numbered_by_the_index_of_the_record(self):
        found = GESTURES.find(*([record] for record in one_of_each()))
        assert found[:4] == (
            Gesture("face", 0, "facing center"),
            Gesture("body", 0, "raise left hand"),
            Gesture("hand", 0, "thumb forward"),
            Gesture("hand", 0, "thumb up"),
        )
        assert {(gesture.part, gesture.id) for gesture in found[4:]} == {("iris", 0)}
        assert found[-1].to_human() == {"iris": 0, "gesture": "looking center"}

    def test_there_are_none_without_records(self):
        assert GESTURES.find([], [], []) == ()


def join_as_human(*records):
    return join(*records, join=join_parts)


class TestPersons:
    def test_a_person_may_be_a_face_alone(self):
        (person,) = join_as_human([face_at(7, 100, 50)])
        assert (person.id, person.face.id) == (0, 7)
        assert parts_of([person]) == [(None, None, None)]
        assert person.gestures == ()
        assert person.box == (80, 30, 40, 40)
        assert person.box_raw == (0.08, 0.06, 0.04, 0.08)
        assert join_as_human([], [standing(0, 100)]) == ()

    def test_a_body_may_belong_to_two_faces(self):
        faces = [face_at(0, 110, 120), face_at(1, 101, 101)]
        assert [each[0] for each in parts_of(join_as_human(faces, [standing(4, 100)]))] == [4, 4]

    def test_the_box_of_the_body_alone_counts(self):
        child = [face_at(0, 100, 300)]
        assert parts_of(join_as_human(child, [standing(4, 100)])) == [(4, None, None)]

    def test_a_hand_inside_of_the_body_is_both_hands(self):
        one, inner = [face_at(0, 110, 100)], [hand_at(8, 100, 262)]
        assert parts_of(join_as_human(one, [standing(4, 100)], inner)) == [(4, 8, 8)]

    def test_a_hand_at_the_left_edge_of_a_body_is_the_left_one(self):
        one, edge = [face_at(0, 110, 100)], [hand_at(8, 35, 262)]
        assert parts_of(join_as_human(one, [standing(4, 100)], edge)) == [(4, 8, None)]

    def test_without_a_body_there_are_no_hands(self):
        assert parts_of(join_as_human([face_at(0, 100, 100)], [], [hand_at(8, 100, 100)])) == [(None, None, None)]

    def test_gestures_follow_the_ids_of_the_parts(self):
        records = [face_at(7, 110, 100)], [standing(4, 100)], [hand_at(8, 150, 262)]
        (person,) = join_as_human(*records, THEIR_GESTURES)
        assert [(each.part, each.id) for each in person.gestures] == OWN_GESTURES
