"""Models in ONNX Runtime and in TF.js: each model of the zoo, loaded from the same files."""

import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from statistics import median
from types import TracebackType

import numpy as np

from humanrt import Engine
from humanrt.engine import internals
from humanrt.runtime.graph_model import GraphModel
from humanrt.tensors import Tensor
from humanrt.zoo import Card
from parity.comparison import Comparison, compare
from parity.errors import RefusedError
from parity.inputs import RANDOM, SOURCES, USUAL_SIZES, Sizes, make_inputs
from parity.node import Array, Peer, Precision

WARM_UPS = 2
ROUNDS = 9


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one run, the medians of runs in turns; ``reason`` is why there is no time of WASM."""

    onnxruntime: float
    wasm: float | None
    reason: str = ""


class SideBySide(AbstractContextManager["SideBySide"]):
    """Runs models in ONNX Runtime on the CPU, and in TF.js on its CPU backend.

    Each model is loaded once. The outputs of TF.js for each of ``SOURCES``, which take seconds, are computed once.
    """

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._engine = Engine("cpu")
        self._models: dict[str, GraphModel] = {}
        self._answers: dict[tuple[str, str, Precision], dict[str, Array]] = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._engine.close()

    def model(self, card: Card) -> GraphModel:
        """Return the converted model, which is loaded the first time."""
        if card.name not in self._models:
            self._models[card.name] = internals(self._engine).load(card)
        return self._models[card.name]

    def ours(self, card: Card, inputs: dict[str, Array]) -> dict[str, Array]:
        """Run the converted model; return the outputs by the card's names."""
        model = self.model(card)
        with self._engine.tidy():
            outputs = model.execute(self._tensors(inputs))
            tensors = outputs if isinstance(outputs, list) else [outputs]
            arrays = [tensor.data_sync() for tensor in tensors]
        return _named(card, {spec.name: array for spec, array in zip(model.outputs, arrays, strict=True)})

    def theirs(self, card: Card, inputs: dict[str, Array], precision: Precision = "float32") -> dict[str, Array]:
        """Run the original in TF.js on the CPU; return the outputs by the same names."""
        return _named(card, self._peer.execute(self._engine.store.ensure(card), inputs, precision=precision))

    def answer(self, card: Card, source: str, precision: Precision = "float32") -> dict[str, Array]:
        """Return the same as ``theirs`` for one of ``SOURCES``."""
        key = card.name, source, precision
        if key not in self._answers:
            self._answers[key] = self.theirs(card, make_inputs(card, source), precision)
        return self._answers[key]

    def worst(self, card: Card, sources: Iterable[str] = SOURCES) -> dict[str, Comparison]:
        """Compare the outputs for each source; return the worst comparison of each output."""
        worst: dict[str, Comparison] = {}
        for source in sources:
            ours = self.ours(card, make_inputs(card, source))
            for name, found in compare(ours, partial(self.answer, card, source)).items():
                worst[name] = found.or_worse(worst.get(name, found))
        return worst

    def batch(self, card: Card, sources: Sequence[str] = SOURCES) -> dict[str, Comparison]:
        """Compare one run of ours on a batch of all sources with TF.js's outputs for each."""
        singles = [make_inputs(card, source) for source in sources]
        ours = self.ours(card, {name: np.concatenate([inputs[name] for inputs in singles]) for name in singles[0]})

        def answers(precision: Precision) -> dict[str, Array]:
            outputs = [self.answer(card, source, precision) for source in sources]
            return {name: np.concatenate([output[name] for output in outputs]) for name in outputs[0]}

        return compare(ours, answers)

    def at_sizes(self, card: Card, sizes: Sizes) -> dict[str, Comparison]:
        """Compare the outputs for random inputs of other sizes than the usual ones."""
        inputs = make_inputs(card, RANDOM[0], {**USUAL_SIZES, **sizes})
        return compare(self.ours(card, inputs), partial(self.theirs, card, inputs))

    def times(self, card: Card) -> Timing:
        """Measure ONNX Runtime on one thread and TF.js's WASM, which has one thread in Node, in turns."""
        model, model_json = self.model(card), self._engine.store.ensure(card)
        inputs = make_inputs(card, RANDOM[0])
        ours, theirs, reason = list[float](), list[float](), ""
        with self._engine.tidy():
            tensors = self._tensors(inputs)
            for _ in range(WARM_UPS + ROUNDS):
                start = time.perf_counter()
                self._engine.dispose(model.execute(tensors))
                ours.append((time.perf_counter() - start) * 1000)
                if not reason:
                    try:
                        theirs.append(self._peer.time(model_json, inputs, backend="wasm"))
                    except RefusedError as error:
                        reason = error.reason
        return Timing(median(ours[WARM_UPS:]), None if reason else median(theirs[WARM_UPS:]), reason)

    def _tensors(self, inputs: dict[str, Array]) -> dict[str, Tensor]:
        return {name: self._engine.from_numpy(array) for name, array in inputs.items()}


def _named(card: Card, outputs: dict[str, Array]) -> dict[str, Array]:
    """Return outputs by the card's names instead of the signature's.

    Raises ``ValueError`` if the card does not name each of them.
    """
    keys = {name: spec.signature or spec.node for name, spec in card.outputs.items()}
    if sorted(keys.values()) != sorted(outputs):
        raise ValueError(f"the card of {card.name} names the outputs {sorted(keys.values())}, of {sorted(outputs)}")
    return {name: outputs[key] for name, key in keys.items()}
