"""TensorLists and TensorArrays, the variables of loops: Python lists if all is known, ONNX sequences otherwise.

A TensorArray is represented by its "flow", which each write returns anew; its handle is a placeholder.
"""

import numpy as np

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import INT32, INT64, DType
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.arrays import MAX_PARTS, stacked, unstacked
from humanrt.tfjs.ops.table import TABLE, Call, known_integer, known_integers, translates
from humanrt.tfjs.tensor_lists import AnyList, TensorList, TensorSequence, as_sequence, common_shape
from humanrt.tfjs.values import SequenceValue, Value, constant


@translates("TensorListReserve")
def reserve_list(call: Call, element_shape: Tensor, length: Tensor) -> TensorList:
    """Return a list of a given length, without elements."""
    return _reserve(call, length, call.attributes.dtype("element_dtype", "DT_FLOAT"))


@translates("EmptyTensorList")
def empty_list(call: Call, element_shape: Tensor, most: Tensor) -> TensorList:
    """Return an empty list, which grows."""
    return TensorList(call.attributes.dtype("element_dtype", "DT_FLOAT"), (), grows=True)


@translates("TensorArrayV3")
def new_array(call: Call, length: Tensor) -> tuple[Tensor, TensorList]:
    """Return a placeholder for the handle, and the flow."""
    return call.logical(constant(0, INT32)), _reserve(call, length, call.attributes.dtype("dtype", "DT_FLOAT"))


@translates("TensorListFromTensor")
def list_from_tensor(call: Call, x: Tensor, element_shape: Tensor) -> AnyList:
    """Return the rows of a tensor as a list."""
    return _rows(call, x)


@translates("TensorListGetItem")
def get_list_item(call: Call, elements: AnyList, index: Tensor, element_shape: Tensor) -> Tensor:
    """Return one element."""
    return _get(call, elements, index)


@translates("TensorArrayReadV3")
def read_array(call: Call, handle: Tensor, index: Tensor, flow: AnyList) -> Tensor:
    """Return one element."""
    return _get(call, flow, index)


@translates("TensorListSetItem")
def set_list_item(call: Call, elements: AnyList, index: Tensor, element: Tensor) -> AnyList:
    """Return the list with one element replaced."""
    return _set(call, elements, index, element)


@translates("TensorArrayWriteV3")
def write_array(call: Call, handle: Tensor, index: Tensor, element: Tensor, flow: AnyList) -> AnyList:
    """Return the flow with one element replaced."""
    return _set(call, flow, index, element)


@translates("TensorListPushBack")
def push_back(call: Call, elements: AnyList, element: Tensor) -> AnyList:
    """Return the list with one element appended."""
    _require_dtype(elements, element)
    if isinstance(elements, TensorList):
        call.builder.budget.extend(len(elements.elements) + 1)
        return TensorList(elements.dtype, (*elements.elements, element), grows=True)
    return _inserted(call, elements.value, element)


@translates("TensorListStack")
def stack_list(call: Call, elements: AnyList, element_shape: Tensor) -> Tensor:
    """Stack the elements along a new first axis."""
    return _stack(call, elements)


@translates("TensorListGather")
def gather_list(call: Call, elements: AnyList, indices: Tensor, element_shape: Tensor) -> Tensor:
    """Stack some elements along a new first axis."""
    return _gather(call, elements, indices)


@translates("TensorArrayGatherV3")
def gather_array(call: Call, handle: Tensor, indices: Tensor, flow: AnyList) -> Tensor:
    """Stack some elements along a new first axis."""
    return _gather(call, flow, indices)


@translates("TensorArrayScatterV3")
def scatter_array(call: Call, handle: Tensor, indices: Tensor, x: Tensor, flow: AnyList) -> AnyList:
    """Return the flow with the rows of a tensor written at the indices."""
    rows = _rows(call, x)
    if isinstance(flow, TensorList) and isinstance(rows, TensorList) and indices.constant is not None:
        targets = known_integers(indices, "indices")
        if len(targets) != len(rows.elements):
            raise ModelFormatError(f"it writes {len(rows.elements)} rows to {len(targets)} indices")
        for index, row in zip(targets, rows.elements, strict=True):
            flow = _set_known(call, flow, index, row)
        return flow
    if not indices.logical.counts or not isinstance(flow, TensorList) or any(flow.elements):
        raise UnsupportedOpError("it writes rows to indices that are computed at run time")
    return rows


@translates("TensorListConcat", "TensorListConcatV2", "TensorArrayConcatV3")
def concatenate_elements(call: Call, *operands: Tensor | AnyList) -> Tensor:
    """Concatenate the elements along their first axis. The operands of a TensorArray are a handle and a flow."""
    found = [operand for operand in operands if isinstance(operand, TensorList | TensorSequence)]
    if len(found) != 1:
        raise ModelFormatError(f"it needs one list as an operand, and has {len(found)}")
    sequence = as_sequence(call.builder, found[0])
    if not sequence.shape:
        raise UnsupportedOpError("it concatenates elements of unknown shape, or scalars")
    joined = Value(None, (None, *sequence.shape[1:]), sequence.dtype)
    return call.logical(call.builder.emit_as(joined, "ConcatFromSequence", sequence, axis=0, new_axis=0))


