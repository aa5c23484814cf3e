"""The time of an exact search in an EmbeddingStore, beside one product of a matrix and a vector in NumPy.

Both sides take turns. The goal holds for 100,000 embeddings of 1024 numbers, order 2, float32, one query, top 10.
"""

import argparse
import sys

import numpy as np

from bench.rounds import Effort, here, take_turns
from bench.table import Goal, Row, render
from humanrt import EmbeddingStore, OperatingPoint

ENTRIES, SIZE, COUNT = 100_000, 1024, 10
ROUNDS = 31
GOAL = Goal(ratio=1.2)


def filled(entries: int, size: int) -> tuple[EmbeddingStore, np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    """Return a store of random embeddings, positive and sparse as those of faceres, and the same as a matrix."""
    rng = np.random.default_rng(1)
    matrix = np.maximum(rng.standard_normal((entries, size), np.float32), 0)
    store = EmbeddingStore(OperatingPoint("random", size, similarity=0.5))
    for number, embedding in enumerate(matrix):
        store.add(str(number), embedding)
    return store, matrix


def main() -> int:
    """Print the times by both clocks; return 1 when ``--check`` is asked for and the goal is missed."""
    parser = argparse.ArgumentParser(prog="tools/bench/matching", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES, help=f"embeddings, {ENTRIES:,} by default")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each side, {ROUNDS} by default")
    parser.add_argument("--check", action="store_true", help="exit with 1 when the goal is missed")
    options = parser.parse_args()
    store, matrix = filled(options.entries, SIZE)
    query = matrix[-1] + np.float32(0.1)

    def search() -> None:
        hits = store.search(query, COUNT)
        assert len(hits) == min(COUNT, options.entries)  # noqa: S101 - what is measured must be right

    measured = take_turns(here(search), here(lambda: matrix @ query), Effort(options.rounds, seconds=0))
    print(f"{options.entries:,} embeddings of {SIZE} numbers, one query, top {COUNT}; NumPy {np.__version__}.\n")
    rows = [
        Row(f"search, {clock}", GOAL, times, "one product in NumPy")
        for clock, times in zip(("CPU", "wall"), measured, strict=True)
    ]
    print(render(rows))
    return int(options.check and any(row.missed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
