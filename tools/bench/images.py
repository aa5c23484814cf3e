"""The memory and the time of artistic styles, beside a whole-frame form, as a table for ``engine/docs/styles.md``.

Every go is a process of its own, which decodes a picture and styles it, and the forms take turns. The memory is that of
the decoded picture, the result and everything between; OpenCV computes on one thread in all of them. The exit code is 1
if a limit is exceeded. With ``--growth 200`` so many small pictures go through all styles and filters in one process
instead, and the growth of its memory is printed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from bench.growth import report
from bench.styling import ALL, CONCURRENCY, Picture
from bench.table import markdown
from humanrt.imaging import read_picture, write_picture
from humanrt.imaging.styles import STYLES

SIZE = (2048, 3072)
LIMIT_MB = 60.0
LIMIT_TOGETHER_MB = 190.0
TIMES_BELOW = 4.0
FASTER = {"oil": 1.5}
ROUNDS = 3


def generated() -> Picture:
    """Return a picture of ``SIZE``: a sky, discs and stripes with noise, which no style finds flat."""
    height, width = SIZE
    random = np.random.default_rng(1)
    picture = np.empty((height, width, 3), np.uint8)
    picture[...] = np.linspace((90, 140, 220), (230, 190, 140), height)[:, None].astype(np.uint8)
    for _ in range(120):
        center = (int(random.integers(width)), int(random.integers(height)))
        color = tuple(int(part) for part in random.integers(20, 236, 3))
        cv2.circle(picture, center, int(random.integers(20, 260)), color, -1, cv2.LINE_AA)
    for left in range(0, width, 96):
        cv2.line(picture, (left, height), (left + 300, height - 500), (40, 60, 30), 9, cv2.LINE_AA)
    return np.clip(picture + random.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)


def run(form: str, name: str, path: Path) -> dict[str, float]:
    """Return what one process measures."""
    command = [sys.executable, "-m", "bench.styling", form, name, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def median(goes: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {key: statistics.median(go[key] for go in goes) for key in goes[0]}


def table(path: Path, rounds: int) -> tuple[str, bool]:
    """Return the table, and whether all limits are kept."""
    rows, kept = [], True
    for name in STYLES:
        goes: dict[str, list[dict[str, float]]] = {"ours": [], "fast": [], "naive": []}
        for _ in range(rounds):
            for form, of_form in goes.items():
                of_form.append(run(form, name, path))
        ours, fast, naive = (median(goes[form]) for form in goes)
        below, faster = naive["megabytes"] / ours["megabytes"], naive["cpu"] / ours["cpu"]
        kept &= ours["megabytes"] <= LIMIT_MB and below >= TIMES_BELOW and faster >= FASTER.get(name, 1.0)
        cells = [f"`{name}`"]
        cells += [f"{each['megabytes']:.0f} MB" for each in (ours, naive)]
        cells += [f"{below:.1f}"]
        cells += [f"{each['cpu']:.2f} s" for each in (ours, fast, naive)]
        rows.append([*cells, f"{faster:.1f}"])
    together = median([run("ours", ALL, path) for _ in range(rounds)])
    kept &= together["megabytes"] <= LIMIT_TOGETHER_MB
    head = ["style", "memory", "whole frame", "times less", "CPU", "fast form", "whole frame", "times faster"]
    last = f"All four, {CONCURRENCY} at once: {together['megabytes']:.0f} MB."
    return f"{markdown(head, rows)}\n\n{last}", kept


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/bench/images", description=__doc__)
    parser.add_argument("picture", nargs="?", type=Path, help="a picture, instead of a generated one of 3072 x 2048")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each form, {ROUNDS} by default")
    parser.add_argument("--growth", type=int, metavar="N", help="measure the growth over so many pictures instead")
    options = parser.parse_args()
    if options.growth:
        return 0 if report(options.growth) else 1
    with tempfile.TemporaryDirectory() as folder:
        path = options.picture
        if path is None:
            path = Path(folder) / "generated.jpg"
            write_picture(path, generated())
        size = read_picture(path).shape
        text, kept = table(path, options.rounds)
    what = path.name if options.picture else "Generated picture"
    limits = f"Limits: {LIMIT_MB:g} MB each, {LIMIT_TOGETHER_MB:g} MB together, {TIMES_BELOW:g} times less memory"
    print(f"{what}, {size[1]} x {size[0]}, median of {options.rounds}.\n\n{text}")
    print(f"{limits}, not slower, oil {FASTER['oil']:g} times faster: {'kept' if kept else 'exceeded'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
