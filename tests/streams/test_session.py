"""The state of a video lives in the caller's session and nowhere else."""

import asyncio
import copy
import gc
import pickle
import threading
from contextlib import nullcontext

import numpy as np
import pytest
from holding import Hold, happens

from humanrt import Engine, Human
from humanrt import human as human_module
from humanrt.errors import EngineClosedError, InputError, SessionError
from humanrt.runtime import scheduler
from humanrt.runtime.graph_model import GraphModel
from humanrt.streams.session import Session, session_frame
from humanrt.vision import detection, modules
from humanrt.vision.segmentation.matting import Matting
from humanrt.zoo import find_card
from parity.pictures import read_picture

NOTHING = (0, 0, 0, 0)
OFF = {"enabled": False}
RVM = {
    **dict.fromkeys(("face", "body", "hand", "gesture"), OFF),
    "segmentation": {"enabled": True, "mode": "alpha"},
    "raise_errors": True,
}
STATES = 4
# The parts of a call that run on a worker thread, and the function of each.
PHASES = {
    "read": (human_module, "read_into"),
    "prepare": (Matting, "prepare"),
    "run": (GraphModel, "_run"),
    "decode": (Matting, "decode"),
    "join": (detection, "join_persons"),
}


class TestSession:
    """Without a model."""

    @pytest.fixture
    def engine(self, humanrt_engine):
        return humanrt_engine

    @pytest.fixture
    def session(self, engine):
        with Session(engine.registry) as session:
            yield session

    def remember(self, engine, session, value, error=None):
        with session_frame(session, engine.registry) as frame, engine.scope():
            frame.remember("states", "frames", [engine.scalar(value)])
            if error is not None:
                raise error

    def remember_and_fail(self, engine, session):
        self.remember(engine, session, 1.0)
        raise KeyError

    def recalled(self, engine, session, kind="frames"):
        with session_frame(session, engine.registry) as frame:
            return [state.array() for state in frame.recall("states", kind)]

    def test_a_frame_recalls_the_states_of_the_frame_before(self, engine, session):
        assert self.recalled(engine, session) == []
        for value in (1.0, 2.0):
            self.remember(engine, session, value)
            assert self.recalled(engine, session) == [value]
            assert self.recalled(engine, session, "other frames") == []
            assert engine.memory().num_tensors == 1
        session.close()
        assert engine.memory().baseline == NOTHING

    def test_a_frame_that_stores_nothing_keeps_the_states(self, engine, session):
        self.remember(engine, session, 1.0)
        self.recalled(engine, session)
        assert self.recalled(engine, session) == [1]

    @pytest.mark.parametrize("error", [KeyError, asyncio.CancelledError, KeyboardInterrupt])
    def test_a_frame_that_fails_keeps_the_states(self, engine, session, error):
        self.remember(engine, session, 1.0)
        with pytest.raises(error):
            self.remember(engine, session, 2.0, error=error)
        assert engine.memory().num_tensors == 1
        assert self.recalled(engine, session) == [1]

    def test_a_second_frame_at_the_same_time_is_refused(self, engine, session):
        with session_frame(session, engine.registry):
            with pytest.raises(SessionError, match="await that call first, or use a session for each video"):
                self.recalled(engine, session)
            with pytest.raises(SessionError):
                self.recalled(engine, session)
        self.recalled(engine, session)

    def test_a_closed_session_is_refused(self, engine, session):
        assert not session.is_closed
        session.close()
        session.close()
        assert session.is_closed
        with pytest.raises(SessionError, match=r"was closed; create a new one with human\.session\(\)"):
            self.recalled(engine, session)

    async def test_a_closed_session_is_not_entered_again(self, session):
        session.close()
        with pytest.raises(SessionError, match="was closed"), session:
            pass
        with pytest.raises(SessionError, match="was closed"):
            async with session:
                pass

    @pytest.mark.parametrize("value", [5, None, "session"])
    def test_what_is_no_session_is_refused(self, engine, value):
        with pytest.raises(SessionError, match=r"session is .* accepted is one that"):
            session_frame(value, engine.registry)

    def test_a_clock_is_a_function(self, engine):
        with pytest.raises(SessionError, match="clock is 5; accepted is a function"):
            Session(engine.registry, 5)

    @pytest.mark.parametrize("value", [None, "1", np.nan, np.inf, 10**400])
    def test_a_clock_returns_finite_numbers(self, engine, value):
        with Session(engine.registry, lambda: value) as session:
            for _ in range(2):  # the session is not in use after the error
                with pytest.raises(SessionError, match="the clock of this session returned"):
                    self.recalled(engine, session)

    @pytest.mark.parametrize("timestamp", [np.nan, np.inf, "x", 10**400])
    def test_a_timestamp_is_a_finite_number(self, session, timestamp):
        with pytest.raises(InputError, match="accepted are finite milliseconds"):
            session.next(timestamp)

    def test_a_session_of_another_engine_is_refused(self, session):
        with Engine("cpu") as other, pytest.raises(SessionError, match="another Human's"):
            self.recalled(other, session)

    def test_close_during_a_frame_frees_the_states_at_its_end(self, engine, session):
        self.remember(engine, session, 1.0)
        with session_frame(session, engine.registry) as frame:
            session.close()
            (state,) = frame.recall("states", "frames")
            session.close()
            assert (session.is_closed, state.array()) == (True, 1)
            frame.remember("states", "frames", [engine.scalar(2.0)])
        assert engine.memory().baseline == NOTHING

    @pytest.mark.parametrize("error", [None, KeyError])
    def test_close_during_a_frame_that_stores_nothing_frees_the_states(self, engine, session, error):
        self.remember(engine, session, 1.0)
        with nullcontext() if error is None else pytest.raises(error), session_frame(session, engine.registry):
            session.close()
            if error is not None:
                raise error
        assert engine.memory().baseline == NOTHING

    def test_states_disposed_by_the_caller_are_not_recalled(self, engine, session):
        self.remember(engine, session, 1.0)
        engine.dispose(session)
        assert self.recalled(engine, session) == []

    def test_leaving_with_frees_the_states_also_on_an_error(self, engine):
        with pytest.raises(KeyError), Session(engine.registry) as session:
            self.remember_and_fail(engine, session)
        assert engine.memory().baseline == NOTHING

    async def test_leaving_async_with_frees_the_states(self, engine):
        async with Session(engine.registry) as session:
            self.remember(engine, session, 1.0)
        assert engine.memory().baseline == NOTHING

    def test_closing_the_engine_closes_the_session(self):
        with Engine("cpu") as engine:
            session = Session(engine.registry)
            self.remember(engine, session, 1.0)
        assert session.is_closed
        assert engine.memory().baseline == NOTHING
        session.close()

    @pytest.mark.parametrize("duplicate", [pickle.dumps, copy.deepcopy], ids=["pickle", "copy"])
    def test_a_session_cannot_be_pickled_or_copied(self, session, duplicate):
        with pytest.raises(SessionError, match=r"human\.session\(\) in the process that detects"):
            duplicate([session])

    @pytest.mark.tensor_leaks(allow=1)
    def test_a_session_collected_unclosed_counts_as_leaked(self, engine):
        session = Session(engine.registry)
        self.remember(engine, session, 1.0)
        del session
        gc.collect()
        with pytest.warns(ResourceWarning, match="vanished without being disposed"):
            assert engine.memory().baseline == (0, 0, 0, 1)


