import copy
import fnmatch
import pickle
import re
import tomllib
from dataclasses import FrozenInstanceError, asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import humanrt
from humanrt.config import (
    Config,
    FaceConfig,
    FaceDetectorConfig,
    FaceIrisConfig,
    FaceMeshConfig,
    Section,
    load_config,
)
from humanrt.config.inert import INERT, why_inert
from humanrt.errors import ConfigError

# Every key of the `defaults` of Human 3.3.6 (src/config.ts), with its default; except that filters and their
# automatic brightness are off.
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
autoBrightness = false
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
    assert load_config({"preset": "human", **tomllib.loads(HUMAN_DEFAULTS)}) == Config(deallocate="manual")


def in_snake_case(values):
    if not isinstance(values, dict):
        return values
    return {re.sub("([A-Z])", r"_\1", key).lower(): in_snake_case(value) for key, value in values.items()}


def test_every_key_of_human_has_two_spellings():
    values = tomllib.loads(HUMAN_DEFAULTS)
    assert in_snake_case(values)["face"]["detector"]["max_detected"] == 1
    assert load_config(in_snake_case(values)) == load_config(values)


# Keys that only have a meaning in JavaScript: any other value than the default is refused.
REFUSED = {"wasm_path", "wasm_platform_fetch", "flags"}


def keys(section):
    """Yield the full key of each setting of a section, inner ones included."""
    for name, value in vars(section).items():
        yield from keys(value) if isinstance(value, Section) else [section.key(name)]


def in_camel_case(key):
    return re.sub("_([a-z])", lambda match: match[1].upper(), key.rpartition(".")[2])


def test_the_page_lists_the_keys_without_effect_and_those_that_are_refused():
    page = (Path(humanrt.__file__).parents[1] / "docs" / "configuration.md").read_text(encoding="utf-8")
    for key in [*REFUSED, *(key for key in keys(Config()) if why_inert(key))]:
        assert f"`{in_camel_case(key)}`" in page or f"`{key}`" in page, key


def test_every_entry_of_the_list_of_inert_keys_is_of_a_key():
    for pattern in INERT:
        assert fnmatch.filter(keys(Config()), pattern), pattern


def test_snake_case_and_camel_case_are_equivalent():
    snake = load_config(
        {"preset": "human", "face": {"detector": {"max_detected": 20, "return": True, "iou_threshold": 0.3}}}
    )
    camel = load_config(
        {"preset": "human", "face": {"detector": {"maxDetected": 20, "return": True, "iouThreshold": 0.3}}}
    )
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
def test_an_invalid_toml_file_is_refused(tmp_path, content):
    path = tmp_path / "human.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        load_config(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "absent.toml")


def test_merge_returns_a_changed_copy():
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
        ({"face": 3}, "face is 3; it must be a dict or a section"),
        ({"face": FaceMeshConfig()}, "must be a FaceConfig"),
        ({"deallocate": "never"}, "'auto' or 'manual'"),
        ({"compat": "mediapipe"}, "'human' or None"),
        ({"flags": 3}, "flags is 3; it must be a Mapping"),
        ({"segmentation": {"mode": "other"}}, "'alpha'"),
    ],
)
def test_an_error_names_the_key_and_the_accepted_values(values, message):
    with pytest.raises(ConfigError, match=message):
        load_config(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a" * 10**7: 1}, "unknown key 'a{100}'; the nearest"),
        ({"backend": "a" * 10**7}, r"backend is 'aa+\.\.\.a+'; it must be"),
        ({"device": "a" * 10**7}, r"device is 'aa+\.\.\.a+'; it must be"),
        ({"preset": "a" * 10**7}, r"preset is 'aa+\.\.\.a+'; it must be one of human, fast"),
        ({"preset": None}, "preset is None; it must be one of human, fast"),
        ({"face": [0] * 10**6}, r"face is \[0, 0, 0, 0, 0, 0, \.\.\.\]; it must be"),
        ({"flags": {str(i): i for i in range(10**5)}}, r"flags is \{'0': 0, .*, \.\.\.\}, which only"),
        ({"face": {"detector": {"input_size": [64] * 10**6}}}, "has 1000000 entries; it must have at most 64"),
        ({"max_calls": 10**10_000}, r"max_calls is an integer of \d+ bits; it must be at least 1 and below 2\*\*63"),
        ({"max_calls": -(10**10_000)}, r"max_calls is an integer of \d+ bits; it must be at least 1"),
    ],
    ids=range(10),
)
def test_an_error_of_huge_values_is_short(values, message):
    with pytest.raises(ConfigError, match=message) as raised:
        load_config(values)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("source", [3, [("face", {})], object()])
def test_other_types_are_refused(source):
    with pytest.raises(ConfigError, match="a dict or the path"):
        load_config(source)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wasmPath", "/wasm/"),
        ("wasmPlatformFetch", True),
        ("flags", {"WEBGL_PACK": True}),
    ],
)
def test_settings_of_javascript_are_refused(name, value):
    with pytest.raises(ConfigError, match="only has a meaning in JavaScript"):
        load_config({name: value})


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.floats(0, 1))
def test_settings_of_streams_accept_any_value(skip_frames, skip_time, sensitivity):
    skip = {"skipFrames": skip_frames, "skipTime": skip_time}
    load_config({"cacheSensitivity": sensitivity, "face": {"detector": skip, "mesh": skip}})


