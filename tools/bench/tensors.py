"""What a tensor costs, beside the real TF.js: run by ``tools/bench/tensors``."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from bench.rounds import Effort, Side, here, take_turns
from bench.table import Goal, Row, render
from bench.without_sites import registry_without_sites
from humanrt import Engine
from humanrt.tensors import Registry
from parity.errors import PeerError
from parity.node import Peer, find_node

THOROUGH = Effort(rounds=101, seconds=0.02)  # enough to see three per cent on a busy machine
QUICK = Effort(rounds=3, seconds=0.001)
MANY = 100_000


@dataclass(frozen=True)
class Case:
    """Something to measure: ours, and the other side where there is one."""

    what: str
    goal: Goal | None
    ours: Callable[[], object]
    theirs: Side | None
    beside: str | None = "TF.js"


def cases(peer: Peer, stack: ExitStack) -> Iterator[Case]:
    """Yield what is measured; ``peer.tfjs`` knows the same things by the names used here."""
    engine, crowded = (stack.enter_context(Engine(device="cpu")) for _ in range(2))
    values = np.arange(1, 5, dtype=np.float32)
    tensor = engine.from_numpy(values)

    def beside(name: str) -> Side:
        return lambda count: peer.effort(name, count)

    def add_ten() -> None:
        total = tensor
        for _ in range(10):
            total = engine.add(total, tensor)

    def enter_and_leave() -> None:
        with engine.scope():
            pass

    yield Case(
        "create and dispose a tensor of 4 floats, without a copy",
        Goal(ratio=1.2, microseconds=1.5),
        lambda: engine.from_numpy(values).dispose(),
        beside("create"),
    )
    yield Case("clone and dispose", Goal(ratio=1.5), lambda: tensor.clone().dispose(), beside("clone"))
    yield Case("tidy with 10 adds", Goal(ratio=1.0), lambda: engine.tidy(add_ten), beside("tidy with 10 adds"))
    yield Case("an empty scope", None, enter_and_leave, beside("empty tidy"))

    switched_off, without = Registry(), registry_without_sites()
    yield Case(
        "sites switched off (create and dispose)",
        Goal(ratio=1.03),
        lambda: switched_off.from_numpy(values).dispose(),
        here(lambda: without.from_numpy(values).dispose()),
        beside="without their code",
    )

    held = [crowded.from_numpy(values) for _ in range(MANY)]
    yield Case(
        f"memory() with {len(held):,} live tensors", Goal(microseconds=5), crowded.memory, beside("memory of many")
    )


def measure(effort: Effort) -> list[Row]:
    """Measure all cases, and tell on stderr what is being measured."""
    rows = []
    with Peer(find_node()) as peer, ExitStack() as stack:
        for case in cases(peer, stack):
            print(f"measuring: {case.what} ...", file=sys.stderr)
            times = take_turns(here(case.ours), case.theirs, effort)
            rows.append(Row(case.what, case.goal, times, case.beside))
        versions = peer.versions()
    print(
        f"Python {sys.version.split()[0]}, NumPy {np.__version__}; TF.js {versions['tfjs']}, Node {versions['node']}."
    )
    print(f"Microseconds of CPU time, medians of {effort.rounds} rounds in turns.\n")
    return rows


def main() -> int:
    """Print the table; return 1 when ``--check`` is asked for and a goal is missed."""
    parser = argparse.ArgumentParser(prog="tools/bench/tensors", description="Measure what tensors cost beside TF.js.")
    parser.add_argument("--quick", action="store_true", help="only see that it works: the numbers mean little")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    arguments = parser.parse_args()
    try:
        rows = measure(QUICK if arguments.quick else THOROUGH)
    except PeerError as error:
        print(f"tools/bench/tensors: {error}", file=sys.stderr)
        return 2
    print(render(rows))
    return int(arguments.check and any(row.missed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
