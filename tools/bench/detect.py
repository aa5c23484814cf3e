"""The speed of ``detect()`` in this checkout beside another commit of it: run by ``tools/bench/detect``."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.against import AgainstError, compare
from bench.rounds import Effort
from bench.table import render_against
from bench.worker import Work
from bench.workloads import WORKLOADS, read_sample

ROUNDS = 30
SECONDS = 0.1


def works(names: list[str], folder: Path) -> dict[str, Work]:
    """Return the workloads of those names, with their pictures written into ``folder``."""
    works = {}
    for name in names:
        picture, config = WORKLOADS[name]
        path = folder / f"{picture}.npy"
        np.save(path, read_sample(picture))
        works[name] = Work("detections", {"picture": str(path), "config": config})
    return works


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="tools/bench/detect", description=__doc__)
    parser.add_argument("--against", required=True, metavar="COMMIT", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each side, {ROUNDS} by default")
    parser.add_argument("--only", action="append", choices=WORKLOADS, help="a workload; all by default")
    options = parser.parse_args()
    try:
        with TemporaryDirectory() as folder:
            chosen = works(options.only or list(WORKLOADS), Path(folder))
            print(render_against(options.against, compare(options.against, chosen, Effort(options.rounds, SECONDS))))
    except AgainstError as error:
        print(f"tools/bench/detect: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
