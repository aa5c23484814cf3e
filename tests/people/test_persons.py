import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humanrt.people.persons import join_persons
from humanrt.result import Body, Face, Gesture, Hand, Keypoint

NO_POINTS = np.zeros((0, 3), np.float32)
SIZE = (1000, 500)
RAW = (0, 0, 1, 1)


def face(i, x, y, size=40):
    """A face in a square about (x, y)."""
    box = (x - size / 2, y - size / 2, size, size)
    return Face(i, 0.9, 0.9, 0.9, box, RAW, (size, size), NO_POINTS, NO_POINTS, {})


def body(i, box, **parts):
    keypoints = tuple(Keypoint(part, 0.9, at, (0, 0)) for part, at in parts.items())
    return Body(i, 0.9, box, RAW, keypoints, {})


def hand(i, x, y, size=30, *, wrist=None):
    """A hand in a square about (x, y), with points where a wrist is given."""
    points = NO_POINTS if wrist is None else np.tile(np.array([*wrist, 0], np.float32), (21, 1))
    return Hand(i, 0.9, 0.9, 0.9, (x - size / 2, y - size / 2, size, size), RAW, "hand", points, {}, {})


def join(faces, bodies=(), hands=(), gestures=(), *, quirks=False):
    return join_persons(faces, bodies, hands, gestures, SIZE, quirks=quirks)


# Somebody who stands at x and faces the camera: the left hand is to the right in the picture.
def standing(i, x):
    parts = {"nose": (x, 100), "leftWrist": (x + 60, 250), "rightWrist": (x - 60, 250)}
    return body(i, (x - 60, 100, 120, 300), **parts)


def found(persons):
    """The ids of each person's body and hands."""
    return [
        tuple(part and part.id for part in (person.body, person.hands.left, person.hands.right)) for person in persons
    ]


@pytest.mark.parametrize("quirks", [False, True])
def test_a_face_alone(quirks):
    (person,) = join([face(7, 100, 50)], quirks=quirks)
    assert (person.id, person.face.id) == (0, 7)
    assert found([person]) == [(None, None, None)]
    assert person.gestures == ()
    assert person.box == (80, 30, 40, 40)
    assert person.box_raw == (0.08, 0.06, 0.04, 0.08)
    assert join([], [standing(0, 100)], quirks=quirks) == ()


class TestBodies:
    def test_each_has_its_own(self):
        faces = [face(0, 500, 100), face(1, 100, 105), face(2, 300, 95)]
        assert found(join(faces, [standing(4, 300), standing(5, 500), standing(6, 100)])) == [
            (5, None, None),
            (6, None, None),
            (4, None, None),
        ]

    def test_a_body_belongs_to_one_only(self):
        """Two faces at one body: the nearer one's. For Human it is both's."""
        faces = [face(0, 110, 120), face(1, 101, 101)]
        assert found(join(faces, [standing(4, 100)])) == [(None, None, None), (4, None, None)]
        assert [each[0] for each in found(join(faces, [standing(4, 100)], quirks=True))] == [4, 4]

    def test_a_face_in_front_of_anothers_body_has_none(self):
        """Its head is elsewhere; Human looks at the box alone."""
        child = [face(0, 100, 300)]
        assert found(join(child, [standing(4, 100)])) == [(None, None, None)]
        assert found(join(child, [standing(4, 100)], quirks=True)) == [(4, None, None)]

    def test_of_two_faces_at_a_head_the_nearer_one_has_it(self):
        """Hands up: the head is not the top of the body."""
        jumping = body(4, (40, 0, 120, 400), nose=(100, 100))
        assert found(join([face(0, 100, 85), face(1, 110, 105)], [jumping])) == [(None,) * 3, (4, None, None)]

    def test_without_a_head_the_box_counts(self):
        headless = body(4, (40, 80, 120, 300), leftHip=(120, 250))
        assert found(join([face(0, 100, 100)], [headless])) == [(4, None, None)]
        assert found(join([face(0, 20, 100)], [headless])) == [(None, None, None)]

    def test_efficientposes_head(self):
        assert found(join([face(0, 100, 100)], [body(4, (400, 0, 9, 9), head=(100, 90))])) == [(4, None, None)]


