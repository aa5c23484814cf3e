"""The errors of a TOML file name the line."""

import os
import re
from pathlib import Path

import pytest

from humanrt.config import load_config
from humanrt.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a = \n", 1, "cannot be read as TOML"),
        ('device = "cpu"\n\nface = [\n', 4, "cannot be read as TOML"),
        ("# first\n[face.detector]\nmaxDetect = 3\n", 3, "unknown key 'face.detector.maxDetect'"),
        ("[face]\ndetector.max_detected = 1.5 # half\n", 2, "must be an int"),
        ("[face]\nenabled = true\n[face.detector]\nenabled = 1\n", 4, "face.detector.enabled is 1"),
        ("[face]\ndetector = { scale = 2, iou_threshold = 7 }\n", 2, "face.detector.iou_threshold is 7"),
        ("\n['face'.\"detector\"]\nscale = 0\n", 3, "face.detector.scale is 0"),
        ("[faces]\n", 1, "unknown key 'faces'"),
        ('preset = "none"\n', 1, "preset is 'none'"),
        ("[filter]\nbrightness = 3\n", 2, "filter.brightness is 3"),
    ],
)
def test_an_error_names_the_line(tmp_path, text, line, message):
    path = tmp_path / "my.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}:{line}: .*{re.escape(message)}"):
        load_config(path)


def test_an_error_of_two_keys_names_the_file(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text('device = "cuda"\nbackend = "cpu"\n')
    with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}: backend is 'cpu'"):
        load_config(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing.toml", "it does not exist"),
        (".", "it is a folder"),
        (os.devnull, "it is not a regular file"),
        ("large.toml", "it is larger than 1 MiB"),
        ("pipe", "it is not a regular file"),
        ("balanced", 'it does not exist; the preset is {"preset": "balanced"}'),
    ],
)
def test_the_error_of_a_file_that_cannot_be_read_has_the_reason(tmp_path, monkeypatch, path, reason):
    monkeypatch.chdir(tmp_path)
    Path("large.toml").write_bytes(b"#" * (2**20 + 1))
    if path == "pipe":
        os.mkfifo(path)
    message = f"the configuration '{path}' cannot be read as TOML: {reason}"
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a = " + 20_000 * "[", 1, "nested too deeply"),
        ("a = " + 20_000 * "{a = ", 1, "nested too deeply"),
        ("\n" + ".".join(20_000 * "a") + " = 1", 2, "Too many dots"),
        ("[flags." + ".".join(20_000 * "a") + "]", 1, "Too many dots"),
        ("max_calls = " + 5000 * "9", 1, "4300 digits"),
    ],
    ids=range(5),
)
def test_a_hostile_file_costs_little(tmp_path, text, line, reason):
    path = tmp_path / "my.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}:{line}: .*{reason}"):
        load_config(path)
