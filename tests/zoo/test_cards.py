import pickle
from dataclasses import replace

import pytest

from humanrt.zoo import CardFile, find_card

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
