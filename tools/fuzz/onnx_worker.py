"""Loads damaged ONNX models, one after the other, in a process with limited memory and limited time for each.

``python -m fuzz.onnx_worker FOLDER SEED FIRST LAST STEP`` is called and prints as ``fuzz.worker``; FOLDER is not used.
"""

import json
import shutil
import sys
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

from fuzz.limits import limit_memory, limited_time
from fuzz.onnx_corpus import ValidOnnx, draw_all, write
from fuzz.onnx_mutation import mutate
from fuzz.worker import seeded
from humanrt import Engine
from humanrt.engine import internals
from humanrt.errors import HumanRTError
from humanrt.zoo import Store


def attempt(valid: ValidOnnx, seed: int, case: int, engine: Engine, place: Path) -> str:
    """Load one damaged model; return ``"loaded"``, ``"refused"``, or the traceback of an undocumented error."""
    choose = seeded(seed, case)
    data, files = mutate(valid, choose)
    folder = place / "model"
    shutil.rmtree(folder, ignore_errors=True)
    path = write(folder, data, files)
    try:
        with limited_time():
            internals(engine).load(path, copy=bool(case % 2)).dispose()
    except HumanRTError:
        return "refused"
    except BaseException:  # noqa: BLE001 - any other exception is a finding
        return traceback.format_exc()
    return "loaded"


def main() -> None:
    _, seed, *numbers = sys.argv[1:]
    models = draw_all()
    with TemporaryDirectory() as text:
        place = Path(text)
        with Engine("cpu", store=Store(place / "cache")) as engine:
            # Imports and the first session are not part of a case.
            internals(engine).load(write(place / "first", models[0].data, models[0].files)).dispose()
            limit_memory()
            for case in range(*map(int, numbers)):
                valid = models[case % len(models)]
                print(json.dumps([case, valid.name]), flush=True)
                outcome = attempt(valid, int(seed), case, engine, place)
                print(json.dumps(outcome), flush=True)
                shutil.rmtree(place / "cache", ignore_errors=True)


if __name__ == "__main__":
    main()
