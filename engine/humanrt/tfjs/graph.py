"""The typed graph between TF.js's files and ONNX: plain data, checked once.

TF.js computes in three dtypes: float32, int32 and bool. Every other dtype of TensorFlow becomes one of them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from humanrt.errors import ModelFormatError, UnsupportedOpError

BATCH = "N"
"""The symbolic size of the batch axis."""

Dimension: TypeAlias = int | str | None
"""A known size, ``BATCH``, or None for a size that is known only at run time."""

Shape: TypeAlias = tuple[Dimension, ...]
Array: TypeAlias = npt.NDArray[np.generic]
DType: TypeAlias = np.dtype[np.generic]
AttributeValue: TypeAlias = bool | int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]

FLOAT32: DType = np.dtype(np.float32)
INT32: DType = np.dtype(np.int32)
INT64: DType = np.dtype(np.int64)
BOOL: DType = np.dtype(np.bool_)

TF_DTYPES: Mapping[str, DType] = {
    **dict.fromkeys(("DT_FLOAT", "DT_HALF", "DT_BFLOAT16", "DT_DOUBLE"), FLOAT32),
    **dict.fromkeys(("DT_INT8", "DT_UINT8", "DT_INT16", "DT_UINT16", "DT_INT32", "DT_INT64"), INT32),
    "DT_BOOL": BOOL,
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of a node. Getters raise ``ModelFormatError`` if one is of another type, or missing."""

    values: Mapping[str, AttributeValue]

    def flag(self, name: str) -> bool:
        """Return a boolean; False if it is missing."""
        return self._get(name, bool, False)

    def integer(self, name: str, default: int | None = None) -> int:
        """Return an integer."""
        return self._get(name, int, default)

    def number(self, name: str, default: float) -> float:
        """Return a finite number."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ModelFormatError(f"attribute {name!r} is {value!r}, not a finite number")
        return float(value)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string."""
        return self._get(name, str, default)

    def integers(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Return a list of integers."""
        return self._items(name, int, default)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings; an empty one if it is missing."""
        return self._items(name, str, ())

    def dtype(self, name: str, default: str | None = None) -> DType:
        """Return the dtype in which TF.js computes values of a TensorFlow dtype."""
        tf_name = self.text(name, default)
        if tf_name not in TF_DTYPES:
            raise UnsupportedOpError(f"attribute {name!r} is {tf_name}; supported are {', '.join(TF_DTYPES)}")
        return TF_DTYPES[tf_name]

    def _get(self, name: str, kind: type[_T], default: _T | None) -> _T:
        value = self.values.get(name, default)
        if value is None:
            raise ModelFormatError(f"attribute {name!r} is missing")
        if type(value) is not kind:
            raise ModelFormatError(f"attribute {name!r} is {value!r}, not of type {kind.__name__}")
        return value

    def _items(self, name: str, kind: type[_T], default: tuple[_T, ...] | None) -> tuple[_T, ...]:
        value = self.values.get(name, default)
        if value is None:
            raise ModelFormatError(f"attribute {name!r} is missing")
        if not isinstance(value, tuple):
            raise ModelFormatError(f"attribute {name!r} is {value!r}, not a list")
        items = tuple(item for item in value if type(item) is kind)
        if len(items) != len(value):
            raise ModelFormatError(f"attribute {name!r} is {value!r}, not a list of {kind.__name__}")
        return items


@dataclass(frozen=True, slots=True)
class Reference:
    """One output of a node: ``name`` or ``name:index`` in the file."""

    node: str
    index: int = 0

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Parse ``name`` or ``name:index``.

        Raises ``ModelFormatError`` if the text has another form.
        """
        name, _, index = text.partition(":")
        if not name or (index and not (index.isascii() and index.isdigit() and len(index) < 10)):
            raise ModelFormatError(f"{text!r} is neither the name of a node nor 'name:index'")
        return cls(name, int(index or 0))


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. TF.js ignores the order of ``controls``; here they determine the branch of a node."""

    name: str
    op: str
    inputs: tuple[Reference, ...]
    attributes: Attributes
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphInput:
    """A placeholder. ``dtype`` is the dtype of the fed tensor: uint8 stays uint8.

    ``shape`` is the shape in the graph, with None for an unknown size, or None for an unknown rank. ``usual_shape`` has
    the sizes of the signature in place of unknown ones.
    """

    name: str
    shape: tuple[int | None, ...] | None
    usual_shape: tuple[int | None, ...] | None
    dtype: DType


@dataclass(frozen=True, slots=True)
class GraphOutput:
    """An output of the model: its public name, and the node output it refers to."""

    name: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class Function:
    """A branch of an If, or the condition or body of a While. Its nodes are among the nodes of the graph.

    ``parameters`` are the names of the nodes (of op ``_Arg``) that stand for the arguments.
    """

    parameters: tuple[str, ...]
    results: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """A whole model. ``constants`` are the dequantized weights by the name of their Const node."""

    path: Path
    nodes: Mapping[str, Node]
    functions: Mapping[str, Function]
    constants: Mapping[str, Array]
    inputs: tuple[GraphInput, ...]
    outputs: tuple[GraphOutput, ...]
