"""All modules at the same time, with the real models: one call, many at once, and cancelled ones."""

import asyncio
import gc
import random
import weakref
from collections import Counter
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from cancelling import end_or_cancel
from holding import Hold, happens
from repetitions import AT_ONCE, DIFFERENT_CALLS, EACH_MODULE, RANDOM_DETECTIONS_OF_EVERYTHING
from switches import EVERYTHING, FACES_ALONE, OFF, ON

from humanrt import Human
from humanrt.errors import EngineClosedError, ModelError
from humanrt.imaging.source import read_into
from humanrt.runtime import scheduler
from humanrt.runtime.graph_model import GraphModel
from humanrt.vision.object.centernet import CenterNet
from humanrt.vision.stage import VisionModel
from parity.pictures import read_picture

pytestmark = pytest.mark.usefixtures("loaded_models")

NOTHING = (0, 0, 0, 0)
MODULES = ("face", "body", "hand", "object", "segmentation")
# Every model that is not slow, by its module.
MODELS = {
    "body": ("movenet-lightning.json", "posenet.json", "blazepose-lite.json"),
    "object": ("centernet.json",),
    "segmentation": ("selfie.json", "meet.json", "rvm.json"),
}


def pictures():
    """Images with a whole person, a face, things, and nothing, of several sizes."""
    body, face, coffee = read_picture("human_body"), read_picture("human_face"), read_picture("coffee")
    return [
        body[::2, ::2],
        body[::3, ::3],
        body[100:700:2, 200:1000:2],
        face,
        coffee[::2, ::2],
        np.zeros((9, 7, 3), np.uint8),
    ]


def without_times(result):
    human = result.to_human()
    pixels = [tensor.data_sync().tobytes() for tensor in result.tensors()]
    kept = {key: value for key, value in human.items() if key not in {"performance", "timestamp"}}
    return kept | {"pixels": pixels, "legend": result.segmentation and result.segmentation.legend}


def random_config(chance, *, likely):
    def switch(module):
        models = {"model_path": chance.choice(MODELS[module])} if module in MODELS else {}
        return {"enabled": chance.random() < likely, **models}

    return {
        "compat": chance.choice([None, "human"]),
        "face": {
            **switch("face"),
            "detector": {"max_detected": chance.choice([1, 5]), "return": chance.random() < 0.5},
            "description": OFF,
        },
        "hand": {**switch("hand"), "landmarks": chance.random() < 0.8, "max_detected": chance.choice([-1, 1, 3])},
        "body": {**switch("body"), "max_detected": chance.choice([-1, 1])},
        "gesture": switch("gesture"),
        "object": switch("object"),
        "segmentation": switch("segmentation"),
        "raise_errors": True,
    }


@pytest.mark.slow
async def test_every_module_detects_its_part_of_a_person():
    """In Human's own sample of a body."""
    picture = read_picture("human_body")
    async with Human(EVERYTHING) as human:
        with await human.detect(picture) as result:
            assert result.errors == {}
            (face,), (body,), (person,) = result.face, result.body, result.persons
            assert {"nose", "leftShoulder", "rightShoulder"} <= {keypoint.part for keypoint in body.keypoints}
            assert person.face is face
            assert person.body is body
            assert [thing.label for thing in result.object][:1] == ["person"]
            assert {gesture.part for gesture in result.gesture} >= {"face", "iris"}
            (segment,) = result.segmentation.legend
            assert segment.name == "person"
            assert 0.1 < segment.area / picture[..., 0].size < 0.6
            assert set(result.performance) == {*MODULES, "gesture", "inputProcess", "loadModels", "total"}
            assert human.engine.memory().num_tensors == len(list(result.tensors()))
        assert human.engine.memory().baseline == NOTHING


@pytest.mark.parametrize("failing", MODULES)
@pytest.mark.parametrize("raises", [False, True])
async def test_a_failing_model_is_in_errors_or_raised(monkeypatch, failing, raises):
    nodes_of = VisionModel.nodes_of

    def broken(model, family):
        if model.card.config_key.partition(".")[0] == failing:
            raise ModelError("broken")
        return nodes_of(model, family)

    monkeypatch.setattr(VisionModel, "nodes_of", broken)
    config = {**EVERYTHING, "segmentation": {**ON, "model_path": "selfie.json"}, "raise_errors": raises}
    async with Human(config) as human:
        if raises:
            with pytest.raises(ModelError, match="broken"):
                await human.detect(read_picture("human_face"))
        else:
            with await human.detect(read_picture("human_face")) as result:
                assert {module: str(error) for module, error in result.errors.items()} == {failing: "broken"}
                assert bool(result.face) is (failing != "face")
        assert human.engine.memory().baseline == NOTHING


