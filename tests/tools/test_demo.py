"""The command ``tools/demo``. Its environment is installed: these tests run in it."""

import os
import subprocess
from pathlib import Path

import pytest

from parity.pictures import PICTURES, read_picture

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def run(command, **environment):
    # From another folder, without an activated environment.
    return subprocess.run(
        command, cwd="/", env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_the_demo_on_humans_samples_draws_and_leaves_no_tensors():
    done = run([ROOT / "tools" / "demo"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("faces: 1, ") == 2
    assert "live tensors: 0 before, 0 after" in done.stdout
    drawn = [Path(line.split("drawn: ")[1]) for line in done.stdout.splitlines() if "drawn: " in line]
    assert [path.name for path in drawn] == ["human_face.png", "human_body.png"]
    for path in drawn:
        assert (read_picture(path.stem) != read_picture(path.with_suffix(""))).any()
    assert run(["git", "-C", ROOT, "status", "--porcelain", "build"]).stdout == ""


def test_the_demo_on_other_pictures_names_the_one_that_fails():
    done = run([ROOT / "tools" / "demo", PICTURES / "astronaut.png", "/no/such/file"])
    assert done.returncode == 1
    assert "faces: 1, " in done.stdout
    assert "/no/such/file" in done.stderr


def test_offline_with_an_empty_cache_the_error_names_the_cure(tmp_path):
    done = run([ROOT / "tools" / "demo"], HUMANRT_CACHE_DIR=str(tmp_path), HUMANRT_OFFLINE="1")
    assert done.returncode == 1
    assert "humanrt models pull" in done.stderr


class TestPrerequisites:
    """The error of a missing prerequisite names the cure: a copy of the tools, without .venv, runs fake programs."""

    @pytest.fixture
    def checkout(self, tmp_path):
        (tmp_path / "tools").mkdir()
        for name in ("demo", "demo.py", "environment.sh"):
            path = tmp_path / "tools" / name
            path.write_bytes((ROOT / "tools" / name).read_bytes())
            path.chmod(0o755)
        for name in ("pyproject.toml", "constraints.txt"):
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in ("dirname", "basename", "cat", "cksum", "tee"):
            (programs / name).symlink_to(f"/usr/bin/{name}")
        return tmp_path

    def demo(self, checkout, python):
        """Run the demo with one Python on PATH, a script whose text is ``python``."""
        if python:
            program = checkout / "bin" / "python3"
            program.write_text(f"#!/bin/sh\n{python}\n")
            program.chmod(0o755)
        return run(["/bin/sh", checkout / "tools" / "demo"], PATH=str(checkout / "bin"))

    @pytest.mark.parametrize("python", ["", "exit 1"], ids=["no-python", "python-too-old"])
    def test_python(self, checkout, python):
        done = self.demo(checkout, python)
        assert done.returncode == 1
        assert "Python 3.11 or later" in done.stderr
        assert "apt install python3" in done.stderr

    def test_no_venv_module(self, checkout):
        done = self.demo(checkout, 'case "$2" in *ensurepip*) exit 1;; esac')
        assert done.returncode == 1
        assert "apt install python3-venv" in done.stderr

    def fake_environment(self, checkout, python):
        """Run the demo with a python3 that creates a .venv with a fake Python."""
        maker = f"""
case "$*" in
*"-m venv"*) for folder; do :; done; mkdir -p "$folder/bin"
    printf '%s\\n' '#!/bin/sh' '{python}' > "$folder/bin/python"; chmod +x "$folder/bin/python";;
esac"""
        for name in ("mkdir", "chmod"):
            (checkout / "bin" / name).symlink_to(f"/bin/{name}")
        return self.demo(checkout, maker)

    def test_no_registry(self, checkout):
        done = self.fake_environment(checkout, 'case "$*" in *pip*) exit 1;; esac')
        assert done.returncode == 1
        assert "check that PyPI" in done.stderr

    def test_no_system_libraries_for_opencv(self, checkout):
        done = self.fake_environment(checkout, 'case "$*" in *cv2*) exit 1;; esac')
        assert done.returncode == 1
        assert "apt install libgl1 libglib2.0-0" in done.stderr
        assert "opencv-python-headless" in done.stderr
        assert not (checkout / ".venv" / "set-up-demo").exists()
