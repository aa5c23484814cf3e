"""Every file in examples/ runs, prints something sensible, and warns of nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from parity.pictures import PICTURES

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
ASTRONAUT, BLACK = str(PICTURES / "astronaut.png"), str(PICTURES / "black.png")

EXPECTED = {
    "detect_faces.py": ([ASTRONAUT], ["score 1.00, box 145 x 145", "nose at"]),
    "everything.py": (
        ["everything.png"],
        ["person 0: female", "'leftWrist'", "objects: ['person']", "person: 16% of the picture", "live tensors: 0"],
    ),
    "many_at_once.py": ([ASTRONAUT, BLACK, "/no/such/file"], ["astronaut.png: 1", "no answer", "live tensors: 0"]),
    "scopes.py": ([], ["after the workers: 4", "[[0, 2], [1, 2], [2, 2], [3, 2]]", "after dispose: 0"]),
}


def test_every_example_is_here():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(EXPECTED)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_an_example(name, tmp_path):
    arguments, expected = EXPECTED[name]
    command = [sys.executable, "-W", "error", EXAMPLES / name, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for text in expected:
        assert text in done.stdout
    pictures = [argument for argument in arguments if argument == "everything.png"]
    assert [path.name for path in tmp_path.iterdir()] == pictures
