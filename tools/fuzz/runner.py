"""Runs workers, two at a time, and replaces a worker that a case ends."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

WORKERS = 2
TFJS = ("-m", "fuzz.worker")
ONNX = ("-m", "fuzz.onnx_worker")
PICTURES = ("-m", "fuzz.picture_worker")

OUTCOMES = ("converted", "loaded", "decoded", "refused")
"""The outcomes of a case that are not failures."""


@dataclass(frozen=True)
class Failure:
    """A case that raised an undocumented error, had a wrong result, or ended its process."""

    case: int
    valid: str
    what: str


@dataclass
class Report:
    """The number of cases by valid input and outcome, and the failures."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)


def run(folder: Path, cases: int, seed: int, worker: Sequence[str] = TFJS) -> Report:
    """Run ``cases`` damaged inputs, which follow from the valid ones, in ``folder`` or drawn, and from ``seed``."""
    report, lock = Report(), threading.Lock()

    def share(first: int) -> None:
        for case, model, outcome in _outcomes(folder, cases, seed, first, worker):
            with lock:
                if outcome in OUTCOMES:
                    report.counts[model, outcome] += 1
                else:
                    report.failures.append(Failure(case, model, outcome))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(share, range(WORKERS)))
    return report


def _outcomes(folder: Path, cases: int, seed: int, first: int, worker: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield the number, model and outcome of every ``WORKERS``-th case, from as many workers as needed."""
    while first < cases:
        numbers = [str(number) for number in (seed, first, cases, WORKERS)]
        command = [sys.executable, *worker, str(folder), *numbers]
        begun: tuple[int, str] | None = None
        with (
            tempfile.TemporaryFile("w+") as complaints,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=complaints, text=True, env=_environment()
            ) as process,
        ):
            for line in process.stdout or ():
                if begun is None:
                    begun = tuple(json.loads(line))
                else:
                    yield (*begun, json.loads(line))
                    first = begun[0] + WORKERS
                    begun = None
            code = process.wait()
            complaints.seek(0)
            last_words = complaints.read()[-2000:]
        if begun is not None:
            yield (*begun, f"the process ended with {code}: {last_words}")
            first = begun[0] + WORKERS
        elif code:
            raise RuntimeError(f"a worker cannot run: {last_words}")


def _environment() -> dict[str, str]:
    """Return the environment of a worker: the module path of this process, and no threads in its libraries."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "OPENBLAS_NUM_THREADS": "1"}
