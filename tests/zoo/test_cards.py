from importlib.resources import files

import pytest

from humanrt.errors import CardError, UnknownModelError
from humanrt.zoo import Card, cards, find_card, sample_cards
from humanrt.zoo.cards import read_cards

# How Human's default configuration names the models of its face modules.
HUMAN_PATHS = {
    "face.detector": "blazeface.json",
    "face.mesh": "facemesh.json",
    "face.iris": "iris.json",
    "face.emotion": "emotion.json",
}


@pytest.mark.parametrize(("config_key", "model_path"), HUMAN_PATHS.items())
def test_the_face_models_are_found_by_the_names_human_uses(config_key, model_path):
    card = find_card(model_path)
    assert card.config_key == config_key
    assert card is find_card(model_path.removesuffix(".json"))
    assert [file.name for file in card.files] == [card.model_json, f"{card.name}.bin"]
    assert card.model_json == model_path


def test_an_unknown_model_names_the_nearest():
    with pytest.raises(UnknownModelError, match=r"'blazefase\.json': did you mean 'blazeface'"):
        find_card("blazefase.json")
    with pytest.raises(UnknownModelError, match="there are blazeface, emotion, facemesh, iris"):
        find_card("zzz")


def test_cards_are_read_once_and_can_be_keys():
    assert cards() is cards()
    assert sample_cards() is sample_cards()
    assert {card: name for name, card in cards().items()}[find_card("iris")] == "iris"


# Shapes: the signatures in the models' own files; labels: Human's emotion.ts, for models with one grey channel.
def test_outputs_are_those_of_the_files():
    shapes = {name: {key: spec.shape[1:] for key, spec in card.outputs.items()} for name, card in cards().items()}
    assert shapes["blazeface"] == {
        "scores_512": (512, 1),
        "scores_384": (384, 1),
        "boxes_512": (512, 16),
        "boxes_384": (384, 16),
    }
    assert shapes["facemesh"] == {"mesh": (1404,), "flag": (1,), "contours": (266,)}
    assert shapes["iris"] == {"points": (1, 1, 228)}
    assert shapes["emotion"] == {"emotions": (7,)}
    nodes = {
        name: {key: (spec.node, spec.signature) for key, spec in cards()[name].outputs.items()} for name in cards()
    }
    assert nodes["blazeface"]["boxes_384"] == ("Identity_3", "")
    assert nodes["facemesh"]["mesh"] == ("Identity_2", "output_mesh")
    labels = cards()["emotion"].outputs["emotions"].labels
    assert labels == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def test_inputs_say_shape_and_range():
    inputs = {name: next(iter(card.inputs.values())) for name, card in cards().items()}
    assert {name: spec.shape for name, spec in inputs.items()} == {
        "blazeface": ("batch", 256, 256, 3),
        "facemesh": ("batch", 192, 192, 3),
        "iris": ("batch", 64, 64, 3),
        "emotion": ("batch", 64, 64, 1),
    }
    assert inputs["blazeface"].value_range == (-1.0, 1.0)
    assert inputs["facemesh"].value_range == (0.0, 1.0)
    assert {spec.dtype for spec in inputs.values()} == {"float32"}


def test_the_sample_pictures_of_human():
    pictures = {picture.name: (picture.width, picture.height) for picture in sample_cards()["human"].pictures}
    assert pictures == {"human_face.jpg": (256, 256), "human_body.jpg": (1200, 1200)}


@pytest.fixture
def blazeface_text():
    return (files("humanrt_models") / "face" / "blazeface.toml").read_text(encoding="utf-8")


def test_two_cards_of_one_name_are_refused(tmp_path, blazeface_text):
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "card.toml").write_text(blazeface_text)
    with pytest.raises(CardError, match=r"two/card.toml: name: 'blazeface' is already the name in one/card.toml"):
        read_cards(Card, [tmp_path / "one", tmp_path / "two"])


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('name = "blazeface.bin"', 'name = "../blazeface.bin"', r"files\[1\].name"),
        ('name = "blazeface.bin"', 'name = "/etc/passwd"', r"files\[1\].name"),
        ('name = "blazeface.json"', 'name = "other.json"', "files: must hold blazeface.json"),
        ('name = "blazeface"', 'name = ".."', "name"),
        ('folder = "models"', 'folder = "models/../.."', "sources.github.folder"),
        ('package = "@vladmandic/human"', 'package = "--global"', "sources.npm.package"),
        ('dtype = "float32"', 'dtype = "double"', "inputs.image.dtype"),
        ('sha256 = "cd7b', 'sha256 = "CD7B', r"files\[0\].sha256"),
        ("bytes = 79038", 'bytes = "79038"', r"files\[0\].bytes"),
    ],
)
def test_a_malformed_card_names_file_and_key(tmp_path, blazeface_text, before, after, key):
    assert before in blazeface_text
    (tmp_path / "bad.toml").write_text(blazeface_text.replace(before, after, 1))
    with pytest.raises(CardError, match=f"{tmp_path.name}/bad.toml: {key}"):
        read_cards(Card, [tmp_path])


def test_a_sample_card_has_one_file(samples):
    with pytest.raises(ValueError, match="one file"):
        type(samples.card)(**{**vars(samples.card), "files": ()})
