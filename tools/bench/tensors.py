"""The cost of tensors, beside the real TF.js or another commit of this repository: run by ``tools/bench/tensors``."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from bench.against import AgainstError, compare
from bench.rounds import Effort, Side, Spent, here, take_turns
from bench.table import Goal, Row, render, render_against
from bench.without_sites import registry_without_sites
from bench.worker import Work, tensor_work
from humanrt import Engine
from humanrt.tensors import Registry
from parity.errors import PeerError
from parity.node import Peer, find_node

THOROUGH = Effort(rounds=101, seconds=0.02, warm_up=50)  # enough to see three per cent on a busy machine
QUICK = Effort(rounds=3, seconds=0.001, warm_up=50)
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
    """Yield what is measured; ``peer.effort`` runs the same things by the names used here."""
    engine, crowded = (stack.enter_context(Engine(device="cpu")) for _ in range(2))
    values = np.arange(1, 5, dtype=np.float32)
    ours = tensor_work(engine)

    def beside(name: str) -> Side:
        return lambda count: Spent(*peer.effort(name, count))

    def enter_and_leave() -> None:
        with engine.scope():
            pass

    yield Case(
        "create and dispose a tensor of 4 floats, without a copy",
        Goal(ratio=1.2, microseconds=1.5),
        ours["create"],
        beside("create"),
    )
    yield Case("clone and dispose", Goal(ratio=1.5), ours["clone"], beside("clone"))
    yield Case("tidy with 10 adds", Goal(ratio=1.0), ours["tidy with 10 adds"], beside("tidy with 10 adds"))
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
    """Measure all cases beside TF.js, and print the versions."""
    rows = []
    with Peer(find_node()) as peer, ExitStack() as stack:
        for case in cases(peer, stack):
            print(f"measuring: {case.what} ...", file=sys.stderr)
            times = take_turns(here(case.ours), case.theirs, effort).cpu
            rows.append(Row(case.what, case.goal, times, case.beside))
        versions = peer.versions()
    print(
        f"Python {sys.version.split()[0]}, NumPy {np.__version__}; TF.js {versions['tfjs']}, Node {versions['node']}."
    )
    print(f"Microseconds of CPU time, medians of {effort.rounds} rounds in turns.\n")
    return rows


def works() -> dict[str, Work]:
    """Return what is measured in two commits, by name."""
    with Engine(device="cpu") as engine:
        return {name: Work("tensors", {"name": name}) for name in tensor_work(engine)}


def main() -> int:
    """Print the table; return 1 when ``--check`` is asked for and a goal is missed."""
    parser = argparse.ArgumentParser(prog="tools/bench/tensors", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that it works: the numbers mean little")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    parser.add_argument("--against", metavar="COMMIT", help="compare with this commit instead of TF.js")
    parser.add_argument("--rounds", type=int, help=f"rounds of each side, {THOROUGH.rounds} by default")
    parser.add_argument("--only", action="append", choices=works(), help="with --against: what to measure")
    options = parser.parse_args()
    effort = QUICK if options.quick else THOROUGH
    effort = replace(effort, rounds=options.rounds or effort.rounds)
    try:
        if options.against:
            chosen = {name: work for name, work in works().items() if name in (options.only or works())}
            print(render_against(options.against, compare(options.against, chosen, effort)))
            return 0
        rows = measure(effort)
    except (AgainstError, PeerError) as error:
        print(f"tools/bench/tensors: {error}", file=sys.stderr)
        return 2
    print(render(rows))
    return int(options.check and any(row.missed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
