"""How the modules of one call run together, and what becomes of one that fails; the modules here are stand-ins."""

import asyncio
from collections import defaultdict

import numpy as np
import pytest
from humanrt.vision.clock import Clock
from switches import EVERYTHING, FACES_ALONE, OFF, ON

from humanrt.config import load_config
from humanrt.errors import ConfigError, ModelError
from humanrt.vision import detection
from humanrt.vision.call import Call
from humanrt.vision.detection import Detection, needed_models

MODULES = ("face", "body", "hand", "object", "segmentation")
FUNCTIONS = {
    "face": "detect_faces",
    "body": "detect_bodies",
    "hand": "detect_hands",
    "object": "detect_objects",
    "segmentation": "detect_segments",
}


class Modules:
    """Stand-ins for the modules: which have begun, with what limits, and which have ended."""

    def __init__(self):
        self.faces = ("a face",)
        self.failing = {}
        self.waits_for = {}
        self.begun, self.ended, self.limits = [], [], {}
        self.has_begun, self.has_ended = defaultdict(asyncio.Event), defaultdict(asyncio.Event)

    def stand_in(self, module):
        async def detect(call, limit=None):
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
def modules(monkeypatch):
    modules = Modules()
    for module, function in FUNCTIONS.items():
        monkeypatch.setattr(detection, function, modules.stand_in(module))
    monkeypatch.setattr(detection, "find_gestures", lambda *_, quirks: ("a gesture",))
    monkeypatch.setattr(detection, "join_persons", lambda *_, quirks: ())
    return modules


@pytest.fixture
def run(humanrt_engine):
    async def run(config):
        with humanrt_engine.from_numpy(np.zeros((2, 3, 3), np.uint8)) as picture:
            clock, settings = Clock(), load_config(config)
            call = Call(humanrt_engine, dict.fromkeys(needed_models(settings)), picture, settings)
            found = await Detection(call, clock).run()
            return found, clock.finish()

    return run


async def test_everything_is_found_and_timed(modules, run):
    found, times = await run(EVERYTHING)
    assert [getattr(found, module) for module in MODULES] == [(f"a {module}",) for module in MODULES]
    assert found.gesture == ("a gesture",)
    assert found.errors == {}
    assert set(times) == {*MODULES, "gesture", "total"}


async def test_what_is_off_does_not_run(modules, run):
    found, times = await run(FACES_ALONE)
    assert modules.begun == ["face"]
    assert set(times) == {"face", "total"}
    assert found.gesture == ()


@pytest.mark.parametrize("fixed", ["body", "hand"])
async def test_bodies_and_hands_are_counted_after_the_faces(modules, run, fixed):
    modules.faces = ("one", "two", "three")
    await run({})
    assert modules.ended[0] == "face"
    assert modules.limits == {"face": None, "body": 3, "hand": 6}
    await run({fixed: {"max_detected": 2}})
    assert modules.limits == {"face": None, "body": 3, "hand": 6} | {fixed: 2}


async def test_with_fixed_counts_nothing_waits_for_the_faces(modules, run):
    modules.waits_for["face"] = asyncio.Event()
    call = asyncio.create_task(run({**EVERYTHING, "body": {"max_detected": 1}, "hand": {"max_detected": 1}}))
    for module in ("body", "hand", "object", "segmentation"):
        await modules.has_ended[module].wait()
    modules.waits_for["face"].set()
    found, _ = await call
    assert found.face == ("a face",)


async def test_without_faces_a_picture_is_taken_for_one_body_and_one_hand(modules, run):
    for face in (OFF, {"detector": OFF}):
        await run({"face": face})
        assert (modules.limits["body"], modules.limits["hand"]) == (1, 1)
    modules.failing["face"] = ModelError("broken")
    await run({})
    assert (modules.limits["body"], modules.limits["hand"]) == (1, 1)


@pytest.mark.parametrize("failing", MODULES)
async def test_a_module_that_fails_is_in_errors_and_the_others_stand(modules, run, failing):
    error = modules.failing[failing] = ModelError("broken")
    found, _ = await run(EVERYTHING)
    assert found.errors == {failing: error}
    assert [module for module in MODULES if getattr(found, module)] == [each for each in MODULES if each != failing]


async def test_what_is_wrong_with_the_configuration_is_raised(modules, run):
    modules.failing["body"] = ConfigError("not a model of bodies")
    with pytest.raises(ConfigError, match="not a model of bodies"):
        await run({})


async def test_gestures_that_fail(modules, run, monkeypatch):
    def fail(*_, quirks):
        raise ZeroDivisionError

    monkeypatch.setattr(detection, "find_gestures", fail)
    found, _ = await run({})
    assert list(found.errors) == ["gesture"]
    assert found.body


async def test_raise_errors_raises_the_first_and_ends_the_others(modules, run):
    modules.failing["object"] = ModelError("broken")
    modules.waits_for["segmentation"] = asyncio.Event()
    with pytest.raises(ModelError, match="broken"):
        await run({**EVERYTHING, "raise_errors": True})
    assert sorted(modules.begun) == sorted(modules.ended)
    assert "segmentation" in modules.ended


async def test_a_cancelled_call_ends_every_module(modules, run):
    modules.waits_for.update({module: asyncio.Event() for module in ("face", "object")})
    call = asyncio.create_task(run({"object": ON}))
    for module in ("face", "object"):
        await modules.has_begun[module].wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert sorted(modules.begun) == sorted(modules.ended) == ["face", "object"]


def test_the_models_that_a_call_needs():
    assert set(needed_models(load_config(EVERYTHING))) == {
        *("face.detector", "face.mesh", "face.iris", "face.emotion", "face.description"),
        *("body", "hand.detector", "hand.skeleton", "object", "segmentation"),
    }
    assert needed_models(load_config({"face": OFF, **FACES_ALONE})) == {}


async def test_what_cannot_be_configured_is_refused_before_any_module_runs(modules, run):
    with pytest.raises(ConfigError):
        await run({"body": {"max_detected": -2}})
    assert modules.begun == []
