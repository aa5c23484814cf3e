"""TensorLists and TensorArrays: TF.js's lists of tensors.

While all is known they are plain lists of tensors. In a loop that is written as a loop, and where they are as long as
something that is known only when the model runs, they are ONNX sequences. Neither is ever changed: a write makes a new
one, and the graph hands that on.
"""

from dataclasses import dataclass
from typing import TypeAlias

from humanrt.errors import UnsupportedOpError
from humanrt.tfjs.builder import Builder
from humanrt.tfjs.graph import DType, Shape
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.values import SequenceValue, tensor_type


@dataclass(frozen=True, slots=True)
class TensorList:
    """Elements that are known one by one, None for those not yet written. One that ``grows`` has no given length."""

    dtype: DType
    elements: tuple[Tensor | None, ...]
    grows: bool = False


@dataclass(frozen=True, slots=True)
class TensorSequence:
    """A list of which only the kind of its elements is known."""

    value: SequenceValue

    @property
    def dtype(self) -> DType:
        """The type of each element."""
        return self.value.dtype


AnyList: TypeAlias = TensorList | TensorSequence


def as_sequence(builder: Builder, elements: AnyList) -> SequenceValue:
    """Return a list as an ONNX sequence. It holds what was written, so that its length is that of TF.js's own list."""
    if isinstance(elements, TensorSequence):
        return elements.value
    written = [element for element in elements.elements if element is not None]
    if written != list(elements.elements[: len(written)]):
        raise UnsupportedOpError("hands on a list that has gaps")
    sequence = SequenceValue(None, None, elements.dtype)
    if not written:
        return builder.emit_as(sequence, "SequenceEmpty", dtype=tensor_type(elements.dtype))
    sequence.shape = written[0].shape
    for element in written:
        sequence.shape = common_shape(sequence.shape, element.shape)
    return builder.emit_as(sequence, "SequenceConstruct", *(element.logical for element in written))


def common_shape(left: Shape | None, right: Shape | None) -> Shape | None:
    """Return what two shapes have in common; None is no shape yet."""
    if left is None or right is None:
        return left if right is None else right
    if len(left) != len(right):
        raise UnsupportedOpError(f"has {len(left)} axes here and {len(right)} there, in one place of the ONNX graph")
    return tuple(a if a == b else None for a, b in zip(left, right, strict=True))
