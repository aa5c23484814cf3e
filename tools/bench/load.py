"""How long models take to load when everything is cached: a table, and the average, which may be ``LIMIT_MS``.

Each round is a process of its own, as a service starts: it loads the models one after the other and keeps them.
"""

import argparse
import json
import subprocess
import sys
import time
from statistics import mean, median

ROUNDS = 5
LIMIT_MS = 60.0


class Stopwatch:
    """Milliseconds since it was made: on the wall, and of the processor. On a busy machine only the latter compare."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Return both."""
        wall, processor = self._start
        return (time.perf_counter() - wall) * 1000, (time.process_time() - processor) * 1000


def load_all(names: list[str]) -> dict[str, tuple[float, float]]:
    """Load models by name; return the milliseconds that each took, and under "" those of getting ready for the first.

    Ready means: the library is imported, the cards are read, and the processor was tried.
    """
    stopwatch = Stopwatch()
    from humanrt import Engine
    from humanrt.runtime.device import resolve_device
    from humanrt.zoo import cards

    zoo = cards()
    resolve_device("cpu")
    milliseconds = {"": stopwatch.read()}
    with Engine("cpu") as engine:
        for name in names or zoo:
            stopwatch = Stopwatch()
            engine.load_blocking(zoo[name])
            milliseconds[name] = stopwatch.read()
    return milliseconds


def load_in_a_new_process(names: list[str]) -> dict[str, tuple[float, float]]:
    done = subprocess.run([sys.executable, __file__, "--once", *names], stdout=subprocess.PIPE, check=True)
    measured: dict[str, tuple[float, float]] = json.loads(done.stdout)
    return measured


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/bench/load", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a model of the zoo; all of them by default")
    parser.add_argument("--once", action="store_true", help="load in this process, and print JSON")
    options = parser.parse_args()
    if options.once:
        print(json.dumps(load_all(options.names)))
        return 0

    from humanrt.zoo import find_card

    load_in_a_new_process(options.names)  # fetches and converts what is not cached yet
    rounds = [load_in_a_new_process(options.names) for _ in range(ROUNDS)]
    wall, processor = ({name: median(each[name][clock] for each in rounds) for name in rounds[0]} for clock in (0, 1))
    ready = wall.pop(""), processor.pop("")
    print(f"{'model':<28}{'bytes':>12}{'ms':>8}{'CPU ms':>8}   medians of {ROUNDS} processes")
    for name in wall:
        print(f"{name:<28}{find_card(name).size:>12,}{wall[name]:>8.1f}{processor[name]:>8.1f}")
    average = mean(wall.values())
    print(f"{'average of a model':<40}{average:>8.1f}{mean(processor.values()):>8.1f}   limit {LIMIT_MS:g}")
    print(f"{'imports and device, once':<40}{ready[0]:>8.1f}{ready[1]:>8.1f}")
    return int(average > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
