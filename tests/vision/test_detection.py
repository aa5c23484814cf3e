"""How the modules of one call run together, and what happens if one fails; the modules here are stand-ins."""

import asyncio
from collections import defaultdict

import numpy as np
import pytest
from switches import EVERYTHING, FACES_ALONE, HUMANS, OFF, ON

from humanrt.config import load_config
from humanrt.errors import ConfigError, ModelError
from humanrt.vision import detection, modules
from humanrt.vision.call import Call, Clock
from humanrt.vision.detection import Detection
from humanrt.vision.families import FAMILIES
from humanrt.vision.modules import needed_models

FUNCTIONS = {
    "face": "detect_faces",
    "body": "detect_bodies",
    "hand": "detect_hands",
    "object": "detect_objects",
    "segmentation": "detect_segments",
}


class Pipelines:
    """Stand-ins for the pipelines of the modules: which have begun, with what limits, and which have ended."""

    def __init__(self):
        self.faces = ("a face",)
        self.failing = {}
        self.waits_for = {}
        self.begun, self.ended, self.limits = [], [], {}
        self.bodies = ()
        self.has_begun, self.has_ended = defaultdict(asyncio.Event), defaultdict(asyncio.Event)

    def stand_in(self, module):
        async def detect(call, families, limit=None, *bodies):
            assert families is getattr(FAMILIES, module)
            self.bodies = bodies or self.bodies
            self.begun.append(module)
            self.limits[module] = limit
            self.has_begun[module].set()
            try:
                if module in self.waits_for:
                    await self.waits_for[module].wait()
                await asyncio.sleep(0)
                if module in self.failing:
                    raise self.failing[module]
                return self.faces if module == "face" else (f"a {module}",)
            finally:
                self.ended.append(module)
                self.has_ended[module].set()

        return detect


@pytest.fixture
def pipelines(monkeypatch):
    pipelines = Pipelines()
    for module, function in FUNCTIONS.items():
        monkeypatch.setattr(modules, function, pipelines.stand_in(module))
    monkeypatch.setattr(type(FAMILIES.gestures), "find", lambda *_: ("a gesture",))
    monkeypatch.setattr(detection, "join_persons", lambda *_, join: ())
    return pipelines


@pytest.fixture
def run(humanrt_engine):
    async def run(config):
        with humanrt_engine.from_numpy(np.zeros((2, 3, 3), np.uint8)) as picture:
            clock, settings = Clock(), load_config({**HUMANS, **config})
            call = Call(humanrt_engine, dict.fromkeys(needed_models(settings)), picture, settings)
            found = await Detection(call, FAMILIES, clock).run()
            return found, clock.finish()

    return run


async def test_all_modules_fill_their_field_and_are_timed(pipelines, run):
    found, times = await run(EVERYTHING)
    assert [getattr(found, module) for module in FUNCTIONS] == [(f"a {module}",) for module in FUNCTIONS]
    assert found.gesture == ("a gesture",)
    assert found.errors == {}
    assert set(times) == {*FUNCTIONS, "gesture", "total"}


async def test_disabled_modules_do_not_run(pipelines, run):
    found, times = await run(FACES_ALONE)
    assert pipelines.begun == ["face"]
    assert set(times) == {"face", "total"}
    assert found.gesture == ()


@pytest.mark.parametrize("fixed", ["body", "hand"])
async def test_the_limits_of_bodies_and_hands_follow_the_number_of_faces(pipelines, run, fixed):
    pipelines.faces = ("one", "two", "three")
    await run({})
    assert pipelines.ended[0] == "face"
    assert pipelines.limits == {"face": None, "body": 3, "hand": 6}
    await run({fixed: {"max_detected": 2}})
    assert pipelines.limits == {"face": None, "body": 3, "hand": 6} | {fixed: 2}


