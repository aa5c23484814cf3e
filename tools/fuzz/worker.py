"""Converts damaged models, one after the other, in a process with little memory and little time for each.

``python -m fuzz.worker FOLDER SEED FIRST LAST STEP``: the cases FIRST, FIRST + STEP, ... below LAST. Each is announced
on a line, so that whoever reads knows which one ended the process, and followed by a line that says what came of it.
"""

import contextlib
import json
import resource
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx

from fuzz.mutation import Choose, Sound, mutate
from fuzz.writer import WEIGHTS
from humanrt.errors import ModelFormatError
from humanrt.tfjs import convert, source_digest, source_files

MEMORY_BYTES = 2**30
PATIENCE_S = 5.0
"""Processor time for a case: how busy the machine is does not count."""

STALLED_S = 120.0
"""After so long a case uses no processor time: it waits for something."""

_LARGE = 2**15


def load(folder: Path) -> list[Sound]:
    """Read the sound models, each in a folder of its own."""
    return [
        Sound(path.parent.name, path.read_bytes(), (path.parent / WEIGHTS).read_bytes())
        for path in sorted(folder.glob("*/model.json"))
    ]


def seeded(seed: int, case: int) -> Choose:
    """Return the decisions of one case."""
    rng = np.random.default_rng([seed, case])
    return lambda below: int(rng.integers(below))


def pick(models: Sequence[Sound], case: int, choose: Choose) -> Sound:
    """Return the model of a case: one in forty is large, and takes as long as forty small ones."""
    large = [model for model in models if len(model.text) >= _LARGE]
    chosen = large if large and case % 40 == 0 else [model for model in models if model not in large] or large
    return chosen[choose(len(chosen))]


def limit() -> None:
    """Let this process have no more than the memory and, for each case, the time."""
    # The modules that convert() would import, and Python's parser, are no part of a case.
    from humanrt.tfjs import translation  # noqa: F401

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def check(model: onnx.ModelProto) -> None:
    """Check a model as onnx does. It wants a rank even of inputs that may have any; ONNX Runtime does not."""
    for given in model.graph.input:
        given.type.tensor_type.shape.SetInParent()
    onnx.checker.check_model(model, full_check=True)


def attempt(sound: Sound, ops: Sequence[str], choose: Choose, place: Path) -> str:
    """Convert one damaged model; gives "converted", "refused", or the trace of an error that must not come out."""
    text, weights = mutate(sound, ops, choose)
    model_json = place / "model.json"
    model_json.write_bytes(text)
    (place / WEIGHTS).write_bytes(weights)
    destination = place / "model.onnx"
    destination.unlink(missing_ok=True)
    # Both signals end the process.
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
    signal.setitimer(signal.ITIMER_REAL, STALLED_S)
    try:
        for call in (source_files, source_digest):
            with contextlib.suppress(ModelFormatError):
                call(model_json)
        convert(model_json, destination)
        check(onnx.load(destination))
    except ModelFormatError:
        return "refused"
    except BaseException:  # noqa: BLE001 - anything else is what we look for
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "converted"


def main() -> None:
    folder, seed, *numbers = sys.argv[1:]
    models = load(Path(folder))
    ops = sorted({op for model in models for op in model.ops})
    limit()
    with TemporaryDirectory() as place:
        for case in range(*map(int, numbers)):
            choose = seeded(int(seed), case)
            sound = pick(models, case, choose)
            print(json.dumps([case, sound.name]), flush=True)
            outcome = attempt(sound, ops, choose, Path(place))
            print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main()
