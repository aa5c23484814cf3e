"""The wheel, installed into an environment of its own."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "tests" / "pictures" / "human_face.png"

pytestmark = pytest.mark.slow(10)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, ROOT], check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_contents(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    roots = {name.split("/")[0] for name in names}
    assert roots == {"humanrt", "humanrt_models", f"{wheel.name.split('-py3')[0]}.dist-info"}
    assert "humanrt/py.typed" in names
    assert "humanrt_models/face/blazeface.toml" in names
    (entry_points,) = (name for name in names if name.endswith("/entry_points.txt"))
    assert "[pytest11]\nhumanrt = humanrt.pytest_plugin\n" in zipfile.ZipFile(wheel).read(entry_points).decode()
    assert not [name for name in names if name.endswith((".bin", ".onnx", ".jpg", ".pyc"))]


def test_the_installed_command_detects_a_face(wheel, tmp_path):
    venv.create(tmp_path / "empty")
    programs = tmp_path / "empty" / "bin"
    # Without the variables of this environment, which could make files of the checkout importable.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    pip = [sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet", "--no-compile"]
    install = [*pip, "--constraint", ROOT / "constraints.txt", f"{wheel}[cpu]"]
    subprocess.run(install, cwd=tmp_path, env=environment, check=True, capture_output=True)
    command = [programs / "humanrt", "detect", "--json", PICTURE]
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    (face,) = json.loads(done.stdout)["face"]
    assert face["score"] > 0.9
    assert len(face["mesh"]) == 478
