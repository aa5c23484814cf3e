"""The time that models take to load when everything is cached: a table, and the average, whose limit is ``LIMIT_MS``.

Each round is a new process, as when a service starts: it loads the models one after the other and keeps them.
"""

import argparse
import json
import subprocess
import sys
from statistics import mean, median

from bench.rounds import Spent, Stopwatch

ROUNDS = 5
LIMIT_MS = 60.0
PREPARATION = ""
"""The name under which the time before the first model stands."""


def load_all(names: list[str]) -> dict[str, Spent]:
    """Load models by name; return the time that each took, and that of the preparation.

    The preparation is to import the library, to read the cards and to test the CPU.
    """
    stopwatch = Stopwatch()
    from humanrt import Engine
    from humanrt.engine import internals
    from humanrt.runtime.device import resolve_device
    from humanrt.zoo import cards

    zoo = cards()
    resolve_device("cpu")
    spent = {PREPARATION: stopwatch.read()}
    with Engine("cpu") as engine:
        for name in names or zoo:
            stopwatch = Stopwatch()
            internals(engine).load(zoo[name])
            spent[name] = stopwatch.read()
    return spent


def load_in_a_new_process(names: list[str]) -> dict[str, Spent]:
    command = [sys.executable, "-m", "bench.load", "--once", *names]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return {name: Spent(*seconds) for name, seconds in json.loads(done.stdout).items()}


def main() -> int:
    """Print the table; return 1 if the average is over the limit."""
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
    cpu = {name: 1000 * median(spent[name].cpu for spent in rounds) for name in rounds[0]}
    wall = {name: 1000 * median(spent[name].wall for spent in rounds) for name in rounds[0]}
    ready = wall.pop(PREPARATION), cpu.pop(PREPARATION)
    print(f"{'model':<28}{'bytes':>12}{'ms':>8}{'CPU ms':>8}   medians of {ROUNDS} processes")
    for name in wall:
        print(f"{name:<28}{find_card(name).size:>12,}{wall[name]:>8.1f}{cpu[name]:>8.1f}")
    average = mean(wall.values())
    print(f"{'average of a model':<40}{average:>8.1f}{mean(cpu.values()):>8.1f}   limit {LIMIT_MS:g}")
    print(f"{'imports and device, once':<40}{ready[0]:>8.1f}{ready[1]:>8.1f}")
    return int(average > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
