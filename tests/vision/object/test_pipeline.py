"""Objects in images, with the real models."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from humanrt import Human, errors
from humanrt.config import ObjectConfig
from humanrt.vision.object.centernet import CENTERNET
from humanrt.vision.object.nanodet import NANODET
from humanrt.vision.object.pipeline import ObjectFamilies, object_models
from humanrt.vision.stage import family_of
from humanrt.zoo import find_card
from parity.pictures import read_picture

OFF = {"enabled": False}
MODELS = ("centernet.json", "nanodet.json")
DETECTORS = ObjectFamilies().detectors


@pytest.fixture
async def human():
    async with Human({**dict.fromkeys(("face", "body", "hand", "gesture"), OFF), "object": {"enabled": True}}) as human:
        yield human
        assert human.engine.memory().baseline == (0, 0, 0, 0)


def test_only_models_that_are_used_are_loaded():
    assert object_models(ObjectConfig()) == {}
    assert object_models(ObjectConfig(enabled=True)) == {"object": "centernet.json"}
    assert object_models(ObjectConfig(enabled=True, model_path="mine.json")) == {"object": "mine.json"}


def test_the_outputs_of_a_model_card_choose_its_family():
    assert [family_of(find_card(model), DETECTORS, "") for model in MODELS] == [CENTERNET, NANODET]
    card = replace(find_card("nanodet.json"), outputs=MappingProxyType({}))
    with pytest.raises(errors.ConfigError, match="an object detector has detections; scores_169"):
        family_of(card, DETECTORS, "an object detector")


async def test_a_model_card_without_labels_is_refused(human, monkeypatch):
    card = find_card("centernet.json")
    nameless = replace(card, outputs=MappingProxyType({"detections": card.outputs["detections"]}))
    monkeypatch.setattr("humanrt.human_models.find_card", lambda *_: nameless)
    with pytest.raises(errors.ConfigError, match="the model card centernet has no output 'heatmap'"):
        await human.detect(read_picture("coffee"))


@pytest.mark.parametrize("model", MODELS)
async def test_each_model_detects_a_cup(human, model):
    """Its rim goes from 173 to 409 and begins at 18; the saucer around it from 77 to 480."""
    with await human.detect(read_picture("coffee"), {"object": {"model_path": model}}) as result:
        cup = result.object[0]
        assert result.face == result.persons == ()
    assert (cup.id, cup.label, cup.class_) == (0, "cup", 42)
    x, y, width, height = cup.box
    assert 77 < x < 180
    assert 400 < x + width < 480
    assert y == pytest.approx(18, abs=10)
    assert y + height > 250


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("compat", [None, "human"])
async def test_a_person_is_detected_in_half_of_the_image_too(human, model, compat):
    picture = read_picture("astronaut")
    for pixels in (picture, np.ascontiguousarray(picture[:, :400])):
        with await human.detect(pixels, {"object": {"model_path": model}, "compat": compat}) as result:
            best = result.object[0]
        assert best.label == "person"
        assert best.box == pytest.approx((10, 10, 360, 500), abs=25)
        assert best.box == pytest.approx(np.array(best.box_raw) * (*pixels.shape[1::-1], *pixels.shape[1::-1]), abs=1)
