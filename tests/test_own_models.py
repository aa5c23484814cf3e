"""Custom models, with model cards of their own, in the place of Human's."""

import hashlib
from importlib.resources import files
from typing import ClassVar

import pytest
from identity_models import write_identity
from switches import FACES_ALONE

from humanrt import Human
from humanrt.errors import ConfigError, IntegrityError, ModelFormatError, ModelInputError
from humanrt.vision.body.blazepose import BLAZEPOSE
from humanrt.vision.body.efficientpose import EFFICIENTPOSE
from humanrt.vision.body.movenet import SEVERAL, SINGLE
from humanrt.vision.body.people import REGION_DETECTOR
from humanrt.vision.body.posenet import POSENET
from humanrt.vision.hand.handdetect import HANDDETECT
from humanrt.vision.hand.handtrack import HANDTRACK
from humanrt.vision.hand.skeleton import SKELETON
from humanrt.vision.object.centernet import CENTERNET
from humanrt.vision.object.nanodet import NANODET
from humanrt.vision.segmentation import class_map, instances
from humanrt.vision.segmentation.matting import MATTING
from humanrt.zoo import Store, default_cache_dir, find_card
from parity.pictures import PICTURES

FACE = PICTURES / "human_face.png"
BLAZEFACE = find_card("blazeface")


@pytest.fixture
def my_cards(tmp_path):
    """A folder with a model card for Human's own detector under another name, its files beside it."""
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
MINE = {**FACES_ALONE, "face": {"detector": {"modelPath": "mine.json"}, "mesh": OFF, "description": OFF}}
HUMANS = {**FACES_ALONE, "face": {"mesh": OFF, "description": OFF}}


async def faces(config):
    async with Human(config) as human:
        with await human.detect(FACE) as result:
            return [(face.score, face.box) for face in result.face]


async def test_cards_may_be_named_in_the_configuration(my_cards, monkeypatch):
    monkeypatch.delenv("HUMANRT_CARDS", raising=False)
    assert await faces({**MINE, "cards": str(my_cards)}) == await faces(HUMANS) != []


async def test_cards_may_be_named_in_the_environment(my_cards, monkeypatch):
    monkeypatch.setenv("HUMANRT_CARDS", str(my_cards / "mine.toml"))
    assert await faces(MINE) == await faces(HUMANS)


async def test_a_model_for_another_key_is_refused(my_cards):
    with pytest.raises(ConfigError, match=r"face\.mesh\.model_path is 'mine', which is a model for face\.detector"):
        await faces({"cards": str(my_cards), "face": {"mesh": {"modelPath": "mine"}}})


async def test_a_file_with_another_digest_is_refused(my_cards, monkeypatch, tmp_path):
    monkeypatch.setenv("HUMANRT_CACHE_DIR", str(tmp_path / "cache"))
    (my_cards / "weights" / "blazeface.bin").write_bytes(b"another")
    with pytest.raises(IntegrityError, match=r"blazeface\.bin"):
        await faces({**MINE, "cards": str(my_cards)})


async def test_cards_do_not_change_from_call_to_call(my_cards):
    async with Human(HUMANS) as human:
        with pytest.raises(ConfigError, match="cards cannot change from call to call"):
            await human.detect(FACE, {"cards": str(my_cards)})


class TestMistakenCards:
    """The model's outputs are its input; the model card describes them as something else."""

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
        ("body", EFFICIENTPOSE.outputs),
        ("body", POSENET.outputs),
        ("body", SINGLE.outputs),
        ("body", SEVERAL.outputs),
        ("body", BLAZEPOSE.outputs),
        ("body.detector", REGION_DETECTOR.outputs),
        ("hand.detector", HANDTRACK.outputs),
        ("hand.detector", HANDDETECT.outputs),
        ("hand.skeleton", SKELETON.outputs),
        ("object", (*CENTERNET.outputs, CENTERNET.labeled)),
        ("object", NANODET.outputs),
        ("segmentation", class_map.IN_LOGITS.outputs),
        ("segmentation", instances.IN_LOGITS.outputs),
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
    async def test_outputs_of_another_shape_are_refused(self, tmp_path, detect, config_key, outputs):
        write_identity(tmp_path, config_key, outputs)
        error = await detect(config_key)
        # For families whose input is not float32 [1, h, w, 3] that is the error.
        assert isinstance(error, ModelFormatError | ModelInputError)
        assert str(error).startswith(("mine returned ", "mine cannot run: "))

    @pytest.mark.parametrize(("config_key", "outputs"), [family for family in FAMILIES if family[0] != "segmentation"])
    async def test_two_inputs_are_refused(self, tmp_path, detect, config_key, outputs):
        write_identity(tmp_path, config_key, outputs, inputs=("image", "mask"))
        with pytest.raises(
            ConfigError, match=r"the model card mine has inputs of \[1, 8, 8, 3\], \[1, 8, 8, 3\]; a model for"
        ):
            await detect(config_key)

    @pytest.mark.parametrize(
        ("config_key", "outputs"),
        [
            family
            for family in FAMILIES
            if family[0] != "segmentation" and family[1] not in (HANDTRACK.outputs, SEVERAL.outputs)
        ],
    )
    async def test_open_sizes_are_refused(self, tmp_path, detect, config_key, outputs):
        write_identity(tmp_path, config_key, outputs, shape=(1, "height", "width", 3))
        with pytest.raises(
            ConfigError, match=r"the model card mine has an input of \[1, 'height', 'width', 3\]; all sizes but"
        ):
            await detect(config_key)

    async def test_a_recurrent_model_without_states_is_refused(self, tmp_path, detect):
        write_identity(tmp_path, "segmentation", MATTING.outputs)
        with pytest.raises(
            ConfigError, match=r"the inputs of mine are image; a model for segmentation needs image, down"
        ):
            await detect("segmentation")
