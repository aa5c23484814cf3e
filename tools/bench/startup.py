"""The cost of starting: importing ``humanrt`` beside the libraries that it stands on, and what ``--version`` imports.

Each go is an interpreter of its own. Counted is its CPU time, all its threads included.
"""

import argparse
import subprocess
import sys
import time
from resource import RUSAGE_CHILDREN, getrusage

from bench.rounds import Effort, Side, Spent, take_turns
from bench.table import Row, render

ROUNDS = 15
OURS, LIBRARIES = "import humanrt; humanrt.Human", "import numpy, cv2, onnxruntime"
HEAVY = ("numpy", "cv2")
"""Modules that ``humanrt --version`` must not import."""

MODULES = """
import sys
before = set(sys.modules)
from humanrt.cli import main
try:
    main(["--version"])
except SystemExit:
    print(*sorted(set(sys.modules) - before))
"""


def interpreter(code: str) -> Side:
    """Return the side that runs ``code`` in a new interpreter."""

    def side(count: int) -> Spent:
        before, start = getrusage(RUSAGE_CHILDREN), time.perf_counter()
        for _ in range(count):
            subprocess.run([sys.executable, "-c", code], check=True)
        after, end = getrusage(RUSAGE_CHILDREN), time.perf_counter()
        return Spent(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, end - start)

    return side


def modules_of_version() -> list[str]:
    """Return the names of the modules that ``humanrt --version`` imports, in a new interpreter."""
    done = subprocess.run([sys.executable, "-c", MODULES], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


def main() -> int:
    """Print both; return 1 when ``--check`` is asked for and a heavy module is imported."""
    parser = argparse.ArgumentParser(prog="tools/bench/startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each side, {ROUNDS} by default")
    parser.add_argument("--check", action="store_true", help="exit with 1 when --version imports a heavy module")
    options = parser.parse_args()
    measured = take_turns(interpreter(OURS), interpreter(LIBRARIES), Effort(options.rounds, seconds=0))
    rows = [
        Row(f"`{OURS}`, {clock}", None, times, f"`{LIBRARIES}`")
        for clock, times in zip(("CPU", "wall"), measured, strict=True)
    ]
    print(render(rows))
    modules = modules_of_version()
    own = [name for name in modules if name.partition(".")[0] == "humanrt"]
    libraries = sorted({name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"humanrt"})
    heavy = [name for name in HEAVY if name in modules]
    print(f"\n`humanrt --version` imports {len(modules)} modules, {len(own)} of them of humanrt.")
    print(f"Libraries among them: {', '.join(libraries) or 'none'}.")
    print(f"Of {' and '.join(HEAVY)}, which must not be among them: {', '.join(heavy) or 'none'}.")
    return int(options.check and bool(heavy))


if __name__ == "__main__":
    sys.exit(main())
