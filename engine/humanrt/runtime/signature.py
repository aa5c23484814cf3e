"""The inputs and outputs of a model, and the check of the tensors that are passed to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from humanrt.errors import ModelFormatError, ModelInputError
from humanrt.runtime.library import InferenceSession, NodeArg
from humanrt.tensors import Tensor

Inputs: TypeAlias = Tensor | list[Tensor] | tuple[Tensor, ...] | Mapping[str, Tensor]

DTYPES: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(uint8)": np.dtype(np.uint8),
    "tensor(bool)": np.dtype(np.bool_),
}
"""The dtypes of tensors by their names in ONNX Runtime."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output of a model."""

    name: str
    """The name in the graph."""
    shape: tuple[int | None, ...] | None
    """The sizes of the dimensions, None for a size that is not fixed. None as a whole for an unknown rank and for a
    scalar, between which ONNX Runtime does not distinguish."""
    dtype: np.dtype[Any]
    """float32, float16, int32, int64, uint8 or bool."""

    def __str__(self) -> str:
        return f"{self.name!r}: {_describe(self.dtype, self.shape)}"

    def accepts(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bool:
        """Return whether an array of this dtype and shape fits."""
        if dtype != self.dtype:
            return False
        if self.shape is None:
            return True
        sizes = zip(shape, self.shape, strict=False)
        return len(shape) == len(self.shape) and all(wanted in (None, size) for size, wanted in sizes)


def read_specs(model: str, arguments: Sequence[NodeArg]) -> tuple[TensorSpec, ...]:
    """Return the specs of a session's inputs or outputs (``onnxruntime.NodeArg``).

    Raises ``ModelFormatError`` if one is not a tensor, or has a dtype that tensors do not have.
    """
    specs = []
    for argument in arguments:
        if argument.type not in DTYPES:
            accepted = ", ".join(DTYPES)
            raise ModelFormatError(f"{model}: {argument.name!r} is a {argument.type}; accepted are {accepted}")
        sizes = tuple(size if isinstance(size, int) else None for size in argument.shape)
        specs.append(TensorSpec(argument.name, sizes or None, DTYPES[argument.type]))
    return tuple(specs)


def read_metadata(session: InferenceSession) -> dict[str, str]:
    """Return the metadata in the file of a session."""
    meta = session.get_modelmeta()
    own = {"producer": meta.producer_name, "graph": meta.graph_name, "description": meta.description}
    return {**meta.custom_metadata_map, **own}


class Signature:
    """The inputs and outputs of the model called ``model``, each in the model's order."""

    def __init__(self, model: str, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> None:
        self.model = model
        self.inputs = inputs
        self.outputs = outputs

    def bind(self, inputs: Inputs, outputs: str | Sequence[str] | None) -> tuple[dict[str, Tensor], list[str]]:
        """Return the tensors by the name of their input, and the names of the requested outputs (all for None).

        Raises ``ModelInputError`` with a list of all mismatches if there are any.
        """
        problems: list[str] = []
        feeds = self._bind_inputs(inputs, problems)
        names = self._bind_outputs(outputs, problems)
        if problems:
            raise ModelInputError(f"{self.model} cannot run: " + "; ".join(problems))
        return feeds, names

    def _bind_inputs(self, inputs: Inputs, problems: list[str]) -> dict[str, Tensor]:
        given = self._by_name(inputs, problems)
        for spec in self.inputs:
            if spec.name in given:
                problems.extend(_mismatches(spec, given[spec.name]))
            elif isinstance(inputs, Mapping):
                problems.append(f"input {spec} is missing")
        return given

    def _by_name(self, inputs: Inputs, problems: list[str]) -> dict[str, Tensor]:
        """Return the given tensors by the names of inputs, as far as they can be assigned."""
        names = [spec.name for spec in self.inputs]
        if isinstance(inputs, Mapping):
            problems.extend(f"there is no input {name!r}, only {names}" for name in inputs if name not in names)
            return dict(inputs)
        several = inputs if isinstance(inputs, list | tuple) else [inputs]
        if len(several) != len(names):
            wanted = ", ".join(str(spec) for spec in self.inputs)
            problems.append(f"{len(several)} inputs were given, but it has {len(names)} ({wanted})")
        return dict(zip(names, several, strict=False))

    def _bind_outputs(self, outputs: str | Sequence[str] | None, problems: list[str]) -> list[str]:
        known = [spec.name for spec in self.outputs]
        if outputs is None:
            return known
        requested = [outputs] if isinstance(outputs, str) else list(outputs)
        if not requested:
            problems.append("no output was requested")
        problems.extend(f"there is no output {name!r}, only {known}" for name in requested if name not in known)
        problems.extend(f"output {name!r} was requested twice" for name in known if requested.count(name) > 1)
        return requested


def _mismatches(spec: TensorSpec, tensor: object) -> list[str]:
    if not isinstance(tensor, Tensor):
        return [f"input {spec} must be a Tensor, not {type(tensor).__name__}"]
    if tensor.is_disposed:
        return [f"input {spec} was given tensor {tensor.id}, which is disposed"]
    if not spec.accepts(tensor.dtype, tensor.shape):
        return [f"input {spec} was given {_describe(tensor.dtype, tensor.shape)}"]
    return []


def _describe(dtype: np.dtype[Any], shape: tuple[int | None, ...] | None) -> str:
    if shape is None:
        return f"{dtype} of any shape"
    return f"{dtype} [{', '.join('?' if size is None else str(size) for size in shape)}]"
