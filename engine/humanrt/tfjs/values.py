"""ONNX values: their properties known at conversion time, and their descriptions as protocol buffers."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import onnx
from onnx import helper, numpy_helper

from humanrt.tfjs.graph import INT64, Array, DType, Shape
from humanrt.tfjs.sizes import Sizes


@dataclass(eq=False, slots=True)
class Value:
    """A tensor of known rank.

    ``clip`` is set on the result of a Clip or Relu: its source and its bounds. ``sizes`` is set on a value that is
    computed from partly known sizes. ``counts`` is True for the values 0, 1, 2, ... ``fixed`` is True for a value that
    is computed from constants only, though not at conversion time.
    """

    name: str | None
    shape: Shape
    dtype: DType
    constant: Array | None = None
    clip: "tuple[Value, float, float] | None" = None
    sizes: Sizes | None = None
    counts: bool = False
    fixed: bool = False

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)


@dataclass(eq=False, slots=True)
class SequenceValue:
    """A sequence of tensors. ``shape`` is that of each element, or None if nothing is written yet."""

    name: str | None
    shape: Shape | None
    dtype: DType


@dataclass(eq=False, slots=True)
class OpenValue:
    """A tensor of unknown rank: an input of the model."""

    name: str | None
    dtype: DType


AnyValue: TypeAlias = Value | SequenceValue | OpenValue
Operand: TypeAlias = "AnyValue | Array | np.generic | None"


def constant(data: Any, dtype: DType | None = None) -> Value:  # noqa: ANN401 - anything that numpy converts to an array
    """Return a constant. It enters the graph if a remaining node needs it."""
    array = np.asarray(data, dtype)
    return Value(None, array.shape, array.dtype, array)


def int64(data: Any) -> Value:  # noqa: ANN401 - as above
    """Return an int64 constant: the dtype of ONNX's axes, sizes and indices."""
    return constant(data, INT64)


def tensor_type(dtype: DType) -> int:
    """Return ONNX's number of a dtype."""
    return int(helper.np_dtype_to_tensor_dtype(dtype))


def initializer(name: str, array: Array) -> onnx.TensorProto:
    """Return an array as a ``TensorProto``."""
    # np.ascontiguousarray would turn a scalar into a vector.
    return numpy_helper.from_array(np.asarray(array, order="C"), name)


def describe(value: AnyValue, name: str | None = None) -> onnx.ValueInfoProto:
    """Return the ``ValueInfoProto`` of a value, with its own name or another."""
    dtype, name = tensor_type(value.dtype), name or value.name or ""
    match value:
        case SequenceValue(shape=shape):
            return helper.make_tensor_sequence_value_info(name, dtype, shape)
        case OpenValue():
            return helper.make_tensor_value_info(name, dtype, None)
        case Value(shape=shape):
            return helper.make_tensor_value_info(name, dtype, shape)
