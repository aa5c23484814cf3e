"""What each clean-up of the converter is worth: Human's default models converted with and without it, run in turn.

A line is printed for each model that a clean-up changes: how many nodes, and how many Transposes among them, ONNX
Runtime is left with after its own optimisation, and the milliseconds of a run on one thread.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

# The inputs are those of the parity tool, which lies beside this folder.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# As humanrt does: without telemetry.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnx
import onnxruntime

from humanrt.config import Environment
from humanrt.tfjs import convert
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops import activation
from humanrt.tfjs.ops.elementwise import apply
from humanrt.tfjs.ops.table import TABLE, Call
from humanrt.tfjs.values import Value
from humanrt.zoo import Store, default_cache_dir, find_card
from parity.choice import default_cards
from parity.inputs import RANDOM, make_inputs
from parity.node import Array

WARM_UPS = 3
ROUNDS = 25


def prelu_as_written(call: Call, x: Tensor, slope: Tensor) -> Tensor:
    return apply(call, lambda value, factor: call.emit("PRelu", value, factor), x, slope)


def clip_as_written(call: Call, x: Tensor, low: float, high: float) -> Tensor:
    if (low, high) == (0, np.inf):
        return apply(call, lambda value: call.emit("Relu", value), x)
    return apply(call, lambda value: call.emit("Clip", value, np.float32(low), np.float32(high)), x)


def back_at_once(call: Call, value: Value) -> Tensor:
    return call.logical(Tensor(call.builder, planar=value).logical)


CLEAN_UPS: Mapping[str, Callable[[], list[AbstractContextManager[object]]]] = {
    "PRelu written out": lambda: [
        patch.object(activation, "prelu", prelu_as_written),
        patch.dict(TABLE, Prelu=prelu_as_written),
    ],
    "Clips merged": lambda: [patch.object(activation, "clip", clip_as_written)],
    "NCHW kept between layers": lambda: [patch.object(Call, "planar", back_at_once)],
}
"""What to put in place of each, to do without it."""


@dataclass(frozen=True)
class Converted:
    """A session, and the ops that ONNX Runtime left in it."""

    session: onnxruntime.InferenceSession
    ops: Counter[str]

    @classmethod
    def load(cls, onnx_file: Path) -> "Converted":
        """Make a session of the file, on one thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.optimized_model_filepath = str(onnx_file.with_suffix(".optimized.onnx"))
        session = onnxruntime.InferenceSession(onnx_file, options, providers=["CPUExecutionProvider"])
        graph = onnx.load(options.optimized_model_filepath, load_external_data=False).graph
        return cls(session, Counter(node.op_type for node in graph.node))


def convert_both(model_json: Path, name: str, folder: Path) -> tuple[Converted, Converted]:
    """Convert a model with and without the clean-up of that name."""
    with_it, without = folder / "with.onnx", folder / "without.onnx"
    convert(model_json, with_it)
    with ExitStack() as patches:
        for replacement in CLEAN_UPS[name]():
            patches.enter_context(replacement)
        convert(model_json, without)
    return Converted.load(with_it), Converted.load(without)


def run_in_turn(pair: Sequence[Converted], inputs: Mapping[str, Array]) -> list[float]:
    """Return the median milliseconds of a run of each."""
    milliseconds: list[list[float]] = [[] for _ in pair]
    for _ in range(WARM_UPS + ROUNDS):
        for converted, measured in zip(pair, milliseconds, strict=True):
            start = time.perf_counter()
            converted.session.run(None, inputs)
            measured.append((time.perf_counter() - start) * 1000)
    return [median(measured[WARM_UPS:]) for measured in milliseconds]


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/bench/cleanups", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a model of the zoo; Human's default ones by default")
    chosen = [find_card(name) for name in parser.parse_args().names] or default_cards()
    environment = Environment.read()
    store = Store(environment.cache_dir or default_cache_dir(), offline=environment.offline)
    columns = f"{'nodes':>8}{'transposes':>11}{'ms':>7}"
    print(f"{'':<46}{'with':^26}{'without':^26}")
    print(f"{'clean-up':<26}{'model':<20}{columns}{columns}")
    for name in CLEAN_UPS:
        for card in chosen:
            with TemporaryDirectory() as folder:
                pair = convert_both(store.ensure(card), name, Path(folder))
                if pair[0].ops == pair[1].ops:
                    continue
                times = run_in_turn(pair, make_inputs(card, RANDOM[0]))
            cells = (
                f"{each.ops.total():>8}{each.ops['Transpose']:>11}{time_:>7.2f}"
                for each, time_ in zip(pair, times, strict=True)
            )
            print(f"{name:<26}{card.name:<20}{''.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
