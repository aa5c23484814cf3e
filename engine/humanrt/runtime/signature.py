"""The inputs and outputs of a model, and the check of the tensors that are passed to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from humanrt.errors import ModelInputError
from humanrt.runtime.casting import CASTS
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
    """One input or output of a model.

    Tensors do not have all dtypes of ONNX: inputs and outputs of some are cast, and of others cannot be used.
    """

    name: str
    """The name in the graph."""
    shape: tuple[int | None, ...] | None
    """The sizes of the dimensions, None for a size that is not fixed. None as a whole for an unknown rank and for a
    scalar, between which ONNX Runtime does not distinguish."""
    dtype: np.dtype[Any]
    """The dtype in the graph; object for values that cannot be a tensor, such as strings and sequences."""
    onnx_type: str = ""
    """ONNX Runtime's name of a type that tensors do not have."""

    @property
    def tensor_dtype(self) -> np.dtype[Any] | None:
        """The dtype of the tensor that is given or returned; None for values that cannot be a tensor.

        It is ``dtype`` but for float64 (float32), int8, int16 and uint16 (int32), uint32 and uint64 (int64). Only the
        use of a value that cannot be a tensor is an error.
        """
        if self.onnx_type in CASTS:
            return CASTS[self.onnx_type][1]
        return None if self.dtype == np.dtype(object) else self.dtype

    def __str__(self) -> str:
        if self.tensor_dtype is None:
            return f"{self.name!r}: {self.onnx_type}, which cannot be a tensor"
        cast = f", as a tensor of {self.tensor_dtype}" if self.tensor_dtype != self.dtype else ""
        return f"{self.name!r}: {_describe(self.dtype, self.shape)}{cast}"

    def accepts(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bool:
        """Return whether a tensor of this dtype and shape fits."""
        if dtype != self.tensor_dtype:
            return False
        if self.shape is None:
            return True
        sizes = zip(shape, self.shape, strict=False)
        return len(shape) == len(self.shape) and all(wanted in (None, size) for size, wanted in sizes)


def read_specs(arguments: Sequence[NodeArg]) -> tuple[TensorSpec, ...]:
    """Return the specs of a session's inputs or outputs (``onnxruntime.NodeArg``)."""
    specs = []
    for argument in arguments:
        sizes = tuple(size if isinstance(size, int) else None for size in argument.shape or ())
        if argument.type in DTYPES:
            specs.append(TensorSpec(argument.name, sizes or None, DTYPES[argument.type]))
        else:
            dtype = CASTS[argument.type][0] if argument.type in CASTS else np.dtype(object)
            specs.append(TensorSpec(argument.name, sizes or None, dtype, argument.type))
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
        """Return the tensors by the name of their input, and the names of the requested outputs.

        None requests all outputs that can be tensors. Names may be written with or without ``:0``, as in TF.js.

        Raises ``ModelInputError`` if something does not fit; the message lists every mismatch.
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
            given: dict[str, Tensor] = {}
            for name, tensor in inputs.items():
                known = _known_name(name, names)
                if known is None:
                    problems.append(f"there is no input {name!r}, only {names}")
                elif known in given:
                    problems.append(f"input {known!r} was given twice")
                else:
                    given[known] = tensor
            return given
        several = inputs if isinstance(inputs, list | tuple) else [inputs]
        if len(several) != len(names):
            wanted = ", ".join(str(spec) for spec in self.inputs)
            problems.append(f"{len(several)} inputs were given, but it has {len(names)} ({wanted})")
        return dict(zip(names, several, strict=False))

    def _bind_outputs(self, outputs: str | Sequence[str] | None, problems: list[str]) -> list[str]:
        known = [spec.name for spec in self.outputs]
        unusable = {spec.name: spec for spec in self.outputs if spec.tensor_dtype is None}
        if outputs is None:
            usable = [name for name in known if name not in unusable]
            if not usable:
                problems.append("no output can be a tensor: " + ", ".join(map(str, self.outputs)))
            return usable
        requested = [outputs] if isinstance(outputs, str) else list(outputs)
        if not requested:
            problems.append("no output was requested")
        problems.extend(
            f"there is no output {name!r}, only {known}" for name in requested if not _known_name(name, known)
        )
        found = [_known_name(name, known) or name for name in requested]
        problems.extend(f"output {name!r} was requested twice" for name in known if found.count(name) > 1)
        problems.extend(f"output {unusable[name]}" for name in dict.fromkeys(found) if name in unusable)
        return found


def _known_name(name: object, known: Sequence[str]) -> str | None:
    """Return the known name that a name stands for, with or without ``:0``; None if there is none."""
    if not isinstance(name, str):
        return None
    other = name.removesuffix(":0") if name.endswith(":0") else f"{name}:0"
    return next((candidate for candidate in (name, other) if candidate in known), None)


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
