"""Running a room's own tests on mutants, in a temporary copy of the tree."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from resource import RLIMIT_AS, setrlimit
from tempfile import TemporaryDirectory

from humanrt.config import Environment
from humanrt.zoo import default_cache_dir
from mutate.sample import Mutant

COPIED = ("engine", "models", "tests", "tools", "pyproject.toml", "README.md")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", "weights", "build")
MEMORY_BYTES = 8 << 30
"""The address space of a run: a mutant may allocate without end."""

STAGES = ("not slow and not cuda", "slow and not cuda")
PASSED, NOTHING_SELECTED = 0, 5
"""Exit codes of pytest."""


class MutateError(RuntimeError):
    """The room has no tests, or they fail without any mutant."""


@dataclass(frozen=True)
class Tree:
    """A copy of the tree, in which mutants are tested; its cache is a copy as well.

    Attributes:
        folder: the copy.
        room: the room whose tests run.
        limit: seconds that one run of the tests may take.
        stages: the expressions that select the tests of a run, one after the other.

    """

    folder: Path
    room: str
    limit: float
    stages: tuple[str, ...] = STAGES

    def test(self, mutant: Mutant) -> str:
        """Run the tests on a mutant; return "killed", "timeout" or "survived"."""
        path = self.folder / "engine" / "humanrt" / mutant.file
        path.write_text(mutant.mutated, encoding="utf-8")
        try:
            for stage in self.stages:
                code = self.run(stage, self._tests_of(mutant.file))
                if code is None:
                    return "timeout"
                if code != PASSED:
                    return "killed"
            return "survived"
        finally:
            path.write_text(mutant.source, encoding="utf-8")

    def run(self, stage: str, first: list[str]) -> int | None:
        """Run tests of the room until one fails, those of the files ``first`` before the others.

        Returns pytest's exit code, or None if the limit was exceeded.
        """
        options = ["-x", "-q", "-m", stage, "-p", "no:randomly", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *options, *first, f"tests/{self.room}"]
        return _run(command, self.folder, self.limit)

    def without_mutant(self) -> "Tree":
        """Return this tree with the stages that select tests. Raises MutateError if these tests do not pass."""
        codes = {stage: self.run(stage, []) for stage in self.stages}
        stages = tuple(stage for stage, code in codes.items() if code != NOTHING_SELECTED)
        if not stages or any(codes[stage] != PASSED for stage in stages):
            raise MutateError(
                f"tests/{self.room} do not pass without a mutant: pytest's exit codes are {codes}, None for more than "
                f"{self.limit:g} s"
            )
        return replace(self, stages=stages)

    def _tests_of(self, file: str) -> list[str]:
        """Return the tests that have the name of a file: they notice most, and soonest."""
        path = Path("tests") / Path(file).with_name(f"test_{Path(file).name}")
        return [str(path)] if (self.folder / path).exists() else []


@contextmanager
def copied(root: Path, room: str, limit: float) -> Iterator[Tree]:
    """Yield a copy of the tree ``root``. Raises MutateError if the tests of the room do not pass in it."""
    if not (root / "tests" / room).is_dir() or not (root / "engine" / "humanrt" / room).is_dir():
        raise MutateError(f"there is no room {room!r} with tests of its own, tests/{room}")
    with TemporaryDirectory(prefix="humanrt-mutate-") as temporary:
        folder = Path(temporary).resolve() / "tree"
        folder.mkdir()
        for name in COPIED:
            if (root / name).is_dir():
                shutil.copytree(root / name, folder / name, ignore=LEFT_OUT)
            elif (root / name).exists():
                shutil.copy(root / name, folder)
        cache = Environment.read().cache_dir or default_cache_dir()
        if cache.exists():
            shutil.copytree(cache, folder.parent / "cache" / "humanrt")
        (folder.parent / "tmp").mkdir()
        # By default a compiled file is as good as its source's size and second: mutants differ in neither.
        compiling = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "engine"]
        subprocess.run(compiling, cwd=folder, check=True)
        start = time.monotonic()
        tree = Tree(folder, room, limit).without_mutant()
        print(f"tests/{room} pass in {time.monotonic() - start:.1f} s without a mutant", file=sys.stderr)
        yield tree


def _run(command: list[str], folder: Path, limit: float) -> int | None:
    """Run a command in a copy of the tree and return its exit code; None if it took longer than ``limit`` seconds."""
    temporary = folder.parent
    path = [folder / "engine", folder / "models"]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "HUMANRT_CACHE_DIR"},
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "XDG_CACHE_HOME": str(temporary / "cache"),
        "TMPDIR": str(temporary / "tmp"),
    }
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: setrlimit(RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES)),
    )
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its children, too
        process.wait()


class Results:
    """The results of a room, one JSON object a line: ``{"key", "status", "file", "line", "operator", "mutation"}``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._status: dict[str, str] = {entry["key"]: entry["status"] for entry in map(json.loads, lines)}

    def status(self, mutant: Mutant) -> str | None:
        """Return the latest status of a mutant, if there is one."""
        return self._status.get(mutant.key)

    def add(self, mutant: Mutant, status: str) -> None:
        """Write the status of a mutant to the file."""
        self._status[mutant.key] = status
        entry = {
            "key": mutant.key,
            "status": status,
            "file": mutant.file,
            "line": mutant.change.line,
            "operator": mutant.change.operator,
            "mutation": mutant.mutation,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            print(json.dumps(entry), file=file, flush=True)
