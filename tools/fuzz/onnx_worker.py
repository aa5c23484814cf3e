"""Loads damaged ONNX models, one after the other, in a process with limited memory and limited time for each.

``python -m fuzz.onnx_worker FOLDER SEED FIRST LAST STEP`` is called and prints as ``fuzz.worker``; FOLDER is not used.
"""

import json
import resource
import shutil
import signal
import sys
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

from fuzz.onnx_corpus import ValidOnnx, draw_all, write
from fuzz.onnx_mutation import mutate
from fuzz.worker import STALLED_S, seeded
from humanrt import Engine
from humanrt.engine import internals
from humanrt.errors import HumanRTError
from humanrt.zoo import Store

MEMORY_BYTES = 2**30
PATIENCE_S = 10.0
"""CPU time for a case."""


def attempt(valid: ValidOnnx, seed: int, case: int, engine: Engine, place: Path) -> str:
    """Load one damaged model; return ``"loaded"``, ``"refused"``, or the traceback of an undocumented error."""
    choose = seeded(seed, case)
    data, files = mutate(valid, choose)
    folder = place / "model"
    shutil.rmtree(folder, ignore_errors=True)
    path = write(folder, data, files)
    # The signals of both timers end the process.
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
    signal.setitimer(signal.ITIMER_REAL, STALLED_S)
    try:
        internals(engine).load(path, copy=bool(case % 2)).dispose()
    except HumanRTError:
        return "refused"
    except BaseException:  # noqa: BLE001 - any other exception is a finding
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "loaded"


def limit() -> None:
    """Limit the memory of this process to what it has now and ``MEMORY_BYTES``."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    _, seed, *numbers = sys.argv[1:]
    models = draw_all()
    with TemporaryDirectory() as text:
        place = Path(text)
        with Engine("cpu", store=Store(place / "cache")) as engine:
            # Imports and the first session are not part of a case.
            internals(engine).load(write(place / "first", models[0].data, models[0].files)).dispose()
            limit()
            for case in range(*map(int, numbers)):
                valid = models[case % len(models)]
                print(json.dumps([case, valid.name]), flush=True)
                outcome = attempt(valid, int(seed), case, engine, place)
                print(json.dumps(outcome), flush=True)
                shutil.rmtree(place / "cache", ignore_errors=True)


if __name__ == "__main__":
    main()
