"""What ``image.max_side`` saves on a JPEG of 12 megapixels, and how far it moves the boxes: a table for the docs.

The CPU time of a warm ``detect()``, the median of some runs, with each figure and without one: with the detector of a
preset alone, and with seven models of a face. The generated picture has one face, whose share of the height varies.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from itertools import product
from typing import Any, NamedTuple

import cv2
import numpy as np

from bench.workloads import read_sample
from humanrt import Human
from humanrt.imaging.encode import encode
from humanrt.result import Box

SAMPLE = "human_face"
WIDTH, HEIGHT = 4000, 3000
SHARES = (0.9, 0.45, 0.2)
SIDES = (640, 1280, 2560)
PRESETS = ("fast", "balanced", "accurate")
RUNS = 9

OFF, ON = {"enabled": False}, {"enabled": True}
OTHERS = dict.fromkeys(("body", "hand", "gesture"), OFF)
MODELS = ("mesh", "iris", "emotion", "description", "embedding", "antispoof", "liveness")
WORKLOADS: Mapping[str, Mapping[str, Any]] = {
    "the detector": {**OTHERS, "face": dict.fromkeys(MODELS, OFF)},
    "and seven models": {**OTHERS, "face": dict.fromkeys(MODELS, ON)},
}


class Measured(NamedTuple):
    """The CPU time of a call in milliseconds, and the boxes that it found."""

    cpu_ms: float
    boxes: list[Box]


def draw(share: float) -> bytes:
    """Return a JPEG with one face, of so much of the height, and the noise of a camera."""
    face = read_sample(SAMPLE)
    scale = share * HEIGHT / max(face.shape[:2])
    face = np.asarray(cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    picture = np.full((HEIGHT, WIDTH, 3), (90, 110, 130), np.float32)
    top, left = (HEIGHT - face.shape[0]) // 2, (WIDTH - face.shape[1]) // 2
    picture[top : top + face.shape[0], left : left + face.shape[1]] = face
    picture += np.random.default_rng(1).normal(0, 3, picture.shape)
    return encode(np.clip(picture, 0, 255).astype(np.uint8), ".jpeg", 90)


async def measure(preset: str, workload: Mapping[str, Any], data: bytes) -> dict[int, Measured]:
    """Return what a warm call takes with each of ``SIDES`` and without one, 0; they take turns."""
    async with AsyncExitStack() as stack:
        humans = {}
        for side in (0, *SIDES):
            human = Human({"preset": preset, **workload, "image": {"max_side": side}})
            humans[side] = await stack.enter_async_context(human)
            await human.load()
        times: dict[int, list[float]] = {side: [] for side in humans}
        boxes = {}
        for _ in range(RUNS + 1):
            for side, human in humans.items():
                start = time.process_time()
                with await human.detect(data) as result:
                    times[side].append(1000 * (time.process_time() - start))
                    boxes[side] = [face.box for face in result.face]
    return {side: Measured(statistics.median(spent[1:]), boxes[side]) for side, spent in times.items()}


def moved(one: Measured, other: Measured) -> str:
    """Return how far boxes lie apart, in percent of the longer side; or how many there are if that differs."""
    if len(one.boxes) != len(other.boxes):
        return f"{len(one.boxes)} of {len(other.boxes)} faces"
    parts = [np.abs(np.subtract(a, b)).max() / max(b[2:]) for a, b in zip(one.boxes, other.boxes, strict=True)]
    return f"{100 * max(parts, default=0.0):.1f} %"


async def print_table(presets: Iterable[str]) -> None:
    """Print the table row by row."""
    print("| preset | models | face, of the height | whole, CPU ms | " + " | ".join(map(str, SIDES)) + " |")
    print("| --- | --- | --- | --- " + "| --- " * len(SIDES) + "|", flush=True)
    pictures = {share: draw(share) for share in SHARES}
    for preset, (name, workload), (share, data) in product(presets, WORKLOADS.items(), pictures.items()):
        measured = await measure(preset, workload, data)
        whole, cells = measured[0], []
        for side in SIDES:
            reduced = measured[side]
            cells.append(f"{reduced.cpu_ms / whole.cpu_ms:.2f}, {moved(reduced, whole)}")
        print(f"| {preset} | {name} | {share:.0%} | {whole.cpu_ms:.0f} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="tools/bench/max_side", description=__doc__)
    parser.add_argument("presets", nargs="*", default=PRESETS, help="fast, balanced, accurate; all of them by default")
    options = parser.parse_args()
    asyncio.run(print_table(options.presets))
    print(
        "\nEach cell has the CPU time as a share of that for the whole picture, and how far the box of the face moved,"
    )
    print("of its longer side.")


if __name__ == "__main__":
    main()
