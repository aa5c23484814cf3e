"""In a session the results of earlier frames are reused; without one nothing is."""

import asyncio

import numpy as np
import pytest
from counting import CountedRuns, StandingClock
from holding import Hold, happens

from humanrt import Human
from humanrt.errors import ModelFormatError
from humanrt.imaging import mean_squared_difference
from humanrt.vision.body.blazepose import BLAZEPOSE
from humanrt.vision.body.efficientpose import EFFICIENTPOSE
from humanrt.vision.body.movenet import SEVERAL, SINGLE
from humanrt.vision.body.posenet import POSENET
from humanrt.vision.caching import Reuse
from humanrt.vision.face.facemesh import FaceMesh
from parity.pictures import read_picture

NOTHING = (0, 0, 0, 0)
OFF = {"enabled": False}
LONG = {"skip_frames": 3, "skip_time": 10_000}
DETECTOR = {"face.detector": 1, "face.mesh": 1}
MESH = {"face.mesh": 1}


def config(**more):
    face = {"detector": LONG, "iris": OFF, "emotion": OFF, "description": OFF, **more.pop("face", {})}
    return {
        "preset": "human",
        **dict.fromkeys(("body", "hand", "gesture"), OFF),
        "face": face,
        "raise_errors": True,
        "device": "cpu",
        **more,
    }


@pytest.fixture(scope="module")
def portrait():
    return read_picture("human_face")


@pytest.fixture
def runs(monkeypatch):
    return CountedRuns(monkeypatch)


@pytest.fixture
def clock():
    return StandingClock(1000.0)


async def run_of(human, session, frame, runs, overrides=None):
    with await human.detect(frame, overrides, session=session):
        return runs.take()


@pytest.mark.usefixtures("loaded_models")
class TestFaces:
    @pytest.fixture
    async def human(self):
        async with Human(config()) as human:
            yield human
        assert human.engine.memory().baseline == NOTHING

    @pytest.fixture
    def session(self, human, clock):
        with human.session(clock=clock) as session:
            yield session

    async def test_the_mesh_follows_a_face_and_the_detector_is_skipped(self, human, session, portrait, runs):
        seen = [await run_of(human, session, portrait, runs) for _ in range(6)]
        assert seen == [DETECTOR, MESH, MESH, MESH, DETECTOR, MESH]

    async def test_without_a_session_every_model_runs(self, human, portrait, runs):
        assert [await run_of(human, None, portrait, runs) for _ in range(2)] == [DETECTOR] * 2
        assert human.engine.memory().baseline == NOTHING

    async def test_a_session_has_one_tensor_the_picture(self, human, session, portrait):
        for _ in range(3):
            (await human.detect(portrait, session=session)).dispose()
            assert human.engine.memory().num_tensors == 1
            assert human.engine.memory().num_bytes == portrait.nbytes
        session.close()
        assert human.engine.memory().baseline == NOTHING

    async def test_the_callers_array_may_change_after_the_call(self, human, session, portrait, runs):
        frame = portrait.copy()
        await run_of(human, session, frame, runs)
        frame[:] = 0
        assert await run_of(human, session, frame, runs) == {"face.detector": 1}

    async def test_the_time_limit_is_that_of_the_sessions_clock(self, human, session, clock, portrait, runs):
        seen = []
        for seconds in (0, 9.9, 10.1, 10.2):
            clock.seconds = 1000 + seconds
            seen.append(await run_of(human, session, portrait, runs))
        assert seen == [DETECTOR, MESH, DETECTOR, MESH]

    async def test_another_scene_another_size_and_other_settings_begin_anew(self, human, session, portrait, runs):
        await run_of(human, session, portrait, runs)
        assert await run_of(human, session, np.zeros_like(portrait), runs) == {"face.detector": 1}
        assert await run_of(human, session, portrait, runs) == DETECTOR
        assert await run_of(human, session, portrait[:-8], runs) == DETECTOR
        assert await run_of(human, session, portrait[:-8], runs) == MESH
        other = {"face": {"detector": {"max_detected": 2}}}
        assert await run_of(human, session, portrait[:-8], runs, other) == DETECTOR

    @pytest.mark.parametrize(
        ("overrides", "expected"),
        [
            ({"cache_sensitivity": 0.0}, DETECTOR),
            ({"cache_sensitivity": 0.0, "skip_allowed": True}, MESH),
            ({"face": {"detector": {"skip_time": 0}}}, DETECTOR),
            ({"face": {"detector": {"skip_frames": 0}}}, DETECTOR),
        ],
    )
    async def test_the_keys_act(self, human, session, portrait, runs, overrides, expected):
        await run_of(human, session, portrait, runs, overrides)
        assert human.engine.memory().num_tensors == 0  # no frames are compared
        assert await run_of(human, session, portrait, runs, overrides) == expected

    async def test_frames_are_compared_as_human_does(self, human, session, portrait, runs):
        other = portrait.copy()
        other[0, 0, 0] = 255 - other[0, 0, 0]
        step = float(other[0, 0, 0]) - float(portrait[0, 0, 0])
        difference = step**2 / portrait.shape[0] / portrait.shape[1] / 255 / 3
        await run_of(human, session, portrait, runs)
        assert await run_of(human, session, other, runs, {"cache_sensitivity": difference * 1.0001}) == MESH
        assert await run_of(human, session, portrait, runs, {"cache_sensitivity": difference * 0.9999}) == DETECTOR

    async def test_sessions_do_not_share_anything(self, human, session, portrait, runs):
        await run_of(human, session, portrait, runs)
        with human.session() as other:
            assert await run_of(human, other, portrait, runs) == DETECTOR
        assert await run_of(human, session, portrait, runs) == MESH

    async def test_a_call_that_fails_leaves_the_session_as_before(self, human, session, portrait, runs, monkeypatch):
        await run_of(human, session, portrait, runs)
        with monkeypatch.context() as patch:
            patch.setattr(FaceMesh, "decode", lambda *_: {}["not there"])
            with pytest.raises(ModelFormatError):
                await human.detect(np.zeros_like(portrait) + 128, {"skip_allowed": True}, session=session)
        assert human.engine.memory().num_tensors == 1
        runs.take()
        seen = [await run_of(human, session, portrait, runs) for _ in range(4)]
        assert seen == [MESH, MESH, MESH, DETECTOR]

    async def test_a_call_that_is_cancelled_leaves_the_session_as_before(
        self, human, session, portrait, runs, monkeypatch
    ):
        await run_of(human, session, portrait, runs)
        with monkeypatch.context() as patch:
            hold = Hold(patch, FaceMesh, "decode")
            call = asyncio.ensure_future(human.detect(portrait, session=session))
            await happens(hold.reached)
            call.cancel()
            hold.release()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert human.engine.memory().num_tensors == 1
        runs.take()
        seen = [await run_of(human, session, portrait, runs) for _ in range(4)]
        assert seen == [MESH, MESH, MESH, DETECTOR]

    async def test_descriptions_are_reused_while_the_number_of_faces_is_the_same(self, human, session, runs):
        face = read_picture("human_face")[::2, ::2]
        one, two = np.zeros((128, 256, 3), np.uint8), np.zeros((128, 256, 3), np.uint8)
        one[:, :128] = two[:, :128] = two[:, 128:] = face
        overrides = config(
            face={"detector": {"max_detected": 2, "skip_frames": 0}, "description": {"enabled": True, **LONG}},
            skip_allowed=True,
        )
        seen = [await run_of(human, session, frame, runs, overrides) for frame in (two, two, one, one, two)]
        assert [each.get("face.description", 0) for each in seen] == [1, 0, 1, 0, 1]


