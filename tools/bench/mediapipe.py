"""The mesh of a face in a stream, its detector skipped, beside MediaPipe's face mesh in tracking mode.

Both follow the same face, which moves and turns in pictures of 640 x 480, with the 468 points of the mesh alone, and
take turns, each in a process of its own. MediaPipe is installed into ``build/mediapipe``, by Python 3.11 or 3.12; its
models are in its package. Where that fails, the output contains the reason, and the figures of HumanRT alone.
"""

import argparse
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.against import ROOT, AgainstError, Worker
from bench.rounds import Effort, take_turns
from bench.table import Row, render
from bench.worker import Work
from bench.workloads import configuration, read_sample

VERSION = "0.10.21"
PYTHONS = ("python3.12", "python3.11")
WIDTH, HEIGHT = 640, 480
FRAMES = 60
POINTS = 468
NEVER = 2**31 - 1
ROUNDS = 30
SECONDS = 0.3


def tracking() -> dict[str, Any]:
    """Return the configuration of a mesh alone, whose detector runs in the first frame."""
    config = configuration("face", "face.mesh")
    config["skip_allowed"] = True
    config["face"]["detector"] |= {"rotation": True, "skip_frames": NEVER, "skip_time": NEVER}
    return config


def moving_face(count: int = FRAMES) -> NDArray[np.uint8]:
    """Return frames of a face that moves on an ellipse and turns to and fro, [count, HEIGHT, WIDTH, 3].

    The last frame leads to the first.
    """
    picture = read_sample("human_face")
    height, width = picture.shape[:2]
    scale = 0.9 * HEIGHT / height
    frames = []
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False):
        turned = cv2.getRotationMatrix2D((width / 2, height / 2), 10 * np.sin(angle), scale)
        turned[:, 2] += np.array((WIDTH - width, HEIGHT - height)) / 2 + (40 * np.cos(angle), 15 * np.sin(angle))
        frames.append(cv2.warpAffine(picture, turned, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))
    return np.stack(frames).astype(np.uint8)


def environment(folder: Path) -> Path:
    """Return the Python of an environment in ``folder`` that has MediaPipe, installed if it is missing.

    Raises AgainstError if it cannot be installed.
    """
    python = folder / "bin" / "python"
    installed = folder / f"mediapipe-{VERSION}"
    if installed.exists():
        return python
    found = next((path for name in PYTHONS if (path := shutil.which(name)) and _runs(path)), None)
    if found is None:
        raise AgainstError(f"none of {', '.join(PYTHONS)} is installed, for which mediapipe {VERSION} exists")
    shutil.rmtree(folder, ignore_errors=True)
    print(f"Installing MediaPipe into {folder} ...", file=sys.stderr)
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"mediapipe=={VERSION}"]
    commands: list[list[str | Path]] = [[found, "-m", "venv", folder], [python, *pip]]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AgainstError((done.stderr.strip() or done.stdout.strip()).splitlines()[-1].removeprefix("ERROR: "))
    installed.touch()
    return python


def _runs(python: str) -> bool:
    """Return whether a Python starts; one of a version manager may be there and refuse."""
    return subprocess.run([python, "--version"], capture_output=True, check=False).returncode == 0


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="tools/bench/mediapipe", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each side, {ROUNDS} by default")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary, ExitStack() as stack:
        path = Path(temporary) / "frames.npy"
        np.save(path, moving_face())
        work = {"frames": str(path), "points": POINTS}
        ours = stack.enter_context(Worker(ROOT)).side(Work("followed", {**work, "config": tracking()}))
        theirs, left_out = None, ""
        try:
            python = environment(ROOT / "build" / "mediapipe")
            theirs = stack.enter_context(Worker(ROOT, python, "bench.mediapipe_worker")).side(Work("mediapipe", work))
        except AgainstError as error:
            left_out = f"\n\nMediaPipe is left out: {error}."
        measured = take_turns(ours, theirs, Effort(options.rounds, SECONDS))
    beside = f"MediaPipe {VERSION}" if theirs else None
    rows = [
        Row(f"a frame, {clock}", None, times, beside) for clock, times in zip(("CPU", "wall"), measured, strict=True)
    ]
    print(f"A face that moves in pictures of {WIDTH} x {HEIGHT}, {POINTS} points, without the detector.\n")
    print(render(rows) + left_out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
