"""Human without asyncio: results, threads, scopes, Ctrl-C and the end."""

import asyncio
import gc
import inspect
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from switches import FACES_ALONE, OFF

from humanrt import Human, errors
from humanrt.human_sync import HumanSync
from humanrt.loop_thread import _Call
from humanrt.runtime import scheduler, sessions
from humanrt.vision.face.blazeface import BlazeFace
from parity.pictures import PICTURES, read_picture

pytestmark = pytest.mark.usefixtures("loaded_models")

NOTHING = (0, 0, 0, 0)
WITH_CROPS = {
    **FACES_ALONE,
    "face": {"detector": {"return": True}, **dict.fromkeys(("mesh", "iris", "emotion", "description"), OFF)},
}
SOURCES = re.compile("humanrt-(frames|capture|sources)")  # the threads that read them
PORTRAIT = PICTURES / "human_face.png"


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "humanrt-sync"]


@pytest.fixture(params=["auto", "manual"])
def human(request):
    with HumanSync({**WITH_CROPS, "deallocate": request.param}) as human:
        yield human
        assert human.engine.memory().baseline == NOTHING
    assert threads() == []


@pytest.fixture
def held(monkeypatch):
    """Hold each call of the detector's decoder between two events."""
    entered, leave, plain = threading.Event(), threading.Event(), BlazeFace.decode

    def wait(*arguments):
        entered.set()
        assert leave.wait(30)
        return plain(*arguments)

    monkeypatch.setattr(BlazeFace, "decode", wait)
    yield entered, leave
    leave.set()


async def test_results_are_those_of_human():
    """Where an event loop runs, too: a notebook has one."""

    def facts(result):
        return {key: value for key, value in result.to_human().items() if key not in {"performance", "timestamp"}}

    with HumanSync({"preset": "human"}) as blocking:
        async with Human({"preset": "human"}) as human:
            with blocking.detect(PORTRAIT) as one, await human.detect(PORTRAIT) as other:
                assert facts(one) == facts(other)
                assert len(one.face) == 1


def test_the_other_methods_block_as_well(human):
    human.load()
    assert human.models.loaded() == ("blazeface",)
    with human.warmup({"warmup": "face"}) as result:
        assert result.width == 256
    assert human.compare(PORTRAIT, PORTRAIT) == 0
    profile = human.profile(PORTRAIT)
    assert [model.model for model in profile.models] == ["blazeface"]
    human.engine.dispose(human.segmentation(PORTRAIT, {"segmentation": {"model_path": "selfie.json"}}))
    profile.result.dispose()
    assert human.validate({"debug": True}).keys() == {"debug"}
    with human.session() as session, human.detect(PORTRAIT, session=session):
        pass
    human.reset()
    assert human.models.loaded() == ()
    assert human.version == human.env.version == human.human.version
    assert human.config is human.human.config
    assert human.events is human.human.events
    assert human.match is Human.match


def test_methods_have_the_signatures_of_humans(human):
    for name in (
        "detect",
        "load",
        "warmup",
        "reset",
        "profile",
        "segmentation",
        "compare",
        "extract",
        "session",
        "validate",
        "stream",
        "detect_many",
    ):
        assert inspect.signature(getattr(human, name)) == inspect.signature(getattr(human.human, name))
        assert not inspect.iscoroutinefunction(getattr(human, name))
        assert getattr(HumanSync, name).__doc__ == getattr(Human, name).__doc__


def test_every_asynchronous_method_of_human_has_its_blocking_form():
    asynchronous = {name for name, value in inspect.getmembers(Human) if inspect.iscoroutinefunction(value)}
    assert {name for name in asynchronous if not name.startswith("_")} - {"aclose"} <= set(vars(HumanSync))


KINDS = {
    "stream": lambda human, source: human.stream(source),
    "detect_many": lambda human, source: human.detect_many(source, ordered=True),
}


@pytest.fixture(params=KINDS)
def iterate(request):
    return KINDS[request.param]


def pictures(count):
    picture = read_picture("human_face")
    return (picture for _ in range(count))


def assert_only_the_loop_is_left(human):
    """Without a thread or a task of a source, and without a tensor."""

    async def tasks():
        return len(asyncio.all_tasks())

    assert human.engine.memory().baseline == NOTHING
    assert human._thread.call(tasks()) == 2  # that of the loop, and this one
    assert [thread.name for thread in threading.enumerate() if SOURCES.search(thread.name)] == []


