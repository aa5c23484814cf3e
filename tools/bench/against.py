"""Two commits in turns: one process with the package of this checkout, and one with that of another commit."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from bench.rounds import Effort, Measured, Side, Spent, take_turns
from bench.worker import Work

ROOT = Path(__file__).resolve().parents[2]


class AgainstError(RuntimeError):
    """There is no such commit, or its package cannot do what is measured."""


class Worker:
    """A process of ``worker.py`` with the package of one checkout; a context manager.

    Another ``python`` and ``module`` may do the work; what they import is in ``checkout``, too.

    Raises AgainstError if it ends, or has imported the package from elsewhere.
    """

    def __init__(self, checkout: Path, python: str | Path = sys.executable, module: str = "bench.worker") -> None:
        path = [checkout / "engine", checkout / "models", ROOT / "tools"]
        self._process = subprocess.Popen(
            [python, "-P", "-m", module],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._checkout = checkout

    def __enter__(self) -> Self:
        imported = self._read()
        if not Path(imported).is_relative_to(self._checkout):
            self.__exit__()
            raise AgainstError(f"{self._checkout} does not have the package: {imported} was imported")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its input, which ends it

    def side(self, work: Work) -> Side:
        """Return the side that does ``work`` in this process."""
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - it is a pipe

        def side(count: int) -> Spent:
            print(json.dumps({"work": work, "count": count}), file=stdin, flush=True)
            return Spent(*json.loads(self._read()))

        return side

    def _read(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        line = self._process.stdout.readline()
        if not line:
            raise AgainstError(f"the worker of {self._checkout} ended; what it printed is above")
        return line.rstrip()


@contextmanager
def checkout_of(commit: str) -> Iterator[Path]:
    """Check ``commit`` out into a temporary folder, and yield its path. Raises AgainstError for an unknown commit."""
    with TemporaryDirectory(prefix="humanrt-against-") as folder:
        path = Path(folder).resolve() / "checkout"
        added = _git("worktree", "add", "--detach", str(path), commit)
        if added.returncode:
            raise AgainstError(f"git cannot check out {commit!r}: {added.stderr.strip()}")
        try:
            yield path
        finally:
            _git("worktree", "remove", "--force", str(path))


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)


def compare(commit: str, works: Mapping[str, Work], effort: Effort) -> Iterator[tuple[str, Measured]]:
    """Measure each of ``works`` in this checkout and in ``commit``, and yield the times by its name."""
    with ExitStack() as stack:
        theirs = stack.enter_context(Worker(stack.enter_context(checkout_of(commit))))
        ours = stack.enter_context(Worker(ROOT))
        for name, work in works.items():
            print(f"measuring: {name} ...", file=sys.stderr)
            yield name, take_turns(ours.side(work), theirs.side(work), effort)
