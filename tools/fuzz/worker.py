"""Converts damaged models, one after the other, in a process with limited memory and limited time for each.

``python -m fuzz.worker FOLDER SEED FIRST LAST STEP`` runs the cases FIRST, FIRST + STEP, ... below LAST. For each case
it prints a line with its number and model, so that the reader knows which case ended the process, and a line with its
outcome.
"""

import contextlib
import json
import resource
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx

from fuzz.limits import limited_time
from fuzz.mutation import Choose, ValidModel, mutate
from fuzz.writer import WEIGHTS
from humanrt.errors import ModelFormatError
from humanrt.tfjs import convert, source_digest, source_files

MEMORY_BYTES = 2**30
PATIENCE_S = 5.0
"""CPU time for a case, which does not depend on the load of the machine."""

_LARGE = 2**15


def load(folder: Path) -> list[ValidModel]:
    """Read the valid models, each in its own folder."""
    return [
        ValidModel(path.parent.name, path.read_bytes(), (path.parent / WEIGHTS).read_bytes())
        for path in sorted(folder.glob("*/model.json"))
    ]


def seeded(seed: int, case: int) -> Choose:
    """Return the ``Choose`` of one case."""
    rng = np.random.default_rng([seed, case])
    return lambda below: int(rng.integers(below))


def pick(models: Sequence[ValidModel], case: int, choose: Choose) -> ValidModel:
    """Return the model of a case: one in forty is large, because it takes as long as forty small ones."""
    large = [model for model in models if len(model.text) >= _LARGE]
    chosen = large if large and case % 40 == 0 else [model for model in models if model not in large] or large
    return chosen[choose(len(chosen))]


def limit() -> None:
    """Limit the memory of this process."""
    # Imported before the limit: these imports are not part of a case.
    from humanrt.tfjs import translation  # noqa: F401

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def check(model: onnx.ModelProto) -> None:
    """Check a model with onnx's checker, which requires a rank of all inputs; ONNX Runtime does not."""
    for given in model.graph.input:
        given.type.tensor_type.shape.SetInParent()
    onnx.checker.check_model(model, full_check=True)


def attempt(valid: ValidModel, ops: Sequence[str], choose: Choose, place: Path) -> str:
    """Convert one damaged model; return ``"converted"``, ``"refused"``, or the traceback of an undocumented error."""
    text, weights = mutate(valid, ops, choose)
    model_json = place / "model.json"
    model_json.write_bytes(text)
    (place / WEIGHTS).write_bytes(weights)
    destination = place / "model.onnx"
    destination.unlink(missing_ok=True)
    try:
        with limited_time(PATIENCE_S):
            for call in (source_files, source_digest):
                with contextlib.suppress(ModelFormatError):
                    call(model_json)
            convert(model_json, destination)
            check(onnx.load(destination))
    except ModelFormatError:
        return "refused"
    except BaseException:  # noqa: BLE001 - any other exception is a finding
        return traceback.format_exc()
    return "converted"


def main() -> None:
    folder, seed, *numbers = sys.argv[1:]
    models = load(Path(folder))
    ops = sorted({op for model in models for op in model.ops})
    limit()
    with TemporaryDirectory() as place:
        for case in range(*map(int, numbers)):
            choose = seeded(int(seed), case)
            valid = pick(models, case, choose)
            print(json.dumps([case, valid.name]), flush=True)
            outcome = attempt(valid, ops, choose, Path(place))
            print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main()