def _length(call: Call, *operands: Tensor | AnyList) -> Tensor:
    elements = operands[-1]
    if isinstance(elements, TensorList):
        return call.logical(constant(len(elements.elements), INT32))
    if not isinstance(elements, TensorSequence):
        raise ModelFormatError("its operand is not a list")
    count = call.builder.emit_as(Value(None, (), INT64), "SequenceLength", elements.value)
    return call.logical(call.builder.cast(count, INT32))


TABLE.update(TensorListLength=_length, TensorArraySizeV3=_length)


def _reserve(call: Call, length: Tensor, dtype: DType) -> TensorList:
    if length.constant is None:
        return TensorList(dtype, (), grows=True)
    count = known_integer(length, "length")
    if not 0 <= count <= MAX_PARTS:
        raise ModelFormatError(f"it reserves a list of {count} elements; at most {MAX_PARTS} are supported")
    call.builder.budget.extend(count)
    return TensorList(dtype, (None,) * count)


def _rows(call: Call, x: Tensor) -> AnyList:
    if not x.rank:
        raise ModelFormatError("it makes a list of a scalar; the tensor must have at least one axis")
    if isinstance(x.shape[0], int):
        return TensorList(x.dtype, unstacked(call, x, 0))
    sequence = SequenceValue(None, x.shape[1:], x.dtype)
    return TensorSequence(call.builder.emit_as(sequence, "SplitToSequence", x.logical, axis=0, keepdims=0))


def _get(call: Call, elements: AnyList, index: Tensor) -> Tensor:
    if isinstance(elements, TensorList) and index.constant is not None:
        return _get_known(elements, known_integer(index, "index"))
    sequence = as_sequence(call.builder, elements)
    if sequence.shape is None:
        raise UnsupportedOpError("it reads an element of a list before any is written")
    element = Value(None, sequence.shape, sequence.dtype)
    return call.logical(call.builder.emit_as(element, "SequenceAt", sequence, _position(call, index)))


def _get_known(elements: TensorList, index: int) -> Tensor:
    if not 0 <= index < len(elements.elements):
        raise ModelFormatError(f"it reads element {index} of a list of {len(elements.elements)}")
    element = elements.elements[index]
    if element is None:
        raise UnsupportedOpError(f"it reads element {index} of a list before it is written")
    return element


def _set(call: Call, elements: AnyList, index: Tensor, element: Tensor) -> AnyList:
    _require_dtype(elements, element)
    if isinstance(elements, TensorList) and index.constant is not None:
        return _set_known(call, elements, known_integer(index, "index"), element)
    builder, sequence, position = call.builder, as_sequence(call.builder, elements), _position(call, index)
    count = builder.emit_as(Value(None, (), INT64), "SequenceLength", sequence)
    # ONNX only inserts: an existing element is erased first.
    there, beyond = builder.inner(), builder.inner()
    rest = SequenceValue(None, sequence.shape, sequence.dtype)
    erased = there.emit_as(SequenceValue(None, sequence.shape, sequence.dtype), "SequenceErase", sequence, position)
    branches = {"then_branch": there.close([], [erased]), "else_branch": beyond.close([], [sequence])}
    builder.emit_graphs("If", [builder.emit("Less", position, count)], [rest], branches)
    return _inserted(call, rest, element, position)


def _set_known(call: Call, elements: TensorList, index: int, element: Tensor | None) -> TensorList:
    count = len(elements.elements) + elements.grows
    call.builder.budget.extend(count)
    if not 0 <= index < count:
        raise ModelFormatError(f"it writes element {index} of a list of {count}")
    changed = (*elements.elements[:index], element, *elements.elements[index + 1 :])
    return TensorList(elements.dtype, changed, elements.grows)


def _inserted(call: Call, sequence: SequenceValue, element: Tensor, *position: Value) -> TensorSequence:
    longer = SequenceValue(None, common_shape(sequence.shape, element.shape), sequence.dtype)
    return TensorSequence(call.builder.emit_as(longer, "SequenceInsert", sequence, element.logical, *position))


def _stack(call: Call, elements: AnyList) -> Tensor:
    if isinstance(elements, TensorList):
        if not elements.elements:
            raise UnsupportedOpError("it stacks an empty list")
        return stacked(call, tuple(_get_known(elements, index) for index in range(len(elements.elements))), 0)
    shape = elements.value.shape
    if shape is None:
        raise UnsupportedOpError("it stacks a list to which nothing is written")
    rows = Value(None, (None, *shape), elements.dtype)
    return call.logical(call.builder.emit_as(rows, "ConcatFromSequence", elements.value, axis=0, new_axis=1))


def _gather(call: Call, elements: AnyList, indices: Tensor) -> Tensor:
    if isinstance(elements, TensorList) and indices.constant is not None:
        call.builder.budget.extend(indices.constant.size)
        chosen = [_get_known(elements, index) for index in known_integers(indices, "indices")]
        return _stack(call, TensorList(elements.dtype, tuple(chosen)))
    rows = _stack(call, elements)
    return rows if indices.logical.counts else call.logical(call.emit("Gather", rows.logical, indices.logical, axis=0))


def _position(call: Call, index: Tensor) -> Value:
    scalar = call.builder.cast(index.logical, INT64)
    return scalar if scalar.rank == 0 else call.emit("Reshape", scalar, np.zeros(0, np.int64))


def _require_dtype(elements: AnyList, element: Tensor) -> None:
    if element.dtype != elements.dtype:
        raise ModelFormatError(f"it writes an element of {element.dtype} to a list of {elements.dtype}")