@pytest.mark.parametrize(("human", "ours"), [(True, "auto"), (False, "manual"), ("auto", "auto"), ("manual", "manual")])
def test_humans_booleans_for_deallocate(human, ours):
    assert load_config({"deallocate": human}).deallocate == ours


def test_an_integer_becomes_a_float_where_the_key_is_a_number():
    scale = load_config({"face": {"detector": {"scale": 2}}}).face.detector.scale
    assert scale == 2.0
    assert isinstance(scale, float)


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
def test_a_toml_file_may_begin_with_a_byte_order_mark(tmp_path, prefix):
    path = tmp_path / "human.toml"
    path.write_bytes(prefix + b'device = "cpu"\n')
    assert load_config(path).device == "cpu"


def test_a_toml_file_of_extreme_depth_is_refused(tmp_path):
    path = tmp_path / "human.toml"
    path.write_text(f"a = {'[' * 100_000}")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(path)


@pytest.mark.parametrize("path", ["no\0path", "\ud800"])
def test_a_path_that_cannot_exist_is_refused(path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(path)


@pytest.mark.parametrize(
    ("given", "device"),
    [("CPU", "cpu"), ("Auto", "auto"), ("CUDA", "cuda"), ("Cuda:1", "cuda:1"), ("cuda:0", "cuda:0")],
)
def test_names_of_devices_are_accepted_in_upper_case(given, device):
    assert load_config({"device": given}).device == device
    assert Config(device=given).device == device


@pytest.mark.parametrize(
    "device", ["gpu", "GPU", "tpu", "", "cpu ", "cuda:", "cuda:-1", "cuda:x", "cuda:\u0661", "cuda:0:1"]
)
def test_other_names_of_devices_are_refused_at_once(device):
    with pytest.raises(ConfigError, match='it must be "auto", "cpu", "cuda" or "cuda:N"'):
        load_config({"device": device})


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("max_detected", np.int64(7), 7),
        ("max_detected", np.uint8(7), 7),
        ("max_detected", np.array(7), 7),
        ("min_confidence", np.float64(0.5), 0.5),
        ("min_confidence", np.float32(0.5), 0.5),
        ("min_confidence", np.float16(0.5), 0.5),
        ("min_confidence", np.longdouble(0.5), 0.5),
        ("min_confidence", np.int32(1), 1.0),
        ("min_confidence", np.array(0.5, np.float32), 0.5),
        ("enabled", np.True_, True),
        ("model_path", np.str_("iris.json"), "iris.json"),
    ],
)
def test_numpy_scalars_are_accepted(key, value, expected):
    for section in (FaceDetectorConfig(**{key: value}), Config().face.detector.merge({key: value})):
        stored = getattr(section, key)
        assert (type(stored), stored) == (type(expected), expected)


def test_a_numpy_bool_is_accepted_for_deallocate():
    assert load_config({"deallocate": np.False_}).deallocate == "manual"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_detected", np.float64(7)),
        ("max_detected", np.True_),
        ("max_detected", np.array([7])),
        ("max_detected", 2**31),
        ("min_confidence", np.float32("nan")),
        ("min_confidence", np.complex64(0.5)),
        ("min_confidence", 10**400),
        ("scale", float("inf")),
        ("scale", 10**400),
        ("enabled", np.int8(1)),
        ("model_path", np.bytes_(b"iris.json")),
    ],
)
def test_values_of_other_types_and_out_of_range_are_refused(key, value):
    with pytest.raises(ConfigError, match=rf"face\.detector\.{key} is .*; it must be "):
        FaceDetectorConfig(**{key: value})


def test_a_section_is_immutable():
    section = FaceMeshConfig()
    with pytest.raises(FrozenInstanceError, match=r"face\.mesh\.enabled cannot be set"):
        section.enabled = False
    with pytest.raises(FrozenInstanceError, match=r"face\.mesh\.colour cannot be set"):
        section.colour = "red"
    with pytest.raises(FrozenInstanceError, match=r"face\.mesh\.enabled cannot be deleted"):
        del section.enabled
    assert section == FaceMeshConfig()


def test_a_section_is_a_dataclass():
    mesh = FaceMeshConfig(False, keep_invalid=True)
    assert replace(mesh, enabled=True) == FaceMeshConfig(keep_invalid=True)
    assert asdict(mesh) == vars(mesh)
    for copied in (copy.copy(mesh), copy.deepcopy(mesh), pickle.loads(pickle.dumps(mesh))):  # noqa: S301 - our own
        assert (copied, hash(copied), repr(copied)) == (mesh, hash(mesh), repr(mesh))
    assert mesh != FaceMeshConfig()
    assert mesh != FaceIrisConfig()
    assert eval(repr(mesh)) == mesh  # noqa: S307 - the text is ours


@pytest.mark.parametrize(
    ("given", "sizes"),
    [(640, (640,)), ([320, 960], (320, 960)), ((), ()), (np.int64(96), (96,)), ([np.int32(96)], (96,))],
)
def test_a_list_of_integers_may_be_one(given, sizes):
    assert load_config({"face": {"detector": {"inputSize": given}}}).face.detector.input_size == sizes


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("640", r"input_size is '640'; it must be a list of integers"),
        ([320, "960"], r"input_size is '960'; it must be an int"),
        ([True], r"input_size is True; it must be an int"),
        (0, r"input_size is 0; it must be 1 to 8192"),
        (None, r"input_size is None; it must be a list of integers"),
    ],
)
def test_other_values_than_integers_in_a_list_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        load_config({"face": {"detector": {"input_size": given}}})
