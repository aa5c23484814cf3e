"""The table of operations: TF.js's name of an op -> the function that translates it.

A translation receives a ``Call`` and one operand for each input of the node. It returns a tensor, a list of tensors, or
a tuple with one of these for each output of the node. It raises ``ModelFormatError`` if the node is invalid and
``UnsupportedOpError`` if the node is valid but has no translation; the caller adds the node and the file.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, TypeVar

import numpy as np

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.builder import Builder
from humanrt.tfjs.graph import Array, Attributes
from humanrt.tfjs.layout import OpenTensor, Tensor
from humanrt.tfjs.tensor_lists import TensorList, TensorSequence
from humanrt.tfjs.values import Value

Result: TypeAlias = Tensor | OpenTensor | TensorList | TensorSequence
Translation: TypeAlias = "Callable[..., Result | tuple[Result, ...]]"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Call:
    """The context of a translation: the op, its attributes, and the builder of the ONNX graph."""

    op: str
    attributes: Attributes
    builder: Builder

    def emit(self, op: str, *operands: Value | Array | np.generic | None, **attributes: Any) -> Value:  # noqa: ANN401 - see Builder.emit
        """Write one ONNX node."""
        return self.builder.emit(op, *operands, **attributes)

    def logical(self, value: Value) -> Tensor:
        """Return a tensor in TF.js's order of axes."""
        return Tensor(self.builder, logical=value)

    def planar(self, value: Value) -> Tensor:
        """Return a tensor in NCHW."""
        return Tensor(self.builder, planar=value)

    def images(self, x: Tensor) -> Tensor:
        """Return the operand as a tensor of shape [batch, height, width, channels], whatever ``data_format`` is."""
        if x.rank != 4:
            raise ModelFormatError(f"its input has {x.rank} axes, not 4")
        return self.planar(x.logical) if self._is_nchw() else x

    def in_data_format(self, result: Tensor) -> Tensor:
        """Return a result of shape [batch, height, width, channels] in the ``data_format`` of the node."""
        return self.logical(result.planar) if self._is_nchw() else result

    def by_axis(self, items: Sequence[_T]) -> tuple[_T, _T, _T, _T]:
        """Return the four items of an attribute in the order batch, height, width, channels."""
        first, second, third, fourth = items
        return (first, third, fourth, second) if self._is_nchw() else (first, second, third, fourth)

    def _is_nchw(self) -> bool:
        data_format = self.attributes.text("data_format", "NHWC")
        if data_format not in {"NHWC", "NCHW"}:
            raise UnsupportedOpError(f"its data_format is {data_format!r}; supported are NHWC and NCHW")
        return data_format == "NCHW"


TABLE: dict[str, Translation] = {}

_TAKES_OPEN = frozenset({"BroadcastTo", "Identity", "Snapshot", "StopGradient"})
"""The ops that accept an input of unknown rank."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def translates(*ops: str) -> Callable[[_Function], _Function]:
    """Return a decorator that enters a function into the table under these names."""

    def enter(function: _Function) -> _Function:
        TABLE.update(dict.fromkeys(ops, function))
        return function

    return enter


def translate(call: Call, operands: Sequence[Result]) -> tuple[Result, ...]:
    """Translate one node; return one result for each of its outputs."""
    if call.op not in _TAKES_OPEN:
        operands = [operand.scalar if isinstance(operand, OpenTensor) else operand for operand in operands]
    if call.op not in TABLE:
        raise UnsupportedOpError("this op has no translation")
    function = TABLE[call.op]
    try:
        _signature(function).bind(call, *operands)
    except TypeError as error:
        raise ModelFormatError(f"it does not accept {len(operands)} inputs") from error
    results = function(call, *operands)
    return results if isinstance(results, tuple) else (results,)


@cache
def _signature(function: Translation) -> inspect.Signature:
    return inspect.signature(function)


def known(tensor: Tensor, what: str) -> Array:
    """Return the values of an operand that ONNX requires at conversion time; ``what`` names it in the error."""
    if tensor.constant is None:
        raise UnsupportedOpError(f"its {what} is computed at run time; only a constant is supported")
    return tensor.constant


def known_integers(tensor: Tensor, what: str) -> list[int]:
    """Return the values of a constant operand as a list of integers."""
    return [int(number) for number in known(tensor, what).ravel()]


def known_integer(tensor: Tensor, what: str) -> int:
    """Return the single integer of a constant operand."""
    numbers = known_integers(tensor, what)
    if len(numbers) != 1:
        raise ModelFormatError(f"its {what} has {len(numbers)} elements, not one")
    return numbers[0]


def axis_of(axis: int, rank: int) -> int:
    """Return a possibly negative axis as a non-negative one.

    Raises ``ModelFormatError`` if the axis is out of range.
    """
    if not -rank <= axis < rank:
        raise ModelFormatError(f"its axis {axis} is out of range for an input of {rank} axes")
    return axis % rank
