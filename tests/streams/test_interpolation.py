"""Results between frames; tests/peer compares them with Human's."""

from dataclasses import replace
from math import log, pi

import numpy as np
import pytest
from records import BODY, FACE, HAND, NOSE, WRIST

from humanrt import Angle, Gaze, Hands, Person, Result, Rotation
from humanrt.errors import SessionError
from humanrt.streams.interpolation import Shown, blend_factor, interpolate, without_tensors
from humanrt.streams.session import Session, session_frame

NOTHING = (0, 0, 0, 0)


def moved(record, by):
    x, *others = record.box
    return replace(record, box=(x + by, *others))


def shown_after(*results, delay=50.0):
    shown = Shown()
    for result in results:
        found, shown = interpolate(result, shown, result.timestamp + delay)
    return found


@pytest.mark.parametrize(
    ("delay", "factor"), [(0, 8), (50, 8 - log(51)), (999, 8 - log(1000)), (1000, 1), (9999, 1), (-5, 8)]
)
def test_the_factor_is_humans(delay, factor):
    assert blend_factor(delay) == factor


def test_the_first_result_is_shown_as_it_is_and_the_next_in_part():
    first, second = Result(100, 50, face=(FACE,)), Result(100, 50, face=(moved(FACE, 8.0),), timestamp=100)
    assert shown_after(first).face[0].box == FACE.box
    assert shown_after(first, second, delay=0).face[0].box[0] == FACE.box[0] + 1
    assert shown_after(first, second, delay=1000).face[0].box[0] == FACE.box[0] + 8
    found = shown_after(first, second)
    assert (found.timestamp, found.width, found.height) == (150, 100, 50)


def test_records_are_matched_by_id():
    left, right = replace(FACE, id=3), moved(replace(FACE, id=7), 50.0)
    found = shown_after(Result(9, 9, face=(left, right)), Result(9, 9, face=(right, left)))
    assert [(face.id, face.box) for face in found.face] == [(7, right.box), (3, left.box)]


def test_another_number_of_records_is_shown_as_it_is():
    two = (moved(FACE, 8.0), moved(replace(FACE, id=1), 50.0))
    found = shown_after(Result(9, 9, face=(FACE,)), Result(9, 9, face=two))
    assert [face.box for face in found.face] == [face.box for face in two]


def test_the_parts_of_a_body_are_matched_by_name_and_lines_end_at_them():
    farther = replace(WRIST, position=(13.0, 6.5))
    later = replace(BODY, keypoints=(farther,), annotations={"leftArm": ((farther.position, (1.0, 2.0)),)})
    (body,) = shown_after(Result(9, 9, body=(BODY,)), Result(9, 9, body=(later,)), delay=0).body
    assert [keypoint.position for keypoint in body.keypoints] == [(6.0, 6.5)]
    assert body.annotations == {"leftArm": (((6.0, 6.5), (1.0, 2.0)),)}
    (body,) = shown_after(Result(9, 9, body=(later,)), Result(9, 9, body=(BODY,)), delay=0).body
    assert [keypoint.position for keypoint in body.keypoints] == [NOSE.position, (12.0, 6.5)]


def test_angles_turn_the_short_way():
    def turned(roll):
        return replace(FACE, rotation=Rotation(Angle(roll, 0.0, 0.0), FACE.rotation.matrix, Gaze(0.0, 0.0)))

    found = shown_after(Result(9, 9, face=(turned(pi - 0.1),)), Result(9, 9, face=(turned(0.1 - pi),)), delay=0)
    assert found.face[0].rotation.angle.roll == pytest.approx(pi - 0.1 + 0.2 / 8)


def test_persons_have_the_records_that_are_shown():
    def result(by):
        face, body, hand = (moved(record, by) for record in (FACE, BODY, HAND))
        person = Person(0, face, body, Hands(right=hand), (), face.box, face.box_raw)
        return Result(9, 9, face=(face,), body=(body,), hand=(hand,), persons=(person,))

    found = shown_after(result(0.0), result(8.0))
    (person,) = found.persons
    assert (person.face, person.body, person.hands.right) == (found.face[0], found.body[0], found.hand[0])
    assert person.hands.left is None
    assert person.box == found.face[0].box


def test_arrays_are_read_only_and_keep_their_type():
    (face,) = shown_after(Result(9, 9, face=(FACE,))).face
    assert (face.mesh.dtype, face.mesh.flags.writeable) == (np.float32, False)
    assert {name: len(points) for name, points in face.annotations.items()} == {"noseTip": 1, "leftEyeIris": 0}
    assert not face.annotations["noseTip"].flags.writeable


def test_tensors_stay_with_the_result_of_the_frame(humanrt_engine):
    with humanrt_engine.scalar(1.0) as tensor:
        face = replace(FACE, tensor=tensor)
        person = Person(0, face, None, Hands(), (), face.box, face.box_raw)
        bare = without_tensors(Result(9, 9, face=(face,), persons=(person,)))
        assert list(bare.tensors()) == []
        assert bare.persons[0].face is bare.face[0]
        assert bare.face[0].tensor is None


class TestSession:
    @pytest.fixture
    def session(self, humanrt_engine):
        with Session(humanrt_engine.registry) as session:
            yield session

    def test_before_the_first_frame_the_result_is_empty(self, session):
        assert session.next().face == ()

    def test_the_result_of_the_last_frame_is_shown(self, session, humanrt_engine):
        with session_frame(session, humanrt_engine.registry) as frame:
            frame.finish(Result(9, 9, face=(FACE,), timestamp=5))
            assert session.next().face == ()
        assert session.next(6).face[0].box == FACE.box
        assert session.next().timestamp > 10**12
        assert humanrt_engine.memory().baseline == NOTHING

    def test_a_frame_that_fails_is_not_shown(self, session, humanrt_engine):
        def fail(frame):
            frame.finish(Result(9, 9, face=(FACE,)))
            raise KeyError

        with pytest.raises(KeyError), session_frame(session, humanrt_engine.registry) as frame:
            fail(frame)
        assert session.next().face == ()

    def test_a_closed_session_shows_nothing(self, session):
        session.close()
        with pytest.raises(SessionError, match="was closed"):
            session.next()
