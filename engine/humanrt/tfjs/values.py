"""ONNX values: what is known of each before the model runs, and how a protocol buffer describes it."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import onnx
from onnx import helper, numpy_helper

from humanrt.tfjs.graph import INT64, Array, DType, Shape
from humanrt.tfjs.sizes import Sizes


@dataclass(eq=False, slots=True)
class Value:
    """One tensor of a known number of axes.

    ``clip`` is set on the result of a Clip or Relu: its source and its bounds. ``sizes`` is set on a value that is made
    of sizes which are known in part. ``counts`` says that it holds 0, 1, 2 and so on.
    """

    name: str | None
    shape: Shape
    dtype: DType
    constant: Array | None = None
    clip: "tuple[Value, float, float] | None" = None
    sizes: Sizes | None = None
    counts: bool = False

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)


@dataclass(eq=False, slots=True)
class SequenceValue:
    """A list of tensors, whose ``shape`` is that of each element, and None as long as none was written."""

    name: str | None
    shape: Shape | None
    dtype: DType


@dataclass(eq=False, slots=True)
class OpenValue:
    """One tensor whose number of axes is not known: an input of the model."""

    name: str | None
    dtype: DType


AnyValue: TypeAlias = Value | SequenceValue | OpenValue
Operand: TypeAlias = "AnyValue | Array | np.generic | None"


def constant(data: Any, dtype: DType | None = None) -> Value:  # noqa: ANN401 - whatever numpy can make an array of
    """Return a value that is known now. It enters the graph when a node that remains needs it."""
    array = np.asarray(data, dtype)
    return Value(None, array.shape, array.dtype, array)


def int64(data: Any) -> Value:  # noqa: ANN401 - as above
    """Return a constant of the type in which ONNX wants axes, sizes and indices."""
    return constant(data, INT64)


def tensor_type(dtype: DType) -> int:
    """Return ONNX's number of a type."""
    return int(helper.np_dtype_to_tensor_dtype(dtype))


def initializer(name: str, array: Array) -> onnx.TensorProto:
    """Return an array as ONNX stores it."""
    # np.ascontiguousarray would turn a scalar into a vector.
    return numpy_helper.from_array(np.asarray(array, order="C"), name)


def describe(value: AnyValue, name: str | None = None) -> onnx.ValueInfoProto:
    """Return the description of a value, under its own name or another."""
    dtype, name = tensor_type(value.dtype), name or value.name or ""
    match value:
        case SequenceValue(shape=shape):
            return helper.make_tensor_sequence_value_info(name, dtype, shape)
        case OpenValue():
            return helper.make_tensor_value_info(name, dtype, None)
        case Value(shape=shape):
            return helper.make_tensor_value_info(name, dtype, shape)
