"""The effect of each clean-up of the converter: Human's default models, converted with and without it, run in turns.

A line is printed for each model that a clean-up changes: the nodes, and the Transposes among them, that are left after
ONNX Runtime's own optimisation, and the milliseconds of CPU time of a run.
"""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

# As in humanrt. It is read when ONNX Runtime is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnx
import onnxruntime

from bench.rounds import Effort, here, take_turns
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

EFFORT = Effort(rounds=25, seconds=0.01)


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
"""The patches that convert without a clean-up, by its name."""


@dataclass(frozen=True)
class Converted:
    """A session, and the ops of its optimised graph."""

    session: onnxruntime.InferenceSession
    ops: Counter[str]

    @classmethod
    def load(cls, onnx_file: Path) -> "Converted":
        """Load the file, to run on one thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.optimized_model_filepath = str(onnx_file.with_suffix(".optimized.onnx"))
        session = onnxruntime.InferenceSession(onnx_file, options, providers=["CPUExecutionProvider"])
        graph = onnx.load(options.optimized_model_filepath, load_external_data=False).graph
        return cls(session, Counter(node.op_type for node in graph.node))


def convert_both(model_json: Path, name: str, folder: Path) -> tuple[Converted, Converted]:
    """Return a model converted with and without the clean-up of that name."""
    with_it, without = folder / "with.onnx", folder / "without.onnx"
    convert(model_json, with_it)
    with ExitStack() as patches:
        for replacement in CLEAN_UPS[name]():
            patches.enter_context(replacement)
        convert(model_json, without)
    return Converted.load(with_it), Converted.load(without)


def run_in_turns(pair: tuple[Converted, Converted], inputs: Mapping[str, Array]) -> list[float]:
    """Return the median milliseconds of a run of each."""
    with_it, without = (here(partial(converted.session.run, None, inputs)) for converted in pair)
    times = take_turns(with_it, without, EFFORT).cpu
    return [(microseconds or 0) / 1000 for microseconds in (times.ours, times.theirs)]


def main() -> None:
    """Print the table."""
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
                times = run_in_turns(pair, make_inputs(card, RANDOM[0]))
            cells = (
                f"{each.ops.total():>8}{each.ops['Transpose']:>11}{time_:>7.2f}"
                for each, time_ in zip(pair, times, strict=True)
            )
            print(f"{name:<26}{card.name:<20}{''.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
