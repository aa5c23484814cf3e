"""The memory of a process that loads all of Human's default models and detects a picture of 1920 x 1080.

The resident memory of this process is printed step by step. The exit code is 1 if it has exceeded ``LIMIT_MB``, or if
closing Human has released less than ``RELEASED`` of what loading and detecting took. It is read from /proc, on Linux.
"""

import argparse
import asyncio
import gc
import sys
from pathlib import Path

import numpy as np

from bench.workloads import read_sample
from humanrt import Engine, Human
from humanrt.engine import internals
from humanrt.imaging import resize
from humanrt.zoo import find_card

LIMIT_MB = 700
RELEASED = 0.8

ON = {"enabled": True}
# Every model that Human's own package holds.
EVERY_DEFAULT_MODEL = {"face": {"antispoof": ON, "liveness": ON, "detector": {"max_detected": 20}}, "object": ON}


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


def _report(step: str) -> float:
    resident = megabytes("VmRSS")
    print(f"{step:<60}{resident:8.1f} MB", flush=True)
    return resident


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/bench/memory", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="how often the picture is detected")
    return 0 if asyncio.run(measure(parser.parse_args().rounds)) else 1


if __name__ == "__main__":
    sys.exit(main())
