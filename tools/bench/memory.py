"""How much memory a process needs: with all of Human's default models loaded, and one 1080p picture detected.

Prints the resident memory of this very process, step by step, and fails when it grew over ``LIMIT_MB`` or when closing
Human gave back less than ``GIVEN_BACK`` of what loading and detecting took. Reads /proc: for Linux.
"""

import argparse
import asyncio
import gc
import sys
from pathlib import Path

import numpy as np

from humanrt import Config, Engine, Human
from humanrt.config import Environment
from humanrt.imaging import read_picture, resize
from humanrt.zoo import Store, default_cache_dir, find_card

LIMIT_MB = 700
GIVEN_BACK = 0.8

ON = {"enabled": True}
# Every model that Human's own package holds.
EVERY_DEFAULT_MODEL = {"face": {"antispoof": ON, "liveness": ON, "detector": {"max_detected": 20}}, "object": ON}


def megabytes(field: str) -> float:
    """Read a number of this process's memory: "VmRSS" is what is resident now, "VmHWM" the most that ever was."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


def full_hd() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Put Human's sample of a whole body into a picture of 1920 x 1080."""
    environment = Environment.read()
    store = Store(environment.cache_dir or default_cache_dir(), offline=environment.offline)
    picture = np.zeros((1080, 1920, 3), np.uint8)
    sample = read_picture(store.samples()["human_body"], max_pixels=Config.max_pixels)
    picture[:, 420:1500], _ = resize(sample, 1080, 1080)
    return picture


async def measure(rounds: int) -> bool:
    picture = full_hd()
    with Engine("cpu") as engine:  # brings in the libraries, which no unloading takes out again
        engine.load_blocking(find_card("liveness"))
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
    given_back = (used - left) / (used - ready)
    within = peak <= LIMIT_MB
    print(f"{'the most that ever was resident':<60}{peak:8.1f} MB, {'within' if within else 'over'} {LIMIT_MB} MB")
    print(f"{'closing gave back':<60}{given_back:8.0%} of what loading and detecting took; at least {GIVEN_BACK:.0%}")
    return within and given_back >= GIVEN_BACK


def _report(step: str) -> float:
    resident = megabytes("VmRSS")
    print(f"{step:<60}{resident:8.1f} MB", flush=True)
    return resident


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/bench/memory", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="how often the picture is looked at")
    return 0 if asyncio.run(measure(parser.parse_args().rounds)) else 1


if __name__ == "__main__":
    sys.exit(main())
