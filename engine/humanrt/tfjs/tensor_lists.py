"""TensorLists and TensorArrays: TF.js's lists of tensors.

A list whose elements are known one by one is a tuple of tensors. A list in an ONNX Loop, or of a length that is known
only at run time, is an ONNX sequence. Both are immutable: a write returns a new list.
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
    """A list of known elements, None for those not yet written. A list that ``grows`` has no fixed length."""

    dtype: DType
    elements: tuple[Tensor | None, ...]
    grows: bool = False


@dataclass(frozen=True, slots=True)
class TensorSequence:
    """A list of which only the dtype and shape of its elements are known."""

    value: SequenceValue

    @property
    def dtype(self) -> DType:
        """The dtype of each element."""
        return self.value.dtype


AnyList: TypeAlias = TensorList | TensorSequence


def as_sequence(builder: Builder, elements: AnyList) -> SequenceValue:
    """Return a list as an ONNX sequence of the elements written so far; TF.js's list has the same length."""
    if isinstance(elements, TensorSequence):
        return elements.value
    written = [element for element in elements.elements if element is not None]
    if written != list(elements.elements[: len(written)]):
        raise UnsupportedOpError("it uses a list with gaps between its written elements")
    sequence = SequenceValue(None, None, elements.dtype)
    if not written:
        return builder.emit_as(sequence, "SequenceEmpty", dtype=tensor_type(elements.dtype))
    sequence.shape = written[0].shape
    for element in written:
        sequence.shape = common_shape(sequence.shape, element.shape)
    return builder.emit_as(sequence, "SequenceConstruct", *(element.logical for element in written))


def common_shape(left: Shape | None, right: Shape | None) -> Shape | None:
    """Return the shape that two shapes have in common, with None for sizes that differ; None is an empty list's shape.

    Raises ``UnsupportedOpError`` if the ranks differ.
    """
    if left is None or right is None:
        return left if right is None else right
    if len(left) != len(right):
        raise UnsupportedOpError(f"its loop, condition or list has values of {len(left)} and of {len(right)} axes")
    return tuple(a if a == b else None for a, b in zip(left, right, strict=True))
