"""Every key of the configuration acts, or is refused by name, or is listed by ``validate()``."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from switches import OFF, ON

import humanrt
from humanrt import Config, Human
from humanrt.config import Section, load_config
from humanrt.config.inert import why_inert
from humanrt.errors import ConfigError, UnknownModelError
from humanrt.imaging.styles import STYLES
from parity.pictures import PICTURES

OTHER_NAMES = {"max_pixels"}  # translated when a configuration is created
REFUSED = {"wasm_path", "wasm_platform_fetch", "flags"}

OTHER_MODELS = {
    "face": {"attention": ON, "description": OFF, "emotion": OFF},
    "body": {"model_path": "blazepose-lite.json", "detector": ON},
    "hand": {"detector": {"model_path": "handdetect.json"}},
    "segmentation": {"enabled": True, "model_path": "rvm.json"},
}
EVERYTHING = {
    "preset": "human",
    "face": dict.fromkeys(("antispoof", "liveness", "gear", "ssrnet", "mobilefacenet"), ON),
    "body": {"below_neck": True},
    "object": ON,
    "segmentation": {"enabled": True, "model_path": "selfie.json"},
}
IN_MOTION = {
    "face": {name: {"skip_frames": 9, "skip_time": 9000} for name in ("gear", "ssrnet", "mobilefacenet")}
    | {"embedding": ON},
    "tracking": {"smoothing": True},
    "skip_allowed": True,
}
REDUCED = {"image": {"max_side": 640}, "body": {"model_path": "posenet.json"}}
FILTERED = {"filter": {"enabled": True, "auto_brightness": True, "equalization": True, "width": 256}}
NO_MODEL = {"face.insightface.skip_frames", "face.insightface.skip_time"}  # read as those of mobilefacenet


def keys(section):
    for name, value in vars(section).items():
        yield from keys(value) if isinstance(value, Section) else [section.key(name)]


def another_value(key):
    """Return a valid value for a key that is not its default."""
    value = Config()
    for name in key.split("."):
        value = vars(value).get(name, vars(value).get(f"{name}_"))
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1 if value >= 1 or isinstance(value, int) else value / 2 + 0.01
    return {"a": 1} if isinstance(value, dict) else f"x{value}"


def nested(key, value):
    for name in reversed(key.split(".")):
        value = {name: value}
    return value


@pytest.fixture
def read(monkeypatch):
    """The keys whose values the library reads, outside of ``config/``."""
    found, plain, package = set(), object.__getattribute__, Path(humanrt.__file__).parent

    def note(section, name):
        reader = Path(sys._getframe(1).f_code.co_filename)
        if reader.is_relative_to(package) and reader.parent.name != "config":
            found.add(section.key(name))
        return plain(section, name)

    monkeypatch.setattr(Section, "__getattribute__", note, raising=False)
    return found


@pytest.mark.parametrize("key", [key for key in keys(Config()) if why_inert(key)])
def test_a_key_without_effect_is_listed(key):
    value = another_value(key)
    for spelling in (key, re.sub("_([a-z])", lambda match: match[1].upper(), key)):
        assert load_config(nested(spelling, value)).validate() == {key: why_inert(key)}


@pytest.mark.parametrize("key", sorted(REFUSED))
def test_a_key_that_cannot_act_is_refused_by_name(key):
    with pytest.raises(ConfigError, match=f"^{re.escape(key)} is "):
        load_config(nested(key, another_value(key)))


@pytest.mark.parametrize("key", ["max_pixels", "maxPixels"])
def test_the_old_name_of_the_limit_of_pixels(key):
    config = load_config({key: 5_000})
    assert config == load_config({"image": {"max_pixels": 5_000}})
    assert (config.max_pixels, config.merge({"image": {"max_bytes": 9}}).image.max_pixels) == (None, 5_000)
    assert load_config({"image": {"maxPixels": 7}}, config).image.max_pixels == 7
    assert load_config({"preset": "fast", key: 5_000}).image.max_side == Config.preset("fast").image.max_side
    with pytest.raises(ConfigError, match="max_pixels is 0"):
        load_config({key: 0})


def test_a_backend_is_translated():
    assert {load_config({"backend": name}).device for name in ("cpu", "webgl")} == {"cpu", "auto"}


@pytest.mark.slow(8)
async def test_every_other_key_is_read(read, monkeypatch):
    async def fail(*_):
        raise RuntimeError("mine")

    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)  # a face that the mesh denies
    async with Human(EVERYTHING) as human:
        (await human.detect(PICTURES / "human_face.png", FILTERED)).dispose()
        (await human.warmup(OTHER_MODELS)).dispose()
        (await human.detect(PICTURES / "human_face.png", REDUCED)).dispose()
        with human.session() as session:
            for config in (IN_MOTION, IN_MOTION, OTHER_MODELS, OTHER_MODELS):
                (await human.detect(PICTURES / "human_face.png", config, session=session)).dispose()
        with human.engine.tensor(noise) as image:
            for name in STYLES:
                (await human.engine.style(image, human.config.style.merge({"name": name}))).dispose()
        with pytest.raises(UnknownModelError):  # no package has the model
            await human.load({"face": {"insightface": ON}})
        monkeypatch.setattr("humanrt.vision.modules.detect_objects", fail)
        with await human.detect(noise, {"face": {"detector": {"min_confidence": 0.05}}}) as result:
            assert result.errors.keys() == {"object"}
    inert = {key for key in keys(Config()) if why_inert(key)}
    assert set(keys(Config())) - read == inert | REFUSED | NO_MODEL | OTHER_NAMES