def video(name, step):
    """Return four frames of 64 x 64 of a picture that is reduced by ``step`` and moves."""
    picture = read_picture(name)[::step, ::step]
    return [np.ascontiguousarray(picture[i : i + 64, 3 * i : 3 * i + 64]) for i in range(4)]


FRAMES = video("human_face", 3)
OTHERS = video("astronaut", 6)


@pytest.fixture
async def human():
    async with Human(RVM) as human:
        await human.load()
        yield human


async def alpha(human, frame, session=None, config=None):
    with await human.detect(frame, config, session=session) as result:
        return result.segmentation.alpha.data_sync()


async def alphas(human, frames, session=None):
    return [await alpha(human, frame, session) for frame in frames]


class TestDetect:
    """With rvm, which has four states."""

    async def test_each_frame_is_computed_from_the_states_of_the_frame_before(self, human):
        """Compared with the model alone, its states passed from run to run."""
        with human.session() as session:
            found = await alphas(human, FRAMES, session)
        async with Engine("cpu") as engine, engine.scope():
            model = await engine.load_graph_model(find_card("rvm"))
            states = [engine.scalar(0.0)] * STATES
            for frame, ours in zip(FRAMES, found, strict=True):
                inputs = {f"r{i + 1}i": state for i, state in enumerate(states)}
                picture = engine.tensor(frame[None] / np.float32(255))
                inputs |= {"src": picture, "downsample_ratio": engine.scalar(0.5)}
                theirs, *states = await model.execute_async(inputs, ["pha", "r1o", "r2o", "r3o", "r4o"])
                np.testing.assert_allclose(ours, theirs.data_sync()[0, ..., 0], atol=1e-3)

    async def test_without_a_session_each_picture_starts_from_nothing(self, human):
        first = await alphas(human, FRAMES)
        again = await alphas(human, reversed(FRAMES))
        np.testing.assert_array_equal(first, again[::-1])
        with human.session() as session:
            together = await alphas(human, FRAMES, session)
        np.testing.assert_array_equal(together[0], first[0])
        assert all(np.abs(one - other).max() > 0.01 for one, other in zip(together[1:], first[1:], strict=True))

    async def test_two_sessions_used_concurrently_are_independent(self, human):
        with human.session() as one, human.session() as two:
            alone = [await alphas(human, FRAMES, one), await alphas(human, OTHERS, two)]
        with human.session() as one, human.session() as two:
            together = await asyncio.gather(alphas(human, FRAMES, one), alphas(human, OTHERS, two))
            assert human.engine.memory().num_tensors == 2 * STATES
        np.testing.assert_array_equal(together, alone)

    async def test_the_number_of_tensors_is_constant_over_twenty_frames(self, human):
        async with human.session() as session:
            for frame in FRAMES * 5:
                await alpha(human, frame, session)
                assert human.engine.memory().num_tensors == STATES
        assert human.engine.memory().baseline == NOTHING

    async def test_a_scope_around_the_call_does_not_free_the_states(self, human):
        with human.session() as session:
            together = await alphas(human, FRAMES[:2], session)
        with human.session() as session:
            async with human.engine.scope():
                await alpha(human, FRAMES[0], session)
            assert human.engine.memory().num_tensors == STATES
            np.testing.assert_array_equal(await alpha(human, FRAMES[1], session), together[1])

    async def test_of_two_concurrent_calls_with_one_session_the_second_is_refused(self, human):
        with human.session() as session:
            calls = [alpha(human, frame, session) for frame in FRAMES[:2]]
            first, second = await asyncio.gather(*calls, return_exceptions=True)
            assert isinstance(second, SessionError)
            np.testing.assert_array_equal(first, await alpha(human, FRAMES[0]))

    @pytest.mark.parametrize(
        ("frame", "config"),
        [
            (FRAMES[1][:48], None),
            (FRAMES[1], {"segmentation": {"ratio": 0.4}}),
        ],
        ids=["another size", "another ratio"],
    )
    async def test_a_frame_of_another_size_or_ratio_starts_from_nothing(self, human, frame, config):
        alone = await alpha(human, frame, config=config)
        with human.session() as session:
            await alpha(human, FRAMES[0], session)
            np.testing.assert_array_equal(await alpha(human, frame, session, config), alone)
            assert human.engine.memory().num_tensors == STATES

    async def test_models_without_states_keep_the_states(self, human):
        with human.session() as session:
            together = await alphas(human, FRAMES[:2], session)
        with human.session() as session:
            await alpha(human, FRAMES[0], session)
            await alpha(human, OTHERS[0], session, {"segmentation": {"model_path": "selfie.json"}})
            (await human.detect(OTHERS[0], {"segmentation": OFF}, session=session)).dispose()
            np.testing.assert_array_equal(await alpha(human, FRAMES[1], session), together[1])

    async def test_after_a_reset_of_the_engine_the_next_frame_starts_from_nothing(self, human):
        with human.session() as session:
            await alpha(human, FRAMES[0], session)
            human.engine.reset()
            np.testing.assert_array_equal(await alpha(human, FRAMES[1], session), await alpha(human, FRAMES[1]))

    @pytest.mark.parametrize("phase", PHASES)
    async def test_close_during_a_call_lets_it_end(self, human, monkeypatch, phase):
        """Closed by another task while a worker thread computes a part of the call."""
        with human.session() as session:
            expected = (await alphas(human, FRAMES[:2], session))[1]
        session = human.session()
        await alpha(human, FRAMES[0], session)
        hold = Hold(monkeypatch, *PHASES[phase])
        call = asyncio.create_task(alpha(human, FRAMES[1], session))
        await happens(hold.reached)
        session.close()
        hold.release()
        np.testing.assert_array_equal(await call, expected)
        assert human.engine.memory().baseline == NOTHING

    async def test_closing_human_closes_the_session(self):
        async with Human(RVM) as human:
            session = human.session()
            await alpha(human, FRAMES[0], session)
        assert session.is_closed
        assert human.engine.memory().baseline == NOTHING
        with pytest.raises(EngineClosedError):
            await alpha(human, FRAMES[0], session)
        with pytest.raises(EngineClosedError):
            human.session()

    async def test_a_closed_session_and_one_of_another_human_are_refused_before_the_source_is_read(self, human):
        async with Human(RVM) as other:
            with other.session() as session, pytest.raises(SessionError, match="another Human's"):
                await human.detect("no such picture", session=session)
            with pytest.raises(SessionError, match="was closed"):
                await other.detect("no such picture", session=session)