class TestMemory:
    """The image of a call is not held by its result or error: measured with the garbage collector off."""

    @pytest.fixture
    def held(self, monkeypatch):
        """Weak references to the images of the calls."""
        gc.collect()
        gc.disable()
        held = []

        def read(*arguments, **options):
            picture = read_into(*arguments, **options).copy()
            held.append(weakref.ref(picture))
            return picture

        monkeypatch.setattr("humanrt.human.read_into", read)
        yield held
        gc.enable()

    @pytest.fixture
    def broken(self, monkeypatch):
        """Objects cannot be decoded."""

        def fail(*_, **__):
            raise ModelError("broken")

        monkeypatch.setattr(CenterNet, "decode", fail)

    @pytest.fixture
    async def human(self):
        async with Human({**FACES_ALONE, "object": ON}) as human:
            await human.load()
            yield human

    async def test_a_result_does_not_hold_it(self, human, held):
        with await human.detect(read_picture("human_face")) as result:
            assert [picture() for picture in held] == [None]
            assert len(result.face) == 1

    @pytest.mark.usefixtures("broken")
    async def test_an_error_in_a_result_does_not_hold_it(self, human, held):
        with await human.detect(read_picture("human_face")) as result:
            assert str(result.errors["object"]) == "broken"
            assert result.errors["object"].__traceback__ is not None
            assert [picture() for picture in held] == [None]

    @pytest.mark.usefixtures("broken")
    async def test_a_raised_error_does_not_hold_it(self, human, held):
        with suppress(ModelError):  # pytest.raises would hold it
            await human.detect(read_picture("human_face"), {"raise_errors": True})
            pytest.fail("nothing was raised")
        await asyncio.sleep(0)
        assert [picture() for picture in held] == [None]

    async def test_a_cancelled_call_does_not_hold_it(self, human, held, monkeypatch):
        hold = Hold(monkeypatch, GraphModel, "_run")
        task = asyncio.create_task(human.detect(read_picture("human_face")))
        await happens(hold.reached)
        task.cancel()
        hold.release()
        with suppress(asyncio.CancelledError):
            await task
            pytest.fail("nothing was raised")
        del task
        await asyncio.sleep(0)  # the loop holds the task until this step has ended
        assert [picture() for picture in held] == [None]


async def test_an_error_of_the_engine_is_raised(monkeypatch):
    async with Human({**FACES_ALONE, "object": ON}) as human:

        def close(*_, **__):
            raise EngineClosedError("closed")

        monkeypatch.setattr(CenterNet, "decode", close)
        with pytest.raises(EngineClosedError):
            await human.detect(read_picture("human_face"))


async def test_without_face_detection_one_body_is_detected():
    off = {"preset": "human", "face": {"detector": OFF}, "hand": OFF}
    async with Human(off) as human:
        with await human.detect(read_picture("human_body")) as result:
            assert (len(result.face), len(result.body)) == (0, 1)


@pytest.mark.slow(20)
@pytest.mark.soak
async def test_concurrent_calls_equal_the_same_calls_in_sequence():
    """Bit for bit, with everything on. CONFORMANCE 49."""
    chance, choices = random.Random(6), pictures()  # noqa: S311  # no secret
    calls = [(choices[i % len(choices)], random_config(chance, likely=1.0)) for i in range(DIFFERENT_CALLS)]
    expected = []
    async with Human({"preset": "human"}) as human:
        for picture, config in calls:
            with await human.detect(picture, config) as result:
                expected.append(without_times(result))
    calls, expected = (each * (AT_ONCE // DIFFERENT_CALLS) for each in (calls, expected))
    assert Counter(bool(each["body"]) and bool(each["object"]) for each in expected)[True] >= 20
    async with Human({"preset": "human"}) as human:
        results = await asyncio.gather(*(human.detect(picture, config) for picture, config in calls))
        for result, one in zip(results, expected, strict=True):
            with result:
                assert without_times(result) == one
        assert human.engine.memory().baseline == NOTHING


@pytest.mark.slow(10)
@pytest.mark.soak
async def test_random_detections_of_everything():
    """Each leaves no tensor, whichever modules run, whether it ends or is cancelled at any time."""
    chance, choices, hits = random.Random(2026), pictures(), Counter()  # noqa: S311  # no secret

    async def detect(picture, config):
        with await human.detect(picture, config) as result:
            assert human.engine.memory().num_tensors == len(list(result.tensors()))
            hits.update(module for module in MODULES if getattr(result, module))

    async with Human({"preset": "human"}) as human:
        for config in (random_config(chance, likely=1.0) for _ in range(20)):
            await human.load(config)
        for i in range(RANDOM_DETECTIONS_OF_EVERYTHING):
            picture, config = chance.choice(choices), random_config(chance, likely=0.2)
            hits["cancelled"] += await end_or_cancel(chance, partial(detect, picture, config), 0.04)
            assert human.engine.memory().baseline == NOTHING, (i, config)
        assert scheduler.statistics().queued == scheduler.statistics().running == 0
    print(f"{RANDOM_DETECTIONS_OF_EVERYTHING:,} random detections of everything: {dict(hits)}")
    assert min(hits[module] for module in (*MODULES, "cancelled")) >= EACH_MODULE
