"""Objects are those of the real Human 3.3.6: in pictures, and exactly for given model outputs."""

import numpy as np
import pytest

from humanrt.compat.object import OBJECT
from humanrt.config import ObjectConfig
from humanrt.vision.object.detector import ObjectTask
from humanrt.vision.stage import Batch
from humanrt.zoo import find_card
from parity.constants import write_constant_model
from parity.detection import MODULES, OFF, ON, detect_both
from parity.objects import LIMITS, compare_objects
from parity.pictures import read_picture

CENTERNET, NANODET = OBJECT.detectors
NANODET_FILE = {"modelPath": "nanodet.json"}
SETTINGS = [
    {},
    {"minConfidence": 0.5, "maxDetected": 50},
    {"minConfidence": 0.7, "iouThreshold": 0.1, "maxDetected": 50},
]


def missed(ours, theirs):
    return [each for each in compare_objects(ours["object"], theirs["object"]) if not each.within]


@pytest.mark.parametrize("name", ["human_body", "human_face", "astronaut", "coffee", "black"])
async def test_centernet(peer, name):
    ours, theirs = await detect_both(peer, read_picture(name), {"object": ON})
    assert len(theirs["object"]) == (0 if name == "black" else 1)
    assert missed(ours, theirs) == []
    assert [each.keys() for each in ours["object"]] == [each.keys() for each in theirs["object"]]


async def test_centernet_in_default_mode(peer):
    """The same, except that scores are not truncated and classes are numbered from 1."""
    ours, theirs = await detect_both(peer, read_picture("coffee"), {"object": ON}, compat=None)
    (our,), (their,) = ours["object"], theirs["object"]
    assert (our["label"], our["class"]) == (their["label"], their["class"] + 1) == ("cup", 42)
    assert our["box"] == pytest.approx(their["box"], abs=LIMITS["box"])
    assert 0 <= our["score"] - their["score"] < 0.01


@pytest.mark.slow(10)
async def test_nanodet(peer):
    """On TF.js's CPU backend: WASM has no kernel for Mod, which Human requires and the model does not use."""
    ours, theirs = await detect_both(peer, read_picture("coffee"), {"object": {**ON, **NANODET_FILE}}, backend="cpu")
    assert [each["label"] for each in theirs["object"]] == ["cup", "cup"]
    assert missed(ours, theirs) == []


def human_decodes(peer, folder, card, answers, settings):
    """Human's objects for a model's outputs, in a picture of 300 x 200."""
    path = write_constant_model(folder, card, answers)
    config = {**dict.fromkeys(MODULES, OFF), "object": {**ON, "modelPath": path.as_uri(), **settings}}
    return peer.human(np.zeros((200, 300, 3), np.uint8), config, backend="cpu")["object"]


def we_decode(family, card, answers, settings):
    outputs = [answers[name] for name in family.outputs]
    (image,) = card.inputs.values()
    task = ObjectTask(ObjectConfig(enabled=True).merge(settings), card, (300, 200))
    found = family.decode(outputs, Batch(np.zeros((1, *image.shape[1:]), np.float32)), task)
    return [each.to_human() for each in found]


@pytest.mark.parametrize("settings", SETTINGS)
def test_decoding_centernet(peer, tmp_path, settings):
    numbers = np.random.default_rng(1)
    starts, sizes = numbers.uniform(-50, 400, (1, 100, 2)), numbers.uniform(10, 300, (1, 100, 2))
    scores, kinds = numbers.uniform(0, 1, (1, 100, 1)), numbers.integers(0, 80, (1, 100, 1))
    rows = np.concatenate([starts, starts + sizes, scores, kinds], axis=2).astype(np.float32)
    card, answers = find_card("centernet.json"), {"detections": rows}
    theirs = human_decodes(peer, tmp_path, card, answers, settings)
    assert len(theirs) >= 10
    assert we_decode(CENTERNET, card, answers, settings) == theirs


@pytest.mark.parametrize("settings", SETTINGS)
def test_decoding_nanodet(peer, tmp_path, settings):
    numbers = np.random.default_rng(2)
    answers = {}
    for cells in (169, 676, 2704):
        answers[f"scores_{cells}"] = numbers.uniform(0, 1, (1, cells, 80)).astype(np.float32) ** 40
        answers[f"distances_{cells}"] = numbers.normal(size=(1, cells, 44)).astype(np.float32)
    card = find_card("nanodet.json")
    theirs = human_decodes(peer, tmp_path, card, answers, settings)
    assert len(theirs) >= 10
    assert "toilet" not in {each["label"] for each in theirs}
    assert we_decode(NANODET, card, answers, settings) == theirs
