"""The memory of a process that loads all of Human's default models and detects a picture of 1920 x 1080.

The resident memory of this process is printed step by step. The exit code is 1 if it has exceeded ``LIMIT_MB``, or if
closing Human has released less than ``RELEASED`` of what loading and detecting took. It is read from /proc, on Linux.
With ``--jpegs 1000`` so many calls with a JPEG of 12 megapixels are started at once instead; the limit is then what the
process has without them, the default budget of pictures and ``AT_ONCE_MB``.
"""

import argparse
import asyncio
import gc
import sys
import time
from pathlib import Path

import numpy as np

from bench.max_side import draw
from bench.workloads import read_sample
from humanrt import Engine, Human
from humanrt.admission import default_budget
from humanrt.engine import internals
from humanrt.imaging import resize
from humanrt.zoo import find_card

LIMIT_MB = 700
RELEASED = 0.8

AT_ONCE_MB = 200

ON, OFF = {"enabled": True}, {"enabled": False}
DETECTOR = {
    **dict.fromkeys(("body", "hand", "gesture"), OFF),
    "face": dict.fromkeys(("mesh", "iris", "emotion", "description"), OFF),
}
# Every model that Human's own package holds.
EVERY_DEFAULT_MODEL = {
    "preset": "human",
    "face": {"antispoof": ON, "liveness": ON, "detector": {"max_detected": 20}},
    "object": ON,
}


def megabytes(field: str) -> float:
    """Return a field of this process's status: "VmRSS" is resident now, "VmHWM" is the largest that ever was."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


def full_hd() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return Human's sample of a whole body in a picture of 1920 x 1080."""
    picture = np.zeros((1080, 1920, 3), np.uint8)
    picture[:, 420:1500], _ = resize(read_sample("human_body"), 1080, 1080)
    return picture


async def measure(rounds: int) -> bool:
    """Print the memory after each step; return whether the limits are kept."""
    picture = full_hd()
    with Engine("cpu") as engine:  # imports the libraries, which stay
        internals(engine).load(find_card("liveness"))
    ready = _report("libraries imported")
    async with Human(EVERY_DEFAULT_MODEL) as human:
        await human.load()
        _report("models loaded")
        for _ in range(rounds):
            with await human.detect(picture) as result:
                found = {name: len(getattr(result, name)) for name in ("face", "body", "hand", "object")}
        used = _report(f"detected, {rounds} times: {found}")
    gc.collect()
    left = _report("closed")
    peak = megabytes("VmHWM")
    released = (used - left) / (used - ready)
    within = peak <= LIMIT_MB
    print(f"{'peak':<60}{peak:8.1f} MB, {'within' if within else 'over'} {LIMIT_MB} MB")
    print(f"{'released by closing':<60}{released:8.0%} of what loading and detecting took; at least {RELEASED:.0%}")
    return within and released >= RELEASED


async def measure_at_once(count: int) -> bool:
    """Start so many calls with one JPEG of 12 megapixels, decoded whole; return whether the limits are kept."""
    data = draw(0.45)
    async with Human(DETECTOR) as human:
        with await human.detect(data) as alone:
            expected = [face.box for face in alone.face]
        idle = _report("detected once")
        start = time.perf_counter()
        ended: list[float] = []

        async def detect() -> bool:
            with await human.detect(data) as result:
                ended.append(time.perf_counter() - start)
                return [face.box for face in result.face] == expected

        right = await asyncio.gather(*(detect() for _ in range(count)))
    peak, limit = megabytes("VmHWM"), idle + default_budget() / 2**20 + AT_ONCE_MB
    print(
        f"{f'peak of {count} calls at once':<60}{peak:8.1f} MB, {'within' if peak <= limit else 'over'} {limit:.1f} MB"
    )
    print(f"{'the same faces':<60}{sum(right):8} of {count}")
    print(f"{'first result, after':<60}{ended[0]:8.2f} s; the last after {ended[-1]:.2f} s")
    return peak <= limit and all(right)


def _report(step: str) -> float:
    resident = megabytes("VmRSS")
    print(f"{step:<60}{resident:8.1f} MB", flush=True)
    return resident


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/bench/memory", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="how often the picture is detected")
    parser.add_argument("--jpegs", type=int, help="start so many calls with large JPEGs at once instead")
    options = parser.parse_args()
    run = measure_at_once(options.jpegs) if options.jpegs else measure(options.rounds)
    return 0 if asyncio.run(run) else 1


if __name__ == "__main__":
    sys.exit(main())
