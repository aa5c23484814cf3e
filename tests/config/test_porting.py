"""Configurations of JavaScript: names of backends, and what is left out."""

import pytest

from humanrt import Config
from humanrt.config import FilterConfig, load_config
from humanrt.errors import ConfigError


@pytest.mark.parametrize(
    ("backend", "device"),
    [
        ("cpu", "cpu"),
        ("wasm", "cpu"),
        *((name, "auto") for name in ("", "none", "webgl", "humangl", "webgpu", "tensorflow")),
    ],
)
def test_names_of_backends_choose_the_device(backend, device):
    assert load_config({"backend": backend}).device == device
    assert Config(backend=backend, device="cpu").device == "cpu"


def test_an_unknown_backend_is_refused():
    with pytest.raises(ConfigError, match="backend is 'opencl'; it must be '' or 'none' or 'cpu' or 'wasm'"):
        load_config({"backend": "opencl"})


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_a_backend_and_a_device_that_contradict_each_other_are_refused(backend):
    with pytest.raises(ConfigError, match=f"backend is '{backend}', which is the CPU, and device is 'cuda:1'"):
        load_config({"backend": backend, "device": "cuda:1"})
    assert Config(backend="webgl", device="cuda:1").device == "cuda:1"


def test_software_kernels_are_understood():
    assert load_config({"softwareKernels": True}).validate().keys() == {"software_kernels"}


BROWSER = {
    "backend": "humangl",
    "modelBasePath": "https://example.org/models/",
    "wasmPath": "https://example.org/wasm/",
    "wasmPlatformFetch": True,
    "flags": {"WEBGL_PACK": True},
    "debug": True,
    "softwareKernels": True,
    "filter": {"enabled": True, "autoBrightness": True, "return": False, "width": 0},
    "face": {"detector": {"maxDetected": 5, "modelPath": "https://example.org/models/blazeface-back.json"}},
}


def test_a_configuration_of_a_browser_is_read_without_what_only_a_browser_has():
    config = Config.from_human(BROWSER)
    assert (config.wasm_path, config.wasm_platform_fetch, config.flags, config.model_base_path) == ("", False, {}, "")
    assert (config.device, config.filter.enabled, config.face.detector.max_detected) == ("auto", False, 5)
    assert config.validate().keys() == {"debug", "software_kernels"}
    assert (config.filter.return_, config.filter.auto_brightness) == (False, False)
    with pytest.raises(ConfigError):
        load_config(BROWSER)


@pytest.mark.parametrize("base", ["", "../models/", "file://models/", "http://localhost/", "https://x/"])
def test_folders_that_human_sets_itself_and_web_addresses_are_left_out(base):
    assert Config.from_human({"modelBasePath": base}).model_base_path == ""


def test_a_folder_of_the_program_is_kept():
    assert Config.from_human({"modelBasePath": "file:///srv/models"}).model_base_path == "file:///srv/models"


@pytest.mark.parametrize("setting", [{"blur": 2.0}, {"equalization": True}, {"width": 640}, {"sepia": True}])
def test_a_filter_that_is_set_is_on_as_in_human(setting):
    """Human's default of ``enabled`` is True. Its ``autoBrightness`` acts on the next picture only."""
    ((name, value),) = setting.items()
    for given in (setting, {**setting, "enabled": True, "autoBrightness": True}):
        assert Config.from_human({"filter": given}).filter == FilterConfig(**{"enabled": True, name: value})
    off = Config.from_human({"filter": {**setting, "enabled": False}}).filter
    acts = name in ("equalization", "width")  # in Human whether filters are enabled or not
    assert off == FilterConfig(**{"enabled": True, name: value} if acts else {})


@pytest.mark.parametrize("values", [None, "human.json", [("debug", True)]])
def test_only_a_dict_is_accepted(values):
    with pytest.raises(ConfigError, match="a configuration of Human is a dict, not"):
        Config.from_human(values)


def test_unknown_keys_and_wrong_values_are_refused_as_everywhere():
    with pytest.raises(ConfigError, match="nearest known one is 'face"):
        Config.from_human({"fase": {}})
    with pytest.raises(ConfigError, match=r"filter\.enabled is 1"):
        Config.from_human({"filter": {"enabled": 1}})


def test_a_configuration_as_human_prints_it_is_left_unchanged():
    values = {"filter": {"enabled": True}, "flags": {"a": 1}}
    Config.from_human(values)
    assert values == {"filter": {"enabled": True}, "flags": {"a": 1}}
