import pickle
from dataclasses import replace

import pytest

from humanrt.errors import CardError
from humanrt.zoo import CardFile, InputSpec, SamplePicture, find_card

NOTHING = "0" * 64


def test_a_card_can_be_hashed_and_pickled():
    card = find_card("iris")
    copy = pickle.loads(pickle.dumps(card))  # noqa: S301 - our own bytes
    assert copy == card
    assert {card: 1}[copy] == 1


def test_properties_of_a_card(model):
    assert (model.card.task, model.card.model_file) == ("face", "alpha.json")
    assert model.card.size == sum(map(len, model.contents.values()))


def test_the_digest_depends_on_names_and_hashes(model):
    json_file, weights = model.card.files
    renamed = replace(model.card, name="beta", files=(replace(json_file, name="beta.json"), weights))
    moved = replace(model.card, files=(json_file, replace(weights, path="/elsewhere")))
    changed = replace(model.card, files=(json_file, replace(weights, sha256=NOTHING)))
    assert moved.digest == model.card.digest
    assert len({card.digest for card in (model.card, renamed, changed)}) == 3


def test_an_onnx_model(model):
    card = replace(model.card, files=(CardFile(name="alpha.onnx", sha256=NOTHING, bytes=1),))
    assert card.model_file == "alpha.onnx"


def test_a_card_without_its_model_file(model):
    with pytest.raises(ValueError, match=r"files: must contain alpha\.json or alpha\.onnx"):
        replace(model.card, files=model.card.files[1:])


def test_files_without_a_source_need_a_path_or_a_url(model):
    with pytest.raises(ValueError, match="sources: must not be empty"):
        replace(model.card, sources=())


def test_a_sample_card_has_one_file(samples):
    with pytest.raises(ValueError, match="must be one file"):
        replace(samples.card, files=())


IMAGE = {"node": "x", "shape": (1,), "dtype": "float32", "meaning": "", "value_range": (0.0, 1.0)}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"labels": ("a", "b"), "colors": ((1, 2, 3),)}, "colors: has 1 entries; it must have 2, one a label"),
        ({"labels": ("a",), "colors": ((1, 2, 256),)}, "colors: must be red, green and blue, from 0 to 255"),
        ({"mean": (0.5,)}, "mean: must have as many numbers as std"),
        ({"mean": (0.5, 0.5), "std": (0.5, 0.0)}, "std: must not be 0"),
    ],
)
def test_invalid_inputs(values, message):
    with pytest.raises(ValueError, match=message):
        InputSpec(**IMAGE, **values)


def test_colors_and_normalization():
    spec = InputSpec(**IMAGE, labels=("a",), colors=((0, 128, 255),), mean=(0.5,), std=(0.25,))
    assert (spec.colors, spec.mean, spec.std) == (((0, 128, 255),), (0.5,), (0.25,))


def picture(constant):
    return SamplePicture(name="a.jpg", sha256="0" * 64, bytes=1, constant=constant, width=1, height=1)


# RFC 4648, section 10.
SOURCE = """// a comment
export const face: string = `
Zm9v
YmFy
`;
export const body = `
Zm8=`;
export const odd = `!`;
"""


def test_a_sample_image_is_decoded():
    assert picture("face").decode(SOURCE) == b"foobar"
    assert picture("body").decode(SOURCE) == b"fo"


@pytest.mark.parametrize("constant", ["bod", "hand", "odd", ".*"])
def test_a_missing_constant(constant):
    with pytest.raises(CardError, match=r"a\.jpg: constant"):
        picture(constant).decode(SOURCE)
