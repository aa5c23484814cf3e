import pickle
from dataclasses import replace

import pytest

from humanrt.errors import CardError
from humanrt.zoo import CardFile, InputSpec, Provenance, SamplePicture, find_card
from humanrt.zoo.cards import Alignment

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


def test_files_without_a_source_need_a_path_or_a_url(model, samples):
    with pytest.raises(ValueError, match="sources: must not be empty"):
        replace(model.card, sources=())
    with pytest.raises(ValueError, match="sources: must not be empty"):
        replace(samples.card, sources=())


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


def test_a_model_may_have_no_paper():
    assert Provenance(authors="a", origin="b", licence="MIT").paper == ""


@pytest.mark.parametrize(
    ("points", "margin", "message"),
    [
        (4, 1.0, "template: has 4 points; it must have 5"),
        (6, 1.0, "has 6 points"),
        (5, 0.0, "margin: must be positive"),
    ],
)
def test_an_alignment_has_five_points_and_a_margin(points, margin, message):
    assert Alignment(template=5 * ((1.0, 2.0),)).margin == 1.0
    with pytest.raises(ValueError, match=message):
        Alignment(template=points * ((1.0, 2.0),), margin=margin)


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
