"""Every file in examples/ runs, prints what is expected, and issues no warning."""

import subprocess
import sys
from pathlib import Path

import pytest

from parity.pictures import PICTURES

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
ASTRONAUT, BLACK = str(PICTURES / "astronaut.png"), str(PICTURES / "black.png")
NONE_LEFT = "live tensors: 0"

# The arguments of each example, parts of what it prints, and the files that it writes.
EXPECTED = {
    "detect_faces.py": ([ASTRONAUT], ["score 1.00, box 93 x 104", "nose at"], []),
    "draw.py": ([ASTRONAUT, "drawn.png"], ["written: drawn.png, 512 x 512 pixels"], ["drawn.png"]),
    "everything.py": (
        [],
        ["person 0: female", "'leftWrist'", "objects: ['person']", "person: 16% of the picture", NONE_LEFT],
        [],
    ),
    "green_screen.py": (
        [BLACK, ASTRONAUT],
        ["written: astronaut-green.png", NONE_LEFT],
        ["astronaut-green.png", "black-green.png"],
    ),
    "many_at_once.py": ([ASTRONAUT, BLACK, "/no/such/file"], ["astronaut.png: 1", "no result", NONE_LEFT], []),
    "run_a_model.py": (["{negation}"], ["y: float32 [1]", NONE_LEFT], []),
    "scopes.py": ([], ["after the workers: 4", "[[0, 2], [1, 2], [2, 2], [3, 2]]", "after dispose: 0"], []),
}


def test_every_example_is_expected():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(EXPECTED)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_runs_and_prints_what_is_expected(name, tmp_path, negation):
    arguments, expected, files = EXPECTED[name]
    arguments = [argument.format(negation=negation) for argument in arguments]
    command = [sys.executable, "-W", "error", EXAMPLES / name, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for text in expected:
        assert text in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == files
