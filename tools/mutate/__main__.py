"""The command ``python tools/mutate ROOM``."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

# Run as a folder, this is no package and Python looks for modules inside it; the package is found beside it.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from mutate.runner import MutateError, Results, copied  # noqa: E402 - after the line above
from mutate.sample import Mutant, draw, mutants_of, read_equivalents  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
COUNT, LIMIT_S = 150, 120.0


def run(options: argparse.Namespace) -> int:
    """Test the sample, or what is left of it, and print the survivors; return 1 if there are any."""
    root: Path = options.root
    mutants = list(mutants_of(root / "engine" / "humanrt", options.room))
    sample = draw(mutants, options.count, options.seed)
    equivalents = [each for each in read_equivalents() if each.file.startswith(f"{options.room}/")]
    for entry in equivalents:
        if not any(entry.describes(mutant) for mutant in mutants):
            print(f"equivalent.toml has no mutant any more for: {entry.file}: {entry.line}", file=sys.stderr)
    tested = [mutant for mutant in sample if not mutant.is_listed(equivalents)]
    results = Results(root / "build" / "mutate" / f"{options.room}.jsonl")
    again = ("survived",) if options.survivors else ()
    missing = [mutant for mutant in tested if results.status(mutant) in (None, *again)]
    if missing:
        with copied(root, options.room, options.limit) as tree:
            for number, mutant in enumerate(missing, 1):
                results.add(mutant, tree.test(mutant))
                print(f"{number}/{len(missing)} {results.status(mutant)}: {place(mutant)}", file=sys.stderr)
    survivors = [mutant for mutant in tested if results.status(mutant) == "survived"]
    for mutant in survivors:
        print(f"{place(mutant)}: {mutant.change.operator}: {mutant.mutation}\n{mutant.diff}\n")
    counts = Counter(results.status(mutant) for mutant in tested)
    print(f"{options.room}: {len(sample)} of {len(mutants)} mutants, seed {options.seed}:", end=" ")
    print(f"{counts['killed']} killed, {counts['timeout']} over {options.limit:g} s,", end=" ")
    print(f"{len(sample) - len(tested)} equivalent, {len(survivors)} survived")
    return int(bool(survivors))


def place(mutant: Mutant) -> str:
    """Return where a mutant is, as file:line."""
    return f"engine/humanrt/{mutant.file}:{mutant.change.line}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python tools/mutate", description="Test the tests of a room with mutants.")
    parser.add_argument("room", help="a folder of engine/humanrt that has tests of its own, such as tensors")
    parser.add_argument("--count", type=int, default=COUNT, help=f"mutants to draw, {COUNT} by default")
    parser.add_argument("--seed", type=int, default=0, help="decides which, 0 by default")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help=f"seconds a run may take, {LIMIT_S:g} by default")
    parser.add_argument("--survivors", action="store_true", help="test earlier survivors again")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree, by default this one")
    try:
        return run(parser.parse_args(arguments))
    except MutateError as error:
        print(f"tools/mutate: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
