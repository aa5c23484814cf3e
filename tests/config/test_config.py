import re
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import humanrt
from humanrt.config import Config, FaceConfig, FaceDetectorConfig, FaceMeshConfig, load_config
from humanrt.errors import ConfigError

# Every key of Human 3.3.6's own `defaults` (src/config.ts), with its default; filters are not here yet, and off.
HUMAN_DEFAULTS = """
backend = ""
modelBasePath = ""
cacheModels = true
validateModels = true
wasmPath = ""
wasmPlatformFetch = false
debug = false
async = true
warmup = "full"
cacheSensitivity = 0.70
skipAllowed = false
deallocate = false
flags = {}
softwareKernels = false
gesture = { enabled = true }
segmentation = { enabled = false, modelPath = "rvm.json", ratio = 0.5, mode = "default" }

[body]
enabled = true
modelPath = "movenet-lightning.json"
maxDetected = -1
minConfidence = 0.3
skipFrames = 1
skipTime = 200

[filter]
enabled = false
equalization = false
width = 0
height = 0
flip = false
return = true
autoBrightness = true
brightness = 0
contrast = 0
sharpness = 0
blur = 0
saturation = 0
hue = 0
negative = false
sepia = false
vintage = false
kodachrome = false
technicolor = false
polaroid = false
pixelate = 0

[face]
enabled = true
mesh = { enabled = true, modelPath = "facemesh.json", keepInvalid = false }
attention = { enabled = false, modelPath = "facemesh-attention.json" }
iris = { enabled = true, scale = 2.3, modelPath = "iris.json" }
emotion = { enabled = true, minConfidence = 0.1, skipFrames = 99, skipTime = 1500, modelPath = "emotion.json" }
description = { enabled = true, modelPath = "faceres.json", skipFrames = 99, skipTime = 3000, minConfidence = 0.1 }
antispoof = { enabled = false, skipFrames = 99, skipTime = 4000, modelPath = "antispoof.json" }
liveness = { enabled = false, skipFrames = 99, skipTime = 4000, modelPath = "liveness.json" }
gear = { enabled = false, minConfidence = 0.1 }
ssrnet = { enabled = false, modelPathAge = "age.json", modelPathGender = "gender.json" }
mobilefacenet = { enabled = false }
insightface = { enabled = false }

[face.detector]
modelPath = "blazeface.json"
rotation = false
maxDetected = 1
skipFrames = 99
skipTime = 2500
minConfidence = 0.2
minSize = 0
iouThreshold = 0.1
scale = 1.4
mask = false
square = false
return = false

[hand]
enabled = true
rotation = true
skipFrames = 99
skipTime = 1000
minConfidence = 0.50
iouThreshold = 0.2
maxDetected = -1
landmarks = true
detector = { modelPath = "handtrack.json" }
skeleton = { modelPath = "handlandmark-lite.json" }

[object]
enabled = false
modelPath = "centernet.json"
minConfidence = 0.2
iouThreshold = 0.4
maxDetected = 10
skipFrames = 99
skipTime = 2000
"""


def test_every_key_of_human_is_known_with_its_default():
    # deallocate=False, Human's default, is our "manual"; ours is "auto".
    assert load_config(tomllib.loads(HUMAN_DEFAULTS)) == Config(deallocate="manual")


def in_snake_case(values):
    if not isinstance(values, dict):
        return values
    return {re.sub("([A-Z])", r"_\1", key).lower(): in_snake_case(value) for key, value in values.items()}


def test_every_key_of_human_has_two_spellings():
    values = tomllib.loads(HUMAN_DEFAULTS)
    assert in_snake_case(values)["face"]["detector"]["max_detected"] == 1
    assert load_config(in_snake_case(values)) == load_config(values)


# Accepted, and without effect: see engine/docs/configuration.md.
NO_EFFECT = {"skip_frames", "skip_time", "cache_sensitivity", "skip_allowed", "debug", "async_", "warmup"}
NO_EFFECT |= {"cache_models", "validate_models"}
REFUSED = {"backend", "wasm_path", "wasm_platform_fetch", "flags", "software_kernels"}
LATER = {"filter", "gesture", "body", "hand", "object", "segmentation"}


def face_and_general_keys(section):
    for item in fields(section):
        value = getattr(section, item.name)
        if item.name not in LATER:
            yield from face_and_general_keys(value) if is_dataclass(value) else [item.name]


def test_every_key_about_faces_and_in_general_does_something_or_is_known_not_to():
    root = Path(humanrt.__file__).parent
    code = "".join(path.read_text() for path in root.rglob("*.py") if path.parent.name != "config")
    used = {name for name in face_and_general_keys(Config()) if re.search(rf"\.{name}\b|\"{name}\"", code)}
    # Two whose names are put together of parts.
    used |= {"model_path_age", "model_path_gender", "model_path"}
    assert set(face_and_general_keys(Config())) - used - NO_EFFECT - REFUSED == set()
    page = (root.parent / "docs" / "configuration.md").read_text(encoding="utf-8")
    for name in NO_EFFECT | REFUSED:
        spelling = name.rstrip("_")
        camel_case = re.sub("_([a-z])", lambda match: match[1].upper(), spelling)
        assert f"`{camel_case}`" in page, name


