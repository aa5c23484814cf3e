"""The one table of operations: TF.js's name of an op -> the function that translates it.

A translation gets a ``Call`` and one operand for each input of the node, and gives a tensor, a list of tensors, or a
tuple with one of these for each output of the node. It raises ModelFormatError when the node makes
no sense, and UnsupportedOpError when it makes sense that cannot be expressed; whoever called it adds node and file.
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


@dataclass(frozen=True, slots=True)
class Call:
    """What a translation needs to know beside its operands."""

    op: str
    attributes: Attributes
    builder: Builder

    def emit(self, op: str, *operands: Value | Array | np.generic | None, **attributes: Any) -> Value:  # noqa: ANN401 - see Builder.emit
        """Write one ONNX node."""
        return self.builder.emit(op, *operands, **attributes)

    def logical(self, value: Value) -> Tensor:
        """Return a tensor in TF.js's own order of axes."""
        return Tensor(self.builder, logical=value)

    def planar(self, value: Value) -> Tensor:
        """Return a tensor in NCHW."""
        return Tensor(self.builder, planar=value)


TABLE: dict[str, Translation] = {}

_TAKES_OPEN = frozenset({"BroadcastTo", "Identity", "Snapshot", "StopGradient"})
"""The ops that can do with an input of any number of axes."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def translates(*ops: str) -> Callable[[_Function], _Function]:
    """Enter a function into the table under these names."""

    def enter(function: _Function) -> _Function:
        TABLE.update(dict.fromkeys(ops, function))
        return function

    return enter


def translate(call: Call, operands: Sequence[Result]) -> tuple[Result, ...]:
    """Translate one node: one result for each of its outputs."""
    if call.op not in _TAKES_OPEN:
        operands = [operand.scalar if isinstance(operand, OpenTensor) else operand for operand in operands]
    if call.op not in TABLE:
        raise UnsupportedOpError("there is no translation of this op")
    function = TABLE[call.op]
    try:
        _signature(function).bind(call, *operands)
    except TypeError as error:
        raise ModelFormatError(f"takes another number of inputs than {len(operands)}") from error
    results = function(call, *operands)
    return results if isinstance(results, tuple) else (results,)


@cache
def _signature(function: Translation) -> inspect.Signature:
    return inspect.signature(function)


def known(tensor: Tensor, what: str) -> Array:
    """Return the numbers of an operand that ONNX wants to know beforehand."""
    if tensor.constant is None:
        raise UnsupportedOpError(f"its {what} is computed while the model runs")
    return tensor.constant


def known_integers(tensor: Tensor, what: str) -> list[int]:
    """As ``known``, a vector of whole numbers."""
    return [int(number) for number in known(tensor, what).ravel()]


def known_integer(tensor: Tensor, what: str) -> int:
    """As ``known``, one whole number."""
    numbers = known_integers(tensor, what)
    if len(numbers) != 1:
        raise ModelFormatError(f"its {what} is {len(numbers)} numbers, not one")
    return numbers[0]


def axis_of(axis: int, rank: int) -> int:
    """Return an axis counted from the front; ModelFormatError when there is none such."""
    if not -rank <= axis < rank:
        raise ModelFormatError(f"has axis {axis}, where its input has {rank}")
    return axis % rank
