"""Many detections of faces, with settings of their own: at the same time, and one after the other."""

import asyncio
import random
from collections import Counter
from functools import partial

import numpy as np
import pytest
from cancelling import end_or_cancel
from repetitions import AT_ONCE, DIFFERENT_CALLS, EACH_END, RANDOM_DETECTIONS_OF_FACES
from switches import FACES_ALONE, ON

from humanrt import Human
from humanrt.runtime import scheduler, sessions
from parity.pictures import read_picture

pytestmark = pytest.mark.usefixtures("own_sessions")

NOTHING = (0, 0, 0, 0)
DETECTORS = ("blazeface.json", "blazeface-front.json", "facemesh-detection-short.json", "facemesh-detection-full.json")


def random_config(chance, *, likely):
    """Settings for one call; ``likely`` is how likely each of the costly modules is on."""

    def switch(**settings):
        return {"enabled": chance.random() < likely, **settings}

    return {
        **FACES_ALONE,
        "compat": chance.choice([None, "human"]),
        "face": {
            "detector": {
                "model_path": chance.choice(DETECTORS),
                "max_detected": chance.choice([1, 2, 20]),
                "min_confidence": chance.choice([0.1, 0.2, 0.5]),
                **{name: chance.random() < 0.5 for name in ("rotation", "square", "mask", "return")},
            },
            "mesh": {"enabled": chance.random() < 0.7, "keep_invalid": chance.random() < 0.3},
            "iris": switch(),
            "attention": {"enabled": chance.random() < likely / 5},
            "emotion": switch(crop=chance.choice([0, 0.1])),
            "antispoof": switch(),
            "liveness": switch(),
            "description": switch(),
            "gear": switch(),
            "ssrnet": switch(),
            "mobilefacenet": switch(),
        },
    }


def pictures():
    """With one face, with several, with none, of all shapes."""
    portrait, astronaut = read_picture("human_face"), read_picture("astronaut")
    noise = np.random.default_rng(0).integers(0, 256, (90, 60, 3), np.uint8)
    return [
        portrait,
        np.tile(portrait[::2, ::2], (2, 3, 1)),
        astronaut[20:220, 110:330],
        astronaut[::4, ::4],
        astronaut[20:220:2, 110:330:2].swapaxes(0, 1),
        read_picture("coffee")[::3, ::3],
        noise,
        np.zeros((1, 1, 3), np.uint8),
    ]


def without_times(result):
    human = result.to_human()
    crops = [face.tensor.data_sync().tolist() for face in result.face if face.tensor is not None]
    return {key: value for key, value in human.items() if key not in {"performance", "timestamp"}} | {"crops": crops}


@pytest.mark.slow(10)
@pytest.mark.soak
async def test_sixty_four_at_the_same_time_equal_one_after_the_other():
    """Bit for bit, cold and warm. CONFORMANCE 49."""
    chance = random.Random(5)  # noqa: S311  # no secret
    calls = [(chance.choice(pictures()), random_config(chance, likely=0.3)) for _ in range(DIFFERENT_CALLS)]
    expected = []
    async with Human({"preset": "human"}) as human:
        for picture, config in calls:
            with await human.detect(picture, config) as result:
                expected.append(without_times(result))
    calls, expected = (each * (AT_ONCE // DIFFERENT_CALLS) for each in (calls, expected))
    assert Counter(len(each["face"]) > 0 for each in expected)[True] >= 20
    created = sessions.statistics().created
    async with Human({"preset": "human"}) as human:
        for temperature in ("cold", "warm"):
            results = await asyncio.gather(*(human.detect(picture, config) for picture, config in calls))
            for result, one in zip(results, expected, strict=True):
                with result:
                    assert without_times(result) == one, temperature
            assert human.engine.memory().baseline == NOTHING
        assert sessions.statistics().created - created == len(human._models.loaded())


@pytest.mark.slow(5)
@pytest.mark.soak
async def test_random_detections_of_faces():
    """Each leaves nothing behind, whether it ends, or is cancelled at any time by its task or by a scope."""
    chance = random.Random(2026)  # noqa: S311  # no secret
    choices, hits = pictures(), Counter()

    async def detect(picture, config):
        with await human.detect(picture, config) as result:
            assert human.engine.memory().num_tensors == len(list(result.tensors()))
            hits["faces" if result.face else "no faces"] += 1

    async with Human({"preset": "human"}) as human:
        await human.load(
            {**FACES_ALONE, "face": dict.fromkeys(("antispoof", "liveness", "gear", "ssrnet", "mobilefacenet"), ON)}
        )
        for detector in DETECTORS:
            await human.load({**FACES_ALONE, "face": {"detector": {"model_path": detector}, "attention": ON}})
        for i in range(RANDOM_DETECTIONS_OF_FACES):
            picture, config = chance.choice(choices), random_config(chance, likely=0.05)
            hits["cancelled"] += await end_or_cancel(chance, partial(detect, picture, config), 0.02)
            assert human.engine.memory().baseline == NOTHING, (i, config)
        assert scheduler.statistics().queued == scheduler.statistics().running == 0
    print(f"{RANDOM_DETECTIONS_OF_FACES:,} random detections: {dict(hits)}")
    assert min(hits["cancelled"], hits["faces"], hits["no faces"]) >= EACH_END