def test_snake_case_and_camel_case_say_the_same():
    snake = load_config({"face": {"detector": {"max_detected": 20, "return": True, "iou_threshold": 0.3}}})
    camel = load_config({"face": {"detector": {"maxDetected": 20, "return": True, "iouThreshold": 0.3}}})
    assert (
        snake
        == camel
        == Config(face=FaceConfig(detector=FaceDetectorConfig(max_detected=20, return_=True, iou_threshold=0.3)))
    )


def test_a_toml_file(tmp_path):
    path = tmp_path / "human.toml"
    path.write_text('device = "cpu"\n[face.detector]\nmaxDetected = 7\nreturn = true\n')
    config = load_config(path)
    assert (config.device, config.face.detector.max_detected, config.face.detector.return_) == ("cpu", 7, True)
    assert load_config(str(path)) == config


@pytest.mark.parametrize("content", [b"face = [", b"\xff\xfe", b"[face]\ndetector = 3\n"])
def test_a_bad_toml_file_is_refused(tmp_path, content):
    path = tmp_path / "human.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        load_config(path)
    with pytest.raises(ConfigError, match="cannot read"):
        load_config(tmp_path / "absent.toml")


def test_merge_lays_over_and_changes_neither():
    base = load_config({"face": {"detector": {"max_detected": 5}}})
    merged = base.merge({"face": {"mesh": {"enabled": False}}})
    assert (merged.face.detector.max_detected, merged.face.mesh.enabled) == (5, False)
    assert base.face.mesh.enabled


def test_a_section_object_replaces_the_section():
    mesh = FaceMeshConfig(keep_invalid=True)
    assert load_config({"face": {"mesh": mesh}}).face.mesh is mesh


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"face": {"detector": {"maxDetect": 20}}}, r"'face\.detector\.maxDetect'.*'face\.detector\.max_detected'"),
        ({"faces": {}}, "'faces'.*'face'"),
        ({3: 4}, "'3'"),
        ({"face": {"enabled": 1}}, r"face\.enabled is 1; it must be a bool"),
        ({"face": {"detector": {"max_detected": True}}}, "must be an int"),
        ({"face": {"detector": {"max_detected": 1.5}}}, "must be an int"),
        ({"face": {"detector": {"max_detected": 0}}}, "at least 1"),
        ({"face": {"detector": {"min_confidence": 1.01}}}, "0 to 1"),
        ({"face": {"detector": {"min_confidence": float("nan")}}}, "0 to 1"),
        ({"face": {"detector": {"scale": 0}}}, "at least"),
        ({"face": {"detector": {"modelPath": None}}}, "must be a str"),
        ({"face": {"detector": {"return": "yes"}}}, r"face\.detector\.return is 'yes'"),
        ({"face": {"detector": {"max_detected": 1, "maxDetected": 2}}}, "given twice"),
        ({"face": 3}, "face is a section"),
        ({"face": FaceMeshConfig()}, "must be a FaceConfig"),
        ({"deallocate": "never"}, "'auto' or 'manual'"),
        ({"compat": "mediapipe"}, "'human' or None"),
        ({"flags": 3}, "flags is 3; it must be a Mapping"),
        ({"segmentation": {"mode": "other"}}, "'alpha'"),
    ],
)
def test_what_is_wrong_is_named(values, message):
    with pytest.raises(ConfigError, match=message):
        load_config(values)


@pytest.mark.parametrize("source", [3, [("face", {})], object()])
def test_what_is_no_configuration_is_refused(source):
    with pytest.raises(ConfigError, match="a dict or the path"):
        load_config(source)


MISSING = ["filter"]


def nested(path, value):
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


@pytest.mark.parametrize("path", MISSING)
def test_a_module_that_is_not_there_yet(path):
    load_config(nested(path, {"enabled": False}))
    with pytest.raises(ConfigError, match=f"not available in this version: {path}.enabled"):
        load_config(nested(path, {"enabled": True}))


def test_a_switch_that_is_not_there_yet():
    with pytest.raises(ConfigError, match=r"filter\.equalization"):
        load_config({"filter": {"equalization": True}})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("backend", "webgl"),
        ("wasmPath", "/wasm/"),
        ("wasmPlatformFetch", True),
        ("flags", {"WEBGL_PACK": True}),
        ("softwareKernels", True),
    ],
)
def test_what_only_means_something_in_javascript_is_refused(name, value):
    with pytest.raises(ConfigError, match="only means something in JavaScript"):
        load_config({name: value})


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.floats(0, 1))
def test_frame_caching_is_accepted_at_any_value(skip_frames, skip_time, sensitivity):
    skip = {"skipFrames": skip_frames, "skipTime": skip_time}
    load_config({"cacheSensitivity": sensitivity, "face": {"detector": skip, "mesh": skip}})


@pytest.mark.parametrize(("human", "ours"), [(True, "auto"), (False, "manual"), ("auto", "auto"), ("manual", "manual")])
def test_humans_booleans_for_deallocate(human, ours):
    assert load_config({"deallocate": human}).deallocate == ours


def test_numbers_become_what_the_key_holds():
    scale = load_config({"face": {"detector": {"scale": 2}}}).face.detector.scale
    assert scale == 2.0
    assert isinstance(scale, float)
