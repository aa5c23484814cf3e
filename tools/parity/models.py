"""Converted models beside TF.js's: the cases, and the differences."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from humanrt.tfjs import convert
from parity.install import MODELS
from parity.node import Array, Peer
from parity.pictures import SOURCES, Float32, resize_bilinear


@dataclass(frozen=True)
class ModelCase:
    """One model of Human's package, and how RGB pixels [height, width, 3] become its input, with a batch of 1."""

    name: str
    prepare: Callable[[Array], Array]

    @property
    def model_json(self) -> Path:
        """The model's file in Human's npm package."""
        return MODELS / f"{self.name}.json"


def _unit(picture: Array, size: int) -> Float32:
    return resize_bilinear(picture, size, size)[None] / np.float32(255)


def _signed(picture: Array, size: int) -> Float32:
    return _unit(picture, size) * np.float32(2) - np.float32(1)


def _signed_gray(picture: Array, size: int) -> Float32:
    gray = _unit(picture, size) @ np.array([[0.2989], [0.5870], [0.1140]], np.float32)
    return (gray - np.float32(0.5)) * np.float32(2)


CASES = (
    ModelCase("blazeface", lambda picture: _signed(picture, 256)),
    ModelCase("facemesh", lambda picture: _unit(picture, 192)),
    ModelCase("iris", lambda picture: _unit(picture, 64)),
    ModelCase("emotion", lambda picture: _signed_gray(picture, 64)),
)


@dataclass(frozen=True)
class Difference:
    """The largest absolute difference of an output, and the same over the largest absolute value of the reference."""

    absolute: float
    relative: float

    @classmethod
    def between(cls, ours: Array, theirs: Array) -> "Difference":
        """Compare two outputs of one shape. NaN where either holds a NaN, so that no tolerance accepts it."""
        if ours.shape != theirs.shape:
            raise ValueError(f"the shapes differ: ours {ours.shape}, theirs {theirs.shape}")
        absolute = float(np.max(np.abs(ours - theirs)))
        return cls(absolute, absolute / float(np.max(np.abs(theirs))))

    def or_worse(self, other: "Difference") -> "Difference":
        """Return the larger of both numbers each; NaN is the largest."""
        return Difference(
            float(np.maximum(self.absolute, other.absolute)), float(np.maximum(self.relative, other.relative))
        )


class SideBySide:
    """Our converted models and TF.js's, on the same inputs.

    Each model is converted once, into ``folder``; each TF.js result is computed once, for its CPU backend is slow.
    """

    def __init__(self, peer: Peer, folder: Path) -> None:
        self._peer = peer
        self._folder = folder
        self._sessions: dict[str, onnxruntime.InferenceSession] = {}
        self._references: dict[tuple[str, str], dict[str, Array]] = {}

    def ours(self, case: ModelCase, batch: Array) -> dict[str, Array]:
        """Run the converted model in ONNX Runtime on the CPU; outputs by name."""
        session = self._session(case)
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, {self._input(case): batch}), strict=True))

    def theirs(self, case: ModelCase, source: str) -> dict[str, Array]:
        """Run the original in TF.js on the CPU, on one picture of ``SOURCES``; outputs by name."""
        key = case.name, source
        if key not in self._references:
            inputs = {self._input(case): case.prepare(SOURCES[source]())}
            self._references[key] = self._peer.execute(case.model_json, inputs)
        return self._references[key]

    def worst(self, case: ModelCase) -> dict[str, Difference]:
        """Return the largest differences over all ``SOURCES``, by output name."""
        worst: dict[str, Difference] = {}
        for source, picture in SOURCES.items():
            ours, theirs = self.ours(case, case.prepare(picture())), self.theirs(case, source)
            for name, reference in theirs.items():
                found = Difference.between(ours[name], reference)
                worst[name] = found.or_worse(worst.get(name, found))
        return worst

    def _session(self, case: ModelCase) -> onnxruntime.InferenceSession:
        if case.name not in self._sessions:
            onnx_file = self._folder / f"{case.name}.onnx"
            convert(case.model_json, onnx_file)
            self._sessions[case.name] = onnxruntime.InferenceSession(onnx_file, providers=["CPUExecutionProvider"])
        return self._sessions[case.name]

    def _input(self, case: ModelCase) -> str:
        (only,) = self._session(case).get_inputs()
        return str(only.name)
