"""Models of a user's own, with cards of the user's, in the place of Human's."""

import hashlib
from importlib.resources import files

import pytest

from humanrt import Human
from humanrt.errors import ConfigError, IntegrityError
from humanrt.zoo import Store, default_cache_dir, find_card
from parity.pictures import PICTURES

FACE = PICTURES / "human_face.png"
BLAZEFACE = find_card("blazeface")


@pytest.fixture
def my_cards(tmp_path):
    """A folder with a card for Human's own detector under another name, its files beside the card."""
    original = Store(default_cache_dir()).ensure(BLAZEFACE).parent
    folder = tmp_path / "cards"
    (folder / "weights").mkdir(parents=True)
    entries = []
    for name, file in (("mine.json", "blazeface.json"), ("blazeface.bin", "blazeface.bin")):
        content = (original / file).read_bytes()
        (folder / "weights" / file).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        entries.append(f'{{ name = "{name}", path = "weights/{file}", sha256 = "{digest}", bytes = {len(content)} }}')
    text = (files("humanrt_models") / "face" / "blazeface.toml").read_text(encoding="utf-8")
    before, rest = text.split("files = [", 1)
    _, after = rest.split("]\n", 1)
    before = before.replace('name = "blazeface"', 'name = "mine"').replace('sources = ["human", "human-models"]\n', "")
    (folder / "mine.toml").write_text(f"{before}files = [{', '.join(entries)}]\n{after}", encoding="utf-8")
    return folder


MINE = {"face": {"detector": {"modelPath": "mine.json"}, "mesh": {"enabled": False}}}
HUMANS = {"face": {"mesh": {"enabled": False}}}


async def faces(config):
    async with Human(config) as human:
        with await human.detect(FACE) as result:
            return [(face.score, face.box) for face in result.face]


async def test_named_in_the_configuration(my_cards, monkeypatch):
    monkeypatch.delenv("HUMANRT_CARDS", raising=False)
    assert await faces({**MINE, "cards": str(my_cards)}) == await faces(HUMANS) != []


async def test_named_in_the_environment(my_cards, monkeypatch):
    monkeypatch.setenv("HUMANRT_CARDS", str(my_cards / "mine.toml"))
    assert await faces(MINE) == await faces(HUMANS)


async def test_under_another_key_it_is_refused(my_cards):
    with pytest.raises(ConfigError, match=r"face\.mesh\.model_path is 'mine', which is a model for face\.detector"):
        await faces({"cards": str(my_cards), "face": {"mesh": {"modelPath": "mine"}}})


async def test_a_file_that_is_not_what_the_card_says(my_cards, monkeypatch, tmp_path):
    monkeypatch.setenv("HUMANRT_CACHE_DIR", str(tmp_path / "cache"))
    (my_cards / "weights" / "blazeface.bin").write_bytes(b"another")
    with pytest.raises(IntegrityError, match=r"blazeface\.bin"):
        await faces({**MINE, "cards": str(my_cards)})


async def test_cards_do_not_change_from_call_to_call(my_cards):
    async with Human(HUMANS) as human:
        with pytest.raises(ConfigError, match="cards cannot change from call to call"):
            await human.detect(FACE, {"cards": str(my_cards)})
