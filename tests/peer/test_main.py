"""The command ``python tools/parity``."""

import re
import subprocess
import sys

import pytest

from parity.install import ROOM
from parity.pictures import PICTURES
from parity.table import README


def run(*arguments, **environment):
    command = [sys.executable, str(ROOM), *arguments]
    return subprocess.run(command, env=environment or None, capture_output=True, text=True, timeout=60)


@pytest.mark.slow
def test_help_lists_the_commands():
    done = run("--help")
    assert done.returncode == 0
    assert "models" in done.stdout
    assert "human" in done.stdout


@pytest.mark.slow
def test_without_node_it_fails_with_the_reason(tmp_path):
    done = run("models", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "the peers need Node 20.9" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("peer")
def test_a_model_by_name():
    before = README.exists() and README.read_bytes()
    done = run("models", "emotion")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert re.fullmatch(r"emotion: ONNX Runtime \d+\.\d\d ms, TF\.js WASM \d+\.\d\d ms", first)
    assert re.fullmatch(r"  emotions +\d\.\de-\d\d +\d\.\de-\d\d +", second)
    assert (README.exists() and README.read_bytes()) == before


@pytest.mark.slow
@pytest.mark.usefixtures("peer")
def test_an_unknown_model():
    done = run("models", "emotoin")
    assert done.returncode == 1
    assert "did you mean 'emotion'?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("peer")
def test_a_picture_beside_human(tmp_path):
    done = run("human", str(PICTURES / "human_face.png"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "human_face.png" in done.stdout
    missing = run("human", str(tmp_path / "absent.png"))
    assert missing.returncode == 1
    assert "absent.png" in missing.stderr
    assert "Traceback" not in missing.stderr
