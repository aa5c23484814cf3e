"""The time of the face detector of each preset, beside OpenCV's ``FaceDetectorYN`` with the same model.

Both sides take turns, on one thread and on the same picture. Ours is a whole ``detect()`` with all else switched off.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.rounds import Effort, Measured, Spent, Stopwatch, here, take_turns
from bench.table import Goal, Row, render
from bench.workloads import read_sample
from humanrt import Human
from humanrt.zoo import find_card

WIDTH, HEIGHT = 640, 360
ROUNDS, SECONDS = 31, 0.05
OFF = {"enabled": False}
ALONE: Mapping[str, Any] = {
    **dict.fromkeys(("body", "hand", "gesture"), OFF),
    "face": dict.fromkeys(("mesh", "iris", "emotion", "description", "embedding", "quality"), OFF),
}
GOALS = {"fast": Goal(ratio=0.55), "balanced": Goal(ratio=1.3), "accurate": None}


def measure(rounds: int) -> Iterator[Row]:
    """Yield the CPU time of each preset."""
    picture = np.asarray(cv2.resize(read_sample("human_body"), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    with asyncio.Runner() as runner:
        for preset, goal in GOALS.items():
            human = Human({"preset": preset, "device": "cpu", **ALONE})
            try:
                times = _in_turns(runner, human, picture, rounds)
            finally:
                runner.run(human.aclose())
            yield Row(f"`{preset}`", goal, times.cpu, "FaceDetectorYN")


def _in_turns(runner: asyncio.Runner, human: Human, picture: NDArray[np.uint8], rounds: int) -> Measured:
    path = human.engine.store.ensure(find_card("yunet"))
    theirs = cv2.FaceDetectorYN.create(str(path), "", (WIDTH, HEIGHT), 0.7, 0.3, 5000)
    turned = np.ascontiguousarray(picture[..., ::-1])

    async def detect(count: int) -> Spent:
        stopwatch = Stopwatch()
        for _ in range(count):
            with await human.detect(picture):
                pass
        return stopwatch.read()

    return take_turns(
        lambda count: runner.run(detect(count)), here(lambda: theirs.detect(turned)), Effort(rounds, SECONDS)
    )


def main() -> int:
    """Print the table; return 1 when ``--check`` is asked for and a goal is missed."""
    parser = argparse.ArgumentParser(prog="tools/bench/detectors", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each side, {ROUNDS} by default")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rows = list(measure(options.rounds))
    print(f"CPU time on a picture of {WIDTH} x {HEIGHT}, one thread, medians of {options.rounds} rounds in turns.\n")
    print(render(rows))
    return int(options.check and any(row.missed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