class TestFailures:
    """A call that fails keeps the states: the next frame has the result that it has without that call."""

    @pytest.fixture
    async def session(self, human):
        with human.session() as session:
            await alpha(human, FRAMES[0], session)
            yield session
        assert human.engine.memory().baseline == NOTHING

    @pytest.fixture
    async def expected(self, human):
        with human.session() as session:
            return (await alphas(human, FRAMES[:2], session))[1]

    @pytest.fixture(autouse=True)
    async def the_next_frame_is_unaffected(self, human, session, expected):
        yield
        assert human.engine.memory().num_tensors == STATES
        np.testing.assert_array_equal(await alpha(human, FRAMES[1], session), expected)

    async def test_an_invalid_image(self, human, session):
        with pytest.raises(InputError, match="unknown picture format"):
            await human.detect(b"no picture", session=session)

    @pytest.mark.parametrize("raised", [True, False])
    async def test_a_failure_of_the_module(self, human, session, monkeypatch, raised):
        def fail(*_, **__):
            raise MemoryError("no memory")

        with monkeypatch.context() as patch:
            patch.setattr(Matting, "decode", fail)
            if raised:
                with pytest.raises(MemoryError):
                    await human.detect(OTHERS[0], session=session)
            else:
                result = await human.detect(OTHERS[0], {"raise_errors": False}, session=session)
                assert (result.segmentation, str(result.errors["segmentation"])) == (None, "no memory")

    async def test_a_failure_after_the_module(self, human, session, monkeypatch):
        def fail(*_, **__):
            raise MemoryError("no memory")

        with monkeypatch.context() as patch:
            patch.setattr("humanrt.human.Result", fail)
            with pytest.raises(MemoryError):
                await human.detect(OTHERS[0], session=session)

    @pytest.mark.parametrize("phase", PHASES)
    async def test_cancellation_during_a_phase(self, human, session, monkeypatch, phase):
        """Cancelled while a worker thread computes a part of the call."""
        with monkeypatch.context() as patch:
            hold = Hold(patch, *PHASES[phase])
            task = asyncio.create_task(human.detect(OTHERS[0], session=session))
            await happens(hold.reached)
            task.cancel()
            hold.release()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def test_cancellation_while_queued(self, human, session):
        """Cancelled before a worker thread takes the call."""
        free = threading.Event()
        threads = [asyncio.create_task(scheduler.run(free.wait)) for _ in range(scheduler.statistics().threads)]
        task = asyncio.create_task(human.detect(OTHERS[0], session=session))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        free.set()
        await asyncio.gather(*threads)

    async def test_cancellation_after_the_states_are_stored(self, human, session, monkeypatch):
        """Cancelled while another module still runs and the segmentation has stored its states."""
        remembered = asyncio.Event()

        async def detect_segments(call, families):
            found = await segments(call, families)
            remembered.set()
            return found

        async def detect_objects(call, families):
            await asyncio.Event().wait()

        segments = modules.detect_segments
        config = {"object": {"enabled": True}}
        with monkeypatch.context() as patch:
            patch.setattr(modules, "detect_segments", detect_segments)
            patch.setattr(modules, "detect_objects", detect_objects)
            task = asyncio.create_task(human.detect(OTHERS[0], config, session=session))
            await remembered.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