def test_iterating_over_pictures(human, iterate):
    with iterate(human, pictures(3)) as iteration:
        for _, result in iteration:
            with result:
                assert len(result.face) == 1
        assert_only_the_loop_is_left(human)
        assert list(iteration) == []


def test_iterating_without_a_block(human, iterate):
    faces = []
    for _, result in iterate(human, pictures(2)):
        with result:
            faces.append(len(result.face))
    assert faces == [1, 1]
    assert_only_the_loop_is_left(human)


def test_a_stream_has_its_statistics(human):
    with human.stream(pictures(2)) as stream:
        for _, result in stream:
            result.dispose()
        assert stream.source.statistics().detected == 2


def test_leaving_the_block_releases_everything(human, iterate):
    with iterate(human, pictures(9)) as iteration:
        for _, result in iteration:
            result.dispose()
            break
    assert_only_the_loop_is_left(human)
    iteration.close()


def test_an_error_in_the_block_releases_everything(human, iterate):
    with pytest.raises(ZeroDivisionError), iterate(human, pictures(9)) as iteration, next(iteration)[1]:
        raise ZeroDivisionError
    assert_only_the_loop_is_left(human)


def test_an_iteration_that_is_not_held_is_released(human, iterate):
    for _, result in iterate(human, pictures(9)):
        result.dispose()
        break
    gc.collect()

    async def release():
        await asyncio.gather(*human._thread._releases)

    human._thread.call(release())
    assert_only_the_loop_is_left(human)


def test_closing_the_human_releases_its_iterations(iterate):
    with HumanSync(WITH_CROPS) as human:
        iteration = iterate(human, pictures(9))
        next(iteration)[1].dispose()
    assert human.engine.memory().baseline == NOTHING
    assert [thread.name for thread in threading.enumerate() if SOURCES.search(thread.name)] == []
    iteration.close()
    with pytest.raises(errors.EngineClosedError):
        next(iterate(human, pictures(9)))


def test_an_error_of_the_source_is_raised_and_releases_everything(human, iterate):
    def failing():
        yield read_picture("human_face")
        raise ZeroDivisionError

    def consume():
        for _, result in iterate(human, failing()):
            result.dispose()

    with pytest.raises(ZeroDivisionError):
        consume()
    assert_only_the_loop_is_left(human)


def test_an_iteration_cannot_be_pickled(human, iterate):
    with pytest.raises(errors.EngineError, match="cannot be pickled"):
        pickle.dumps(iterate(human, pictures(1)))


def test_calls_from_many_threads(human):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(human.detect, [PORTRAIT] * 8))
    assert [len(result.face) for result in results] == [1] * 8
    assert human.engine.memory().num_tensors == 8
    human.engine.dispose(results)


def test_a_scope_of_the_caller_owns_the_results(human):
    with human.engine.scope() as scope:
        result = human.detect(PORTRAIT)
        kept = scope.returns(human.detect(PORTRAIT).face[0].tensor)
        assert human.engine.memory().num_tensors == 2
    assert result.face[0].tensor.is_disposed
    assert human.engine.memory().num_tensors == 1
    kept.dispose()


def test_an_error_is_raised_with_its_type_and_is_in_no_cycle(human):
    def fail():
        picture = np.full((8, 8, 3), 300)
        try:
            human.detect(picture)
        except errors.InputError as error:
            return str(error), weakref.ref(picture)

    gc.disable()
    try:
        message, picture = fail()
        assert "within 0..255" in message
        assert picture() is None
    finally:
        gc.enable()
    with pytest.raises(errors.ConfigError):
        human.detect(PORTRAIT, {"face": 3})


