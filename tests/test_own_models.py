"""Custom models with custom cards, in place of Human's."""

import hashlib
from importlib.resources import files
from typing import ClassVar

import pytest
from identity_models import write_identity

from humanrt import Human
from humanrt.errors import ConfigError, IntegrityError, ModelFormatError, ModelInputError
from humanrt.vision.body import blazepose, efficientpose, movenet, people, posenet
from humanrt.vision.hand import handdetect, handtrack, skeleton
from humanrt.vision.object import centernet, nanodet
from humanrt.vision.segmentation import class_map, instances, matting
from humanrt.zoo import Store, default_cache_dir, find_card
from parity.pictures import PICTURES

FACE = PICTURES / "human_face.png"
BLAZEFACE = find_card("blazeface")


@pytest.fixture
def my_cards(tmp_path):
    """A folder with a card for Human's detector under another name, and its files."""
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


OFF = {"enabled": False}
MINE = {"face": {"detector": {"modelPath": "mine.json"}, "mesh": {"enabled": False}}}
HUMANS = {"face": {"mesh": {"enabled": False}}}


async def faces(config):
    async with Human(config) as human:
        with await human.detect(FACE) as result:
            return [(face.score, face.box) for face in result.face]


async def test_a_card_in_the_configuration(my_cards, monkeypatch):
    monkeypatch.delenv("HUMANRT_CARDS", raising=False)
    assert await faces({**MINE, "cards": str(my_cards)}) == await faces(HUMANS) != []


async def test_a_card_in_the_environment(my_cards, monkeypatch):
    monkeypatch.setenv("HUMANRT_CARDS", str(my_cards / "mine.toml"))
    assert await faces(MINE) == await faces(HUMANS)


async def test_a_card_for_another_key(my_cards):
    with pytest.raises(ConfigError, match=r"face\.mesh\.model_path is 'mine', which is a model for face\.detector"):
        await faces({"cards": str(my_cards), "face": {"mesh": {"modelPath": "mine"}}})


async def test_a_file_that_does_not_match_the_card(my_cards, monkeypatch, tmp_path):
    monkeypatch.setenv("HUMANRT_CACHE_DIR", str(tmp_path / "cache"))
    (my_cards / "weights" / "blazeface.bin").write_bytes(b"another")
    with pytest.raises(IntegrityError, match=r"blazeface\.bin"):
        await faces({**MINE, "cards": str(my_cards)})


async def test_cards_do_not_change_from_call_to_call(my_cards):
    async with Human(HUMANS) as human:
        with pytest.raises(ConfigError, match="cards cannot change from call to call"):
            await human.detect(FACE, {"cards": str(my_cards)})


class TestMistakenCards:
    """Models that return their input image, with cards of other outputs."""

    CONFIGS: ClassVar = {
        "body": {"body": {"model_path": "mine"}},
        "body.detector": {
            "body": {"model_path": "blazepose-lite", "detector": {"enabled": True, "model_path": "mine"}}
        },
        "hand.detector": {"hand": {"detector": {"model_path": "mine"}}},
        "hand.skeleton": {"hand": {"skeleton": {"model_path": "mine"}}},
        "object": {"object": {"model_path": "mine"}},
        "segmentation": {"segmentation": {"model_path": "mine"}},
    }
    FAMILIES: ClassVar = [
        ("body", efficientpose.OUTPUTS),
        ("body", posenet.OUTPUTS),
        ("body", movenet.SINGLE.OUTPUTS),
        ("body", movenet.SEVERAL.OUTPUTS),
        ("body", blazepose.OUTPUTS),
        ("body.detector", people.OUTPUTS),
        ("hand.detector", handtrack.OUTPUTS),
        ("hand.detector", handdetect.OUTPUTS),
        ("hand.skeleton", skeleton.OUTPUTS),
        ("object", (*centernet.OUTPUTS, centernet.LABELED)),
        ("object", nanodet.OUTPUTS),
        ("segmentation", class_map.IN_LOGITS.OUTPUTS),
        ("segmentation", instances.IN_LOGITS.OUTPUTS),
    ]

    @pytest.fixture
    def detect(self, tmp_path):
        async def detect(config_key):
            off = dict.fromkeys(("face", "body", "hand", "gesture"), OFF)
            ((module, section),) = self.CONFIGS[config_key].items()
            config = {**off, module: {"enabled": True, **section}, "cards": str(tmp_path)}
            async with Human(config) as human:
                with await human.detect(PICTURES / "human_body.png") as result:
                    return result.errors[module]

        return detect

    @pytest.mark.parametrize(("config_key", "outputs"), FAMILIES)
    async def test_outputs_of_another_shape(self, tmp_path, detect, config_key, outputs):
        write_identity(tmp_path, config_key, outputs)
        error = await detect(config_key)
        # For families whose input is not float32 [1, h, w, 3], the input is the first error.
        assert isinstance(error, ModelFormatError | ModelInputError)
        assert str(error).startswith(("mine gave ", "mine cannot run: "))

    @pytest.mark.parametrize(("config_key", "outputs"), [family for family in FAMILIES if family[0] != "segmentation"])
    async def test_two_inputs(self, tmp_path, detect, config_key, outputs):
        write_identity(tmp_path, config_key, outputs, inputs=("image", "mask"))
        with pytest.raises(
            ConfigError, match=r"the card mine has inputs of \[1, 8, 8, 3\], \[1, 8, 8, 3\]; a model for"
        ):
            await detect(config_key)

    @pytest.mark.parametrize(
        ("config_key", "outputs"),
        [
            family
            for family in FAMILIES
            if family[0] != "segmentation" and family[1] not in (handtrack.OUTPUTS, movenet.SEVERAL.OUTPUTS)
        ],
    )
    async def test_unknown_sizes(self, tmp_path, detect, config_key, outputs):
        write_identity(tmp_path, config_key, outputs, shape=(1, "height", "width", 3))
        with pytest.raises(ConfigError, match=r"the card mine has an input of \[1, 'height', 'width', 3\]; all but"):
            await detect(config_key)

    async def test_a_recurrent_model_without_states(self, tmp_path, detect):
        write_identity(tmp_path, "segmentation", matting.OUTPUTS)
        with pytest.raises(
            ConfigError, match=r"the inputs of mine are image; its use for segmentation needs image, down"
        ):
            await detect("segmentation")
