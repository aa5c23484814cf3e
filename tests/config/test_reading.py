"""The errors of a TOML file name the line."""

import re

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
