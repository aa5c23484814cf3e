"""Bodies in pictures, with the real models."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from humanrt.vision.choice import family_of

from humanrt import BodyConfig, BodyDetectorConfig, Human
from humanrt.errors import ConfigError
from humanrt.vision.body import blazepose, efficientpose, movenet, posenet
from humanrt.vision.body import pipeline as bodies
from humanrt.zoo import cards, find_card
from parity.detection import MODULES, OFF, ON
from parity.pictures import read_picture

pytestmark = pytest.mark.usefixtures("own_sessions")

PERSON = read_picture("human_body")
# The same person beside its mirror image.
PAIR = np.concatenate([PERSON[:, 200:1000], PERSON[:, 1000:200:-1]], axis=1)


@pytest.fixture
async def human():
    async with Human({**dict.fromkeys(MODULES, OFF), "raise_errors": True}) as human:
        yield human


@pytest.fixture
def find(human):
    """Find bodies; afterwards not one tensor is left."""

    async def find(picture, model="movenet-lightning", *, compat=None, **body):
        config = {"compat": compat, "body": {"enabled": True, "model_path": f"{model}.json", **body}}
        with await human.detect(picture, config) as result:
            found = result.body
        assert human.engine.memory().baseline == (0, 0, 0, 0)
        return found

    return find


def as_json(found):
    return [body.to_human() for body in found]


def place(body, part):
    return next(keypoint.position[:2] for keypoint in body.keypoints if keypoint.part == part)


class TestModels:
    def test_the_detector_is_needed_when_it_is_on(self):
        body = BodyConfig()
        assert bodies.body_models(body) == {"body": "movenet-lightning.json"}
        on = replace(body, detector=BodyDetectorConfig(enabled=True))
        assert bodies.body_models(on)["body.detector"] == "blazepose-detector.json"
        assert bodies.body_models(replace(on, enabled=False)) == {}

    def test_each_card_is_of_one_family(self):
        found = {
            card.name: family_of(card, bodies.FAMILIES, "") for card in cards().values() if card.config_key == "body"
        }
        assert found == {
            "movenet-lightning": movenet.SINGLE,
            "movenet-thunder": movenet.SINGLE,
            "movenet-multipose": movenet.SEVERAL,
            "posenet": posenet,
            "efficientpose": efficientpose,
            "blazepose-lite": blazepose,
            "blazepose-full": blazepose,
            "blazepose-heavy": blazepose,
        }

    def test_another_card_is_refused_by_what_comes_out(self):
        with pytest.raises(ConfigError, match="the outputs of emotion are emotions; a model of bodies has heatmap, "):
            family_of(find_card("emotion.json"), bodies.FAMILIES, "a model of bodies")


class TestLimit:
    async def test_none_is_none_but_for_human(self, find):
        assert await find(PERSON, max_detected=0) == ()
        assert len(await find(PERSON, max_detected=0, compat="human")) == 1

    async def test_no_body_is_no_record_but_for_human(self, find):
        black = read_picture("black")
        assert await find(black, max_detected=5) == ()
        (body,) = await find(black, compat="human")
        assert body.to_human()["box"] == [None] * 4

    @pytest.mark.parametrize("model", ["movenet-multipose", "posenet"])
    async def test_no_more_than_asked_for_and_the_best(self, find, model):
        both = await find(PAIR, model, max_detected=5)
        assert [body.id for body in both] == [0, 1]
        assert both[0].score >= both[1].score
        noses = sorted(place(body, "nose") for body in both)
        # The mirror image's nose is where the mirror says.
        assert noses[0] == pytest.approx((1600 - noses[1][0], noses[1][1]), abs=12)
        assert as_json(await find(PAIR, model, max_detected=1)) == as_json(both[:1])


class TestDetector:
    async def test_everybody_is_looked_at(self, find):
        (alone,) = await find(PERSON, "blazepose-lite", max_detected=5, detector=ON)
        both = await find(PAIR, "blazepose-lite", max_detected=5, detector=ON)
        assert [body.id for body in both] == [0, 1]
        left, right = sorted(both, key=lambda body: body.box[0])
        for part in ("nose", "leftShoulder", "rightElbow", "leftWrist", "rightKnee", "leftAnkle"):
            x, y = place(alone, part)
            assert place(left, part) == pytest.approx((x - 200, y), abs=15)
            mirrored = part.replace("left", "?").replace("right", "left").replace("?", "right")
            assert place(right, mirrored) == pytest.approx((1600 - (x - 200), y), abs=35)

    async def test_a_person_lies(self, find):
        """The region is turned upright: the points are those of the picture that stands, turned as it was."""
        (standing,) = await find(PERSON, "blazepose-lite", detector=ON)
        (lying,) = await find(np.rot90(PERSON).copy(), "blazepose-lite", detector=ON)
        for part in ("nose", "leftShoulder", "rightElbow", "leftWrist", "rightKnee", "leftAnkle"):
            x, y = place(standing, part)
            assert place(lying, part) == pytest.approx((y, 1200 - x), abs=30)

    async def test_nobody_is_nobody(self, find):
        assert await find(read_picture("black"), "blazepose-lite", max_detected=5, detector=ON) == ()

    async def test_other_models_do_without(self, find):
        with pytest.raises(ConfigError, match="and movenet-lightning finds them on its own: "):
            await find(PERSON, detector=ON)
        humans = await find(PERSON, detector=ON, compat="human")
        assert as_json(humans) == as_json(await find(PERSON, compat="human"))


async def test_calls_do_not_see_each_others_padding(human):
    """Human keeps it for all calls in one place."""
    pictures = [PERSON, PAIR, PERSON[:701], PERSON[:, 301:900].copy()]

    async def find(picture):
        with await human.detect(picture, {"body": {"enabled": True}}) as result:
            return as_json(result.body)

    one_by_one = [await find(picture) for picture in pictures]
    together = await asyncio.gather(*(find(picture) for picture in pictures * 3))
    assert together == one_by_one * 3
