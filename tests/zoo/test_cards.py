import pickle
from dataclasses import replace

import pytest

from humanrt.zoo import CardFile, InputSpec, find_card

NOTHING = "0" * 64


def test_a_card_can_be_a_key_and_goes_to_another_process():
    card = find_card("iris")
    copy = pickle.loads(pickle.dumps(card))  # noqa: S301 - our own bytes
    assert copy == card
    assert {card: 1}[copy] == 1


def test_what_follows_from_a_card(model):
    assert (model.card.task, model.card.model_file) == ("face", "alpha.json")
    assert model.card.size == sum(map(len, model.contents.values()))


def test_the_digest_is_that_of_what_the_files_hold(model):
    json_file, weights = model.card.files
    renamed = replace(model.card, name="beta", files=(replace(json_file, name="beta.json"), weights))
    moved = replace(model.card, files=(json_file, replace(weights, path="/elsewhere")))
    changed = replace(model.card, files=(json_file, replace(weights, sha256=NOTHING)))
    assert moved.digest == model.card.digest
    assert len({card.digest for card in (model.card, renamed, changed)}) == 3


def test_an_onnx_model_is_a_model(model):
    card = replace(model.card, files=(CardFile(name="alpha.onnx", sha256=NOTHING, bytes=1),))
    assert card.model_file == "alpha.onnx"


def test_a_card_without_its_model_is_refused(model):
    with pytest.raises(ValueError, match=r"files: must hold alpha\.json or alpha\.onnx"):
        replace(model.card, files=model.card.files[1:])


def test_files_come_from_somewhere(model):
    with pytest.raises(ValueError, match="sources: must name one"):
        replace(model.card, sources=())


def test_a_sample_card_has_one_file(samples):
    with pytest.raises(ValueError, match="one file"):
        replace(samples.card, files=())


IMAGE = {"node": "x", "shape": (1,), "dtype": "float32", "meaning": "", "value_range": (0.0, 1.0)}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"labels": ("a", "b"), "colors": ((1, 2, 3),)}, "colors: must be 2, one for each label, and are 1"),
        ({"labels": ("a",), "colors": ((1, 2, 256),)}, "colors: must be red, green and blue from 0 to 255"),
        ({"mean": (0.5,)}, "mean: must have as many numbers as std"),
        ({"mean": (0.5, 0.5), "std": (0.5, 0.0)}, "std: must not be 0"),
    ],
)
def test_an_input_that_makes_no_sense(values, message):
    with pytest.raises(ValueError, match=message):
        InputSpec(**IMAGE, **values)


def test_colours_and_normalisation():
    spec = InputSpec(**IMAGE, labels=("a",), colors=((0, 128, 255),), mean=(0.5,), std=(0.25,))
    assert (spec.colors, spec.mean, spec.std) == (((0, 128, 255),), (0.5,), (0.25,))
