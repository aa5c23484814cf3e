import pytest
from hypothesis import given
from hypothesis import strategies as st
from standing import GESTURES, OWN_GESTURES, body, face, hand, join, parts_of, standing


def test_a_person_may_be_a_face_alone():
    (person,) = join([face(7, 100, 50)])
    assert (person.id, person.face.id) == (0, 7)
    assert parts_of([person]) == [(None, None, None)]
    assert person.gestures == ()
    assert person.box == (80, 30, 40, 40)
    assert person.box_raw == (0.08, 0.06, 0.04, 0.08)


def test_a_body_without_a_face_is_not_a_person():
    assert join([], [standing(0, 100)]) == ()


class TestBodies:
    def test_each_person_has_the_own_body(self):
        faces = [face(0, 500, 100), face(1, 100, 105), face(2, 300, 95)]
        assert parts_of(join(faces, [standing(4, 300), standing(5, 500), standing(6, 100)])) == [
            (5, None, None),
            (6, None, None),
            (4, None, None),
        ]

    def test_of_two_faces_at_one_body_the_nearer_one_has_it(self):
        faces = [face(0, 110, 120), face(1, 101, 101)]
        assert parts_of(join(faces, [standing(4, 100)])) == [(None, None, None), (4, None, None)]

    def test_a_face_in_front_of_another_persons_body_has_none(self):
        """The head of that body is elsewhere."""
        child = [face(0, 100, 300)]
        assert parts_of(join(child, [standing(4, 100)])) == [(None, None, None)]

    def test_the_head_counts_where_it_is_not_the_top_of_the_body(self):
        """Hands up."""
        jumping = body(4, (40, 0, 120, 400), nose=(100, 100))
        assert parts_of(join([face(0, 100, 85), face(1, 110, 105)], [jumping])) == [(None,) * 3, (4, None, None)]

    def test_without_a_head_the_box_counts(self):
        headless = body(4, (40, 80, 120, 300), leftHip=(120, 250))
        assert parts_of(join([face(0, 100, 100)], [headless])) == [(4, None, None)]
        assert parts_of(join([face(0, 20, 100)], [headless])) == [(None, None, None)]

    def test_efficientposes_head_is_a_head(self):
        assert parts_of(join([face(0, 100, 100)], [body(4, (400, 0, 9, 9), head=(100, 90))])) == [(4, None, None)]


class TestHands:
    def test_left_and_right_are_the_persons_own(self):
        hands = [hand(8, 160, 262), hand(9, 40, 262)]
        assert parts_of(join([face(0, 100, 100)], [standing(4, 100)], hands)) == [(4, 8, 9)]

    def test_a_hand_at_the_left_edge_of_a_body_is_the_right_one(self):
        assert parts_of(join([face(0, 110, 100)], [standing(4, 100)], [hand(8, 35, 262)])) == [(4, None, 8)]

    def test_one_hand_between_two_wrists_belongs_to_the_nearer_one(self):
        """Folded hands, of which one was detected."""
        folded = body(4, (40, 100, 120, 300), nose=(100, 100), leftWrist=(105, 250), rightWrist=(90, 250))
        assert parts_of(join([face(0, 100, 100)], [folded], [hand(8, 103, 252)])) == [(4, 8, None)]

    def test_of_two_persons_side_by_side_each_has_the_nearer_hand(self):
        """Though the boxes of both bodies are around all hands."""
        faces, bodies = [face(0, 100, 100), face(1, 210, 100)], [standing(4, 100), standing(5, 210)]
        hands = [hand(8, 152, 260, 60), hand(9, 162, 260, 60)]  # wrists at 160 of one, at 150 of the other
        assert parts_of(join(faces, bodies, hands)) == [(4, 9, None), (5, None, 8)]

    def test_the_wrist_of_the_hand_counts_where_it_is_known(self):
        far = [hand(8, 240, 310, 80, wrist=(158, 252))]
        assert parts_of(join([face(0, 100, 100)], [standing(4, 100)], far)) == [(4, 8, None)]

    @pytest.mark.parametrize(("joint", "away"), [("Wrist", 1), ("Elbow", 2), ("Shoulder", 4)])
    def test_a_hand_is_in_reach_of_the_last_known_joint(self, joint, away):
        parts = {"nose": (100, 100), "leftShoulder": (130, 150), f"left{joint}": (150, 200)}
        one = [body(4, (70, 100, 90, 300), **parts)]
        near, far = [hand(8, 150, 199 + away * 30)], [hand(8, 150, 201 + away * 30)]
        assert parts_of(join([face(0, 100, 100)], one, near)) == [(4, 8, None)]
        assert parts_of(join([face(0, 100, 100)], one, far)) == [(4, None, None)]

    def test_without_a_body_there_are_none(self):
        assert parts_of(join([face(0, 100, 100)], [], [hand(8, 100, 100)])) == [(None, None, None)]


def test_gestures_follow_the_ids_of_the_parts():
    (person,) = join([face(7, 110, 100)], [standing(4, 100)], [hand(8, 150, 262)], GESTURES)
    assert [(each.part, each.id) for each in person.gestures] == OWN_GESTURES


def test_the_box_is_around_all_parts():
    (person,) = join([face(0, 100, 100)], [standing(4, 100)], [hand(8, 160, 262)])
    assert person.box == (40, 80, 135, 320)


points = st.tuples(st.integers(0, 300), st.integers(0, 300))


@given(st.lists(points, max_size=6), st.lists(points, max_size=6), st.lists(points, max_size=12))
def test_nothing_belongs_to_two_persons(at_faces, at_bodies, at_hands):
    faces = [face(i, *at) for i, at in enumerate(at_faces)]
    bodies = [standing(i, x) for i, (x, _) in enumerate(at_bodies)]
    hands = [hand(i, *at) for i, at in enumerate(at_hands)]
    persons = join(faces, bodies, hands)
    assert [person.face for person in persons] == faces
    for claimed in (
        [person.body for person in persons if person.body],
        [part for person in persons for part in (person.hands.left, person.hands.right) if part],
    ):
        assert len(set(claimed)) == len(claimed)