class TestHands:
    def test_left_and_right_are_the_persons_own(self):
        hands = [hand(8, 160, 262), hand(9, 40, 262)]
        assert found(join([face(0, 100, 100)], [standing(4, 100)], hands)) == [(4, 8, 9)]

    def test_for_human_a_hand_is_both(self):
        """Wholly within the body; and at the picture's left edge of a body it is the left one."""
        inner = [hand(8, 100, 262)]
        assert found(join([face(0, 110, 100)], [standing(4, 100)], inner, quirks=True)) == [(4, 8, 8)]
        edge = [hand(8, 35, 262)]
        assert found(join([face(0, 110, 100)], [standing(4, 100)], edge, quirks=True)) == [(4, 8, None)]
        assert found(join([face(0, 110, 100)], [standing(4, 100)], edge)) == [(4, None, 8)]

    def test_one_hand_for_two_wrists(self):
        """Folded hands, of which one was found: it is where it is nearer."""
        folded = body(4, (40, 100, 120, 300), nose=(100, 100), leftWrist=(105, 250), rightWrist=(90, 250))
        assert found(join([face(0, 100, 100)], [folded], [hand(8, 103, 252)])) == [(4, 8, None)]

    def test_two_persons_side_by_side(self):
        """Each gets the hand that is nearer, though the boxes of both are around all."""
        faces, bodies = [face(0, 100, 100), face(1, 210, 100)], [standing(4, 100), standing(5, 210)]
        hands = [hand(8, 152, 260, 60), hand(9, 162, 260, 60)]  # wrists at 160 of one, at 150 of the other
        assert found(join(faces, bodies, hands)) == [(4, 9, None), (5, None, 8)]

    def test_the_wrist_counts_where_the_hand_has_one(self):
        far = [hand(8, 240, 310, 80, wrist=(158, 252))]
        assert found(join([face(0, 100, 100)], [standing(4, 100)], far)) == [(4, 8, None)]

    @pytest.mark.parametrize(("joint", "away"), [("Wrist", 1), ("Elbow", 2), ("Shoulder", 4)])
    def test_a_hand_is_in_reach_of_the_last_known_joint(self, joint, away):
        parts = {"nose": (100, 100), "leftShoulder": (130, 150), f"left{joint}": (150, 200)}
        one = [body(4, (70, 100, 90, 300), **parts)]
        near, far = [hand(8, 150, 199 + away * 30)], [hand(8, 150, 201 + away * 30)]
        assert found(join([face(0, 100, 100)], one, near)) == [(4, 8, None)]
        assert found(join([face(0, 100, 100)], one, far)) == [(4, None, None)]

    @pytest.mark.parametrize("quirks", [False, True])
    def test_without_a_body_there_are_none(self, quirks):
        assert found(join([face(0, 100, 100)], [], [hand(8, 100, 100)], quirks=quirks)) == [(None, None, None)]


@pytest.mark.parametrize("quirks", [False, True])
def test_gestures_follow_the_ids(quirks):
    gestures = [
        Gesture(part, i, "does")
        for part, i in (("face", 7), ("face", 0), ("iris", 7), ("body", 4), ("hand", 8), ("hand", 4))
    ]
    (person,) = join([face(7, 110, 100)], [standing(4, 100)], [hand(8, 150, 262)], gestures, quirks=quirks)
    assert [(each.part, each.id) for each in person.gestures] == [("face", 7), ("iris", 7), ("body", 4), ("hand", 8)]


def test_the_box_is_around_everything():
    (person,) = join([face(0, 100, 100)], [standing(4, 100)], [hand(8, 160, 262)])
    assert person.box == (40, 80, 135, 320)


points = st.tuples(st.integers(0, 300), st.integers(0, 300))


@given(st.lists(points, max_size=6), st.lists(points, max_size=6), st.lists(points, max_size=12))
def test_nothing_belongs_to_two(at_faces, at_bodies, at_hands):
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
