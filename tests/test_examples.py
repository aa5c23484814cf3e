"""Every file in examples/ runs, prints what is expected, and issues no warning."""

import ast
import importlib.util
import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
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
        [
            "astronaut.png: 1 faces",
            "black.png: 0 faces",
            "detections: 4, models: emotion, facemesh, faceres, handdetect",
            NONE_LEFT,
        ],
        [],
    ),
    "contact_sheet.py": (
        ["sheet.jpg", ASTRONAUT, BLACK],
        ["written: sheet.jpg, 2 pictures, 1 faces"],
        ["sheet.jpg"],
    ),
    "detect_faces.py": ([ASTRONAUT], ["score 0.94, box 91 x 111", "nose at"], []),
    "draw.py": ([ASTRONAUT, "drawn.webp"], ["written: drawn.webp, 512 x 512 pixels"], ["drawn.webp"]),
    "everything.py": (
        [],
        ["person 0: female", "'leftWrist'", "objects: ['person']", "person: 16% of the picture", NONE_LEFT],
        [],
    ),
    "filters.py": ([FACE, "filters.jpg"], ["written: filters.jpg, 15 pictures", NONE_LEFT], ["filters.jpg"]),
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


# Those that are no programs: each has a test of its own.
OTHERS = {"notebook.ipynb", "test_no_leaks.py", "upload.py"}


def test_every_example_is_expected():
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {*EXPECTED, *OTHERS}


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


@pytest.mark.slow
async def test_the_cells_of_the_notebook_run(capsys):
    cells = json.loads((EXAMPLES / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            code = compile("".join(cell["source"]), cell["id"], "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            done = eval(code, names)  # noqa: S307 - it is our own code
            if inspect.isawaitable(done):
                await done
    assert names["drawn"].view(names["Picture"])._repr_png_().startswith(b"\x89PNG")
    assert NONE_LEFT in capsys.readouterr().out


@pytest.mark.slow
def test_the_tests_for_leaks_pass(tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "--noconftest", "--rootdir", tmp_path]
    command.append(EXAMPLES / "test_no_leaks.py")
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.slow
async def test_a_picture_is_uploaded():
    picture = Path(ASTRONAUT).read_bytes()  # noqa: ASYNC240 - nothing else runs on this loop
    spec = importlib.util.spec_from_file_location("upload", EXAMPLES / "upload.py")
    upload = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(upload)
    async with upload.app.router.lifespan_context(upload.app) as state:

        async def app(scope, receive, send):
            await upload.app({**scope, "state": dict(state)}, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            good = await client.post("/detect", files={"file": picture})
            bad = await client.post("/detect", files={"file": b"no picture"})
        assert state["human"].engine.memory().num_tensors == 0
    assert (good.status_code, len(good.json()["face"])) == (200, 1)
    assert (bad.status_code, "unknown picture format" in bad.json()["detail"]) == (422, True)
