"""Every file in examples/ runs, prints what is expected, and issues no warning."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from videos import write_clip

from parity.pictures import PICTURES, read_picture

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
ASTRONAUT, BLACK = str(PICTURES / "astronaut.png"), str(PICTURES / "black.png")
FACE = str(PICTURES / "human_face.png")
NONE_LEFT = "live tensors: 0"

# The arguments of each example, parts of what it prints, and the files that it writes.
EXPECTED = {
    "blocking.py": (
        [ASTRONAUT, BLACK],
        ["astronaut.png: 1 faces", "black.png: 0 faces", "detections: 4, models: blazeface, emotion", NONE_LEFT],
        [],
    ),
    "contact_sheet.py": (
        ["sheet.jpg", ASTRONAUT, BLACK],
        ["written: sheet.jpg, 2 pictures, 1 faces"],
        ["sheet.jpg"],
    ),
    "detect_faces.py": ([ASTRONAUT], ["score 1.00, box 93 x 104", "nose at"], []),
    "draw.py": ([ASTRONAUT, "drawn.webp"], ["written: drawn.webp, 512 x 512 pixels"], ["drawn.webp"]),
    "everything.py": (
        [],
        ["person 0: female", "'leftWrist'", "objects: ['person']", "person: 16% of the picture", NONE_LEFT],
        [],
    ),
    "folder_to_csv.py": (
        ["{folder}", "faces.csv"],
        ["broken.png: no result: unknown picture format", "2 faces in 3 pictures, 1 failed", NONE_LEFT],
        ["faces.csv"],
    ),
    "green_screen.py": (
        [BLACK, ASTRONAUT],
        ["written: astronaut-green.png", NONE_LEFT],
        ["astronaut-green.png", "black-green.png"],
    ),
    "many_at_once.py": ([ASTRONAUT, BLACK, "/no/such/file"], ["astronaut.png: 1", "no result", NONE_LEFT], []),
    "match_faces.py": (
        [FACE, ASTRONAUT, FACE],
        ["probably two persons", "similarity 1.00", "probably one person", NONE_LEFT, "written: faces.npz, 2 faces"],
        ["faces.npz"],
    ),
    "run_a_model.py": (["{negation}"], ["y: float32 [1]", NONE_LEFT], []),
    "styles.py": (
        [ASTRONAUT],
        ["written: astronaut-oil.jpg", NONE_LEFT],
        ["astronaut-oil.jpg", "astronaut-pencil.jpg", "astronaut-sketch.jpg", "astronaut-watercolor.jpg"],
    ),
    "video.py": (
        ["{clip}", "drawn.mp4"],
        ["0.10 s: 1 faces", "4 frames, 0 dropped", NONE_LEFT],
        ["drawn.mp4"],
    ),
    "scopes.py": ([], ["after the workers: 4", "[[0, 2], [1, 2], [2, 2], [3, 2]]", "after dispose: 0"], []),
}


def test_every_example_is_expected():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(EXPECTED)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, negation):
    """The files that the arguments name: a model, a video, and a folder in which one picture is broken."""
    folder = tmp_path_factory.mktemp("inputs")
    clip = write_clip(folder / "clip.mp4", [read_picture("human_face")] * 4, codec="mp4v")
    photos = folder / "photos"
    photos.mkdir()
    for name in ("astronaut", "black", "human_face"):
        shutil.copy(PICTURES / f"{name}.png", photos)
    (photos / "broken.png").write_bytes(b"no picture")
    return {"negation": negation, "clip": clip, "folder": photos}


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_runs_and_prints_what_is_expected(name, tmp_path, inputs):
    arguments, expected, files = EXPECTED[name]
    arguments = [argument.format(**inputs) for argument in arguments]
    command = [sys.executable, "-W", "error", EXAMPLES / name, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for text in expected:
        assert text in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == files
