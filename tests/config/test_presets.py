import ast

import pytest

from humanrt.config import Config, default_config, load_config
from humanrt.config.presets import PRESETS
from humanrt.errors import ConfigError
from humanrt.vision.modules import needed_models
from humanrt.zoo import find_card

NAMES = ("human", "fast", "balanced", "accurate")


def test_the_names():
    assert tuple(PRESETS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_a_plain_config_that_can_be_printed(name):
    preset = Config.preset(name)
    assert type(preset) is Config
    assert ast.parse(repr(preset)).body
    assert preset == Config.preset(name)
    for key, path in needed_models(preset).items():
        assert find_card(path).config_key == key


def test_the_defaults_of_the_dataclasses_are_humans():
    assert Config.preset("human") == Config()


def test_what_names_no_preset_starts_from_balanced(tmp_path):
    changes = {"face": {"detector": {"max_detected": 7}}}
    path = tmp_path / "mine.toml"
    path.write_text("[face.detector]\nmaxDetected = 7\n", encoding="utf-8")
    assert load_config() == load_config({}) == default_config() == Config.preset("balanced")
    assert load_config(changes) == load_config(path) == Config.preset("balanced").merge(changes)
    assert load_config(changes, Config()) == Config().merge(changes)  # a call's, over a Human's


def test_what_is_compatible_with_human_starts_from_its_preset(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('compat = "human"\n', encoding="utf-8")
    assert load_config({"compat": "human"}) == load_config(path) == Config(compat="human")
    assert load_config({"compat": "human", "preset": "fast"}) == Config.preset("fast").merge({"compat": "human"})
    assert Config.from_human({}) == Config()


def test_another_detector_does_not_have_the_sizes_of_the_presets():
    detector = Config.preset("accurate").face.detector
    assert detector.merge({"modelPath": "blazeface.json"}).input_size == ()
    assert detector.merge({"modelPath": "faceboxes.json", "inputSize": 320}).input_size == (320,)
    assert detector.merge({"modelPath": "yunet.onnx"}).input_size == (256, 640, 1280)


def test_another_body_model_has_neither_the_size_nor_the_confidence_of_the_presets():
    body = Config.preset("balanced").body
    assert (body.input_size, body.keypoint_confidence) == (449, 0.5)
    other = body.merge({"modelPath": "movenet-multipose.json"})
    assert (other.input_size, other.keypoint_confidence, other.min_keypoints) == (0, 0, 3)
    other = body.merge({"modelPath": "movenet-multipose.json", "inputSize": 320, "keypointConfidence": 0.25})
    assert (other.input_size, other.keypoint_confidence) == (320, 0.25)
    same = body.merge({"modelPath": "posenet.json", "minConfidence": 0.4})
    assert (same.input_size, same.keypoint_confidence) == (449, 0.5)


def test_the_models_of_balanced_weigh_at_most_65_mb():
    cards = {find_card(path) for path in needed_models(Config.preset("balanced")).values()}
    total = sum(card.size for card in cards)
    print(f"balanced: {len(cards)} models, {total / 1e6:.1f} MB")
    assert total <= 65_000_000


@pytest.mark.parametrize("name", NAMES[1:])
def test_all_faces_and_neither_bodies_nor_hands_bound_to_them(name):
    preset = Config.preset(name)
    assert preset.face.detector.max_detected >= 100
    assert preset.body.max_detected > 0
    assert not preset.hand.enabled or preset.hand.max_detected > 0
    assert (preset.body.min_keypoints, preset.body.below_neck) == (3, True)
    # Where the threshold of bodies is low, a keypoint needs a higher score to confirm one.
    assert preset.body.keypoint_confidence > preset.body.min_confidence or name == "fast"
    assert preset.hand.confirmed or not preset.hand.enabled


def test_a_dict_and_a_file_name_a_preset_and_change_it(tmp_path):
    changes = {"face": {"detector": {"max_detected": 7}}}
    expected = Config.preset("accurate").merge(changes)
    assert load_config({"preset": "accurate", **changes}) == expected
    assert Config().merge({"preset": "accurate", **changes}) == expected
    path = tmp_path / "mine.toml"
    path.write_text('preset = "accurate"\n[face.detector]\nmaxDetected = 7\n', encoding="utf-8")
    assert load_config(path) == expected


def test_a_preset_replaces_all_but_what_is_fixed():
    base = Config(device="cpu", deallocate="manual", cards="mine", raise_errors=True)
    fast = load_config({"preset": "fast"}, base)
    assert fast == Config.preset("fast").merge({"device": "cpu", "deallocate": "manual", "cards": "mine"})
    assert not fast.raise_errors


@pytest.mark.parametrize("name", ["best", "", 1, None, ["fast"]])
def test_an_unknown_preset_is_refused(name):
    with pytest.raises(ConfigError, match=r"preset is .*; it must be one of human, fast, balanced, accurate"):
        load_config({"preset": name})
