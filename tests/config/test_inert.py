"""Which settings are named as those without effect."""

from humanrt import Config, FaceConfig, FaceDetectorConfig
from humanrt.config import load_config
from humanrt.config.inert import INERT, why_inert


def test_the_default_configuration_names_none():
    assert Config().validate() == {}


def test_a_setting_that_has_no_effect_is_named_with_the_reason():
    face = {"ssrnet": {"minConfidence": 1}}
    config = load_config({"async": False, "debug": True, "hand": {"modelPath": "a"}, "face": face})
    assert config.validate() == {
        "async": INERT["async"],
        "debug": INERT["debug"],
        "face.ssrnet.min_confidence": "as in Human",
        "hand.model_path": INERT["hand.model_path"],
    }


def test_settings_that_act_and_those_that_equal_the_default_are_not_named():
    detector = FaceDetectorConfig(max_detected=7, scale=2)
    assert Config(face=FaceConfig(detector=detector), warmup="face", backend="webgl").validate() == {}
    assert load_config({"debug": False, "cacheModels": True}).validate() == {}


def test_a_pattern_stands_for_the_keys_of_a_section():
    assert why_inert("face.mesh.skip_time") == INERT["face.mesh.skip_*"]
    assert load_config({"face": {"mesh": {"skipTime": 3}}}).validate().keys() == {"face.mesh.skip_time"}
    assert why_inert("face.detector.scale") is None