def interrupt():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt, also where this process ignores it, as a background job does."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def cancelled(monkeypatch):
    """An event that is set when a call was cancelled: the first Ctrl-C was handled then."""
    done, plain = threading.Event(), _Call.cancel

    def cancel(call):
        plain(call)
        done.set()

    monkeypatch.setattr(_Call, "cancel", cancel)
    return done


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals for threads")
@pytest.mark.usefixtures("interruptible")
class TestInterrupts:
    def test_ctrl_c_ends_the_call_and_frees_what_it_allocated(self, human, held, cancelled):
        entered, leave = held

        def press():
            assert entered.wait(30)
            interrupt()
            assert cancelled.wait(30)
            leave.set()

        thread = threading.Thread(target=press)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            human.detect(PORTRAIT)
        thread.join()
        assert human.engine.memory().baseline == NOTHING
        assert scheduler.statistics().running == scheduler.statistics().queued == 0
        with human.detect(PORTRAIT) as result:
            assert len(result.face) == 1

    def test_a_result_that_comes_with_the_interrupt_is_freed(self, human, monkeypatch):
        """The call ends while the interrupt is being raised: nobody gets its result."""

        class Interrupted(_Call):
            def _hand_over(self, task):
                super()._hand_over(task)
                interrupted.set()

            def raised(self, error):
                assert interrupted.wait(30)
                return super().raised(error)

        class Raising:
            def __init__(self, future):
                self.future = future

            def result(self):
                self.future.result()
                raise KeyboardInterrupt

            def __getattr__(self, name):
                return getattr(self.future, name)

        def create(coroutine, engine):
            call = Interrupted(coroutine, engine)
            call.future = Raising(call.future)
            return call

        interrupted = threading.Event()
        with monkeypatch.context() as patch:
            patch.setattr("humanrt.loop_thread._Call", create)
            with pytest.raises(KeyboardInterrupt):
                human.detect(PORTRAIT)
        assert human.engine.memory().baseline == NOTHING

    def test_a_second_ctrl_c_ends_the_wait_and_the_call_ends_by_itself(self, human, held, cancelled):
        entered, leave = held

        def press():
            assert entered.wait(30)
            interrupt()
            assert cancelled.wait(30)
            interrupt()

        thread = threading.Thread(target=press)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            human.detect(PORTRAIT)
        thread.join()
        leave.set()
        human.close()
        assert human.engine.memory().baseline == NOTHING


@pytest.mark.usefixtures("own_sessions")
def test_closing_frees_everything_and_is_idempotent():
    human = HumanSync(WITH_CROPS)
    result = human.detect(PORTRAIT)
    assert sessions.statistics().live == 1
    human.close()
    human.close()
    assert result.face[0].tensor.is_disposed
    assert human.engine.memory().baseline == NOTHING
    assert sessions.statistics().live == 0
    assert threads() == []
    for call in (lambda: human.detect(PORTRAIT), human.load, human.session):
        with pytest.raises(errors.EngineClosedError):
            call()


def compare_until_closed(human):
    pixel = np.zeros((1, 1, 3), np.uint8)
    while True:
        human.compare(pixel, pixel)


def test_closing_waits_for_the_calls_in_flight(held):
    entered, leave = held
    human = HumanSync(WITH_CROPS)
    with ThreadPoolExecutor(2) as pool:
        call = pool.submit(human.detect, PORTRAIT)
        assert entered.wait(30)
        closing = pool.submit(human.close)
        with pytest.raises(errors.EngineClosedError):
            compare_until_closed(human)
        assert not closing.done()
        leave.set()
        assert len(call.result(30).face) == 1
        closing.result(30)
    assert threads() == []


def test_one_that_is_forgotten_ends_by_itself():
    human = HumanSync(WITH_CROPS)
    human.detect(PORTRAIT).dispose()
    (thread,), engine = threads(), human.engine
    del human
    gc.collect()
    thread.join(30)
    assert not thread.is_alive()
    with pytest.raises(errors.EngineClosedError):
        engine.scalar(1)


def test_an_invalid_configuration_starts_no_thread():
    with pytest.raises(errors.ConfigError):
        HumanSync({"face": 3})
    assert threads() == []


def test_it_cannot_be_pickled(human):
    with pytest.raises(errors.EngineError, match="create one in each process"):
        pickle.dumps(human)


@pytest.mark.slow
@pytest.mark.parametrize(
    "end", ["", "human.close()", "raise SystemExit(0)", "del human", "threading.Thread(target=human.load).start()"]
)
def test_a_process_ends_without_close(end):
    code = f"""
import threading
from humanrt.human_sync import HumanSync
human = HumanSync({WITH_CROPS!r})
result = human.detect({str(PORTRAIT)!r})
print(len(result.face))
{end}
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_is_refused_and_ends():
    code = f"""
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forks in processes with threads
from humanrt.errors import ForkedEngineError
from humanrt.human_sync import HumanSync
human = HumanSync({WITH_CROPS!r})
human.load()
child = os.fork()
if child == 0:
    try:
        human.detect({str(PORTRAIT)!r})
    except ForkedEngineError as error:
        print("refused", flush=True)
    human.close()
else:
    print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(len(human.detect({str(PORTRAIT)!r}).face))
    human.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "refused\nchild 0\n1\n", "")
