"""Ids in a session, and without one."""

import numpy as np
import pytest
from counting import StandingClock
from records import BODY, FACE

from humanrt import Config, Hands, Human, Person
from humanrt.streams.session import Saved, SessionFrame
from humanrt.vision.call import Call
from humanrt.vision.tracking import track_persons
from parity.pictures import read_picture

NOTHING = (0, 0, 0, 0)
OFF = {"enabled": False}
FACES = {
    "preset": "human",
    **dict.fromkeys(("body", "hand"), OFF),
    "face": {"detector": {"max_detected": 2}, "iris": OFF, "emotion": OFF, "description": OFF},
    "device": "cpu",
}


def two_faces(*, left=True, right=True):
    """One bright and one dim face, of which the bright one has the higher score."""
    frame = np.zeros((128, 320, 3), np.uint8)
    face = read_picture("human_face")[::2, ::2]
    if left:
        frame[:, :128] = face
    if right:
        frame[:, 192:] = face // 2
    return frame


def numbers(result):
    return {("left", "right")[face.box[0] > 150]: face.id for face in result.face}


@pytest.mark.usefixtures("loaded_models")
class TestDetect:
    @pytest.fixture
    async def human(self):
        async with Human(FACES) as human:
            yield human
        assert human.engine.memory().baseline == NOTHING

    async def ids(self, human, frames, overrides=None):
        with human.session() as session:
            results = [await human.detect(frame, overrides, session=session) for frame in frames]
        for result in results:
            assert [person.id for person in result.persons] == [face.id for face in result.face]
            assert {gesture.id for gesture in result.gesture} <= {face.id for face in result.face}
        return [numbers(result) for result in results]

    async def test_a_face_keeps_its_id_while_it_is_hidden_and_others_are_not(self, human):
        frames = [two_faces(), two_faces(left=False), two_faces(left=False), two_faces()]
        both, one, _, again = await self.ids(human, frames)
        assert sorted(both.values()) == [0, 1]
        assert (one, again) == ({"right": both["right"]}, both)

    @pytest.mark.parametrize("overrides", [{"tracking": OFF}, {"compat": "human"}])
    async def test_ids_are_indices_without_tracking(self, human, overrides):
        frames = [two_faces(), two_faces(left=False)]
        assert (await self.ids(human, frames, overrides))[1] == {"right": 0}

    async def test_without_a_session_ids_are_indices(self, human):
        assert [face.id for face in (await human.detect(two_faces())).face] == [0, 1]
        assert numbers(await human.detect(two_faces(left=False))) == {"right": 0}

    async def test_positions_are_smoothed_by_choice(self, human):
        clock = StandingClock()
        frames = [two_faces(right=False), np.roll(two_faces(right=False), 4, axis=1)]

        async def boxes(overrides):
            with human.session(clock=clock) as session:
                found = []
                for frame in frames:
                    clock.seconds += 1 / 30
                    found.append((await human.detect(frame, overrides, session=session)).face[0])
                return found

        plain = await boxes({"cache_sensitivity": 0})
        smooth = await boxes({"cache_sensitivity": 0, "tracking": {"smoothing": True, "beta": 0.0}})
        assert smooth[0].box == plain[0].box
        turn = 2 * np.pi / 30  # one Hz, in a thirtieth of a second
        expected = plain[0].mesh + turn / (turn + 1) * (plain[1].mesh - plain[0].mesh)
        np.testing.assert_allclose(smooth[1].mesh, expected, atol=1e-3)


def person(face_id, body_id=None):
    from dataclasses import replace

    face = replace(FACE, id=face_id)
    body = None if body_id is None else replace(BODY, id=body_id)
    return Person(0, face, body, Hands(), (), face.box, face.box_raw)


def test_a_person_is_known_by_the_face_and_else_by_the_body():
    call = Call(None, {}, None, Config())
    values, seen = {}, []
    for persons in (
        [person(0, 0), person(1, 1)],
        [person(1, 1)],
        [person(5, 0), person(1, 7)],  # a new face on a known body, and a known face on a new one
        [person(6, 7), person(5)],
        [person(8, 9)],
    ):
        frame = SessionFrame(Saved({}, values))
        seen.append([one.id for one in track_persons(call, frame, tuple(persons))])
        values = {**values, **frame.stored.values}
    assert seen == [[0, 1], [1], [0, 1], [1, 0], [2]]