@pytest.mark.usefixtures("loaded_models")
@pytest.mark.parametrize(
    ("section", "settings", "expected"),
    [
        ("body", {"skip_frames": 1}, [1, 1, 1, 1]),  # Human's default: movenet counts the frame itself
        ("body", {"skip_frames": 2}, [1, 0, 1, 0]),
        ("object", {"skip_frames": 1}, [1, 0, 1, 0]),
        ("hand.detector", {"skip_frames": 3}, [1, 0, 0, 0]),
    ],
)
async def test_bodies_objects_and_hands_are_reused(runs, section, settings, expected):
    name = section.split(".")[0]
    overrides = {**config(), "face": OFF, "skip_allowed": True, name: {"enabled": True, "skip_time": 9999, **settings}}
    frame = read_picture("human_body")[::4, ::4]
    async with Human(overrides) as human:
        with human.session() as session:
            results, seen = [], []
            for _ in expected:
                results.append(await human.detect(frame, session=session))
                seen.append(runs.take().get(section, 0))
    assert seen == expected
    assert all(getattr(result, name) for result in results)


def test_which_bodies_are_reused_depends_on_the_family_as_in_human():
    rules = {family: family.reuse for family in (SINGLE, SEVERAL, EFFICIENTPOSE, BLAZEPOSE, POSENET)}
    movenet = Reuse(ahead=1, empty=True)
    assert [*rules.values()] == [movenet, movenet, Reuse(), Reuse(empty=True), None]


def test_the_difference_of_pictures_is_the_mean_of_squares():
    rng = np.random.default_rng(3)
    one, other = (rng.integers(0, 256, (37, 41, 3), np.uint8) for _ in range(2))
    expected = ((one.astype(np.float64) - other) ** 2).mean()
    assert mean_squared_difference(one, other) == pytest.approx(expected)