async def test_with_fixed_limits_no_module_waits_for_the_faces(pipelines, run):
    pipelines.waits_for["face"] = asyncio.Event()
    call = asyncio.create_task(run({**EVERYTHING, "body": {"max_detected": 1}, "hand": {"max_detected": 1}}))
    for module in ("body", "hand", "object", "segmentation"):
        await pipelines.has_ended[module].wait()
    pipelines.waits_for["face"].set()
    found, _ = await call
    assert found.face == ("a face",)


async def test_hands_wait_for_the_bodies_around_whose_wrists_they_are_searched(pipelines, run):
    hand = {"max_detected": 1, "around_wrists": True}
    pipelines.waits_for["body"] = pipelines.has_ended["face"]
    await run({"body": {"max_detected": 1}, "hand": hand})
    assert pipelines.ended[-2:] == ["body", "hand"]
    assert pipelines.bodies == (("a body",),)
    pipelines.failing["body"] = ModelError("broken")
    await run({"hand": hand})
    assert pipelines.bodies == ((),)
    await run({"body": OFF, "hand": hand})
    assert pipelines.bodies == ((),)


async def test_without_faces_the_limits_are_one_body_and_one_hand(pipelines, run):
    for face in (OFF, {"detector": OFF}):
        await run({"face": face})
        assert (pipelines.limits["body"], pipelines.limits["hand"]) == (1, 1)
    pipelines.failing["face"] = ModelError("broken")
    await run({})
    assert (pipelines.limits["body"], pipelines.limits["hand"]) == (1, 1)


@pytest.mark.parametrize("failing", FUNCTIONS)
async def test_the_error_of_a_module_is_in_errors_and_the_others_end(pipelines, run, failing):
    error = pipelines.failing[failing] = ModelError("broken")
    found, times = await run(EVERYTHING)
    assert found.errors == {failing: error}
    assert [module for module in FUNCTIONS if getattr(found, module)] == [each for each in FUNCTIONS if each != failing]
    assert set(times) == {*FUNCTIONS, "gesture", "total"}


async def test_a_wrong_configuration_is_raised(pipelines, run):
    pipelines.failing["body"] = ConfigError("not a body model")
    with pytest.raises(ConfigError, match="not a body model"):
        await run({})


@pytest.mark.parametrize("kind", detection.NO_MODULES_OWN)
async def test_an_error_that_is_not_the_modules_own_is_raised_and_ends_those_that_wait_for_it(pipelines, run, kind):
    error = pipelines.failing["face"] = kind("of all modules")
    pipelines.waits_for["object"] = asyncio.Event()
    with pytest.raises(kind) as raised:
        await run({"object": ON})
    assert raised.value is error
    assert sorted(pipelines.begun) == sorted(pipelines.ended) == ["face", "object"]


async def test_an_error_of_the_gestures_is_in_errors(pipelines, run, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(type(FAMILIES.gestures), "find", fail)
    found, _ = await run({})
    assert list(found.errors) == ["gesture"]
    assert found.body


async def test_raise_errors_raises_the_first_error_and_cancels_the_others(pipelines, run):
    pipelines.failing["object"] = ModelError("broken")
    pipelines.waits_for["segmentation"] = asyncio.Event()
    with pytest.raises(ModelError, match="broken"):
        await run({**EVERYTHING, "raise_errors": True})
    assert sorted(pipelines.begun) == sorted(pipelines.ended)
    assert "segmentation" in pipelines.ended


async def test_a_cancelled_call_ends_every_module(pipelines, run):
    pipelines.waits_for.update({module: asyncio.Event() for module in ("face", "object")})
    call = asyncio.create_task(run({"object": ON}))
    for module in ("face", "object"):
        await pipelines.has_begun[module].wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert sorted(pipelines.begun) == sorted(pipelines.ended) == ["face", "object"]


async def test_an_invalid_configuration_is_refused_before_a_module_runs(pipelines, run):
    with pytest.raises(ConfigError):
        await run({"body": {"max_detected": -2}})
    assert pipelines.begun == []
