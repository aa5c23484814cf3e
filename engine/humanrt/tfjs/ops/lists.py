"""TensorLists and TensorArrays, the variables of loops. Once a loop is unrolled they are plain lists of tensors.

A list is never changed: a write makes a new one, and the graph hands that on. Of a TensorArray it is the "flow" that is
handed on so; its handle only names it.
"""

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.builder import constant
from humanrt.tfjs.graph import INT32
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.arrays import MAX_PARTS, stacked, unstacked
from humanrt.tfjs.ops.table import Call, TensorList, known_integer, known_integers, translates


def _reserve(length: Tensor) -> TensorList:
    count = known_integer(length, "length")
    if not 0 <= count <= MAX_PARTS:
        raise ModelFormatError(f"reserves a list of {count} elements")
    return [None] * count


def _get(elements: TensorList, index: int) -> Tensor:
    if not 0 <= index < len(elements):
        raise ModelFormatError(f"reads element {index} of a list of {len(elements)}")
    element = elements[index]
    if element is None:
        raise UnsupportedOpError(f"reads element {index} of a list before it was written")
    return element


def _set(elements: TensorList, index: int, element: Tensor) -> TensorList:
    if not 0 <= index < len(elements):
        raise ModelFormatError(f"writes element {index} of a list of {len(elements)}")
    return [*elements[:index], element, *elements[index + 1 :]]


def _stack(call: Call, elements: TensorList, indices: range | list[int]) -> Tensor:
    if not indices:
        raise UnsupportedOpError("stacks an empty list")
    return stacked(call, tuple(_get(elements, index) for index in indices), 0)


@translates("TensorListReserve")
def reserve_list(call: Call, element_shape: Tensor, length: Tensor) -> TensorList:
    """Return a list of elements that are yet to be written."""
    return _reserve(length)


@translates("TensorListFromTensor")
def list_from_tensor(call: Call, x: Tensor, element_shape: Tensor) -> TensorList:
    """Return the rows of a tensor."""
    return [*unstacked(call, x, 0)]


@translates("TensorListGetItem")
def get_list_item(call: Call, elements: TensorList, index: Tensor, element_shape: Tensor) -> Tensor:
    """One element."""
    return _get(elements, known_integer(index, "index"))


@translates("TensorListSetItem")
def set_list_item(call: Call, elements: TensorList, index: Tensor, element: Tensor) -> TensorList:
    """Return the list with another element."""
    return _set(elements, known_integer(index, "index"), element)


@translates("TensorListStack")
def stack_list(call: Call, elements: TensorList, element_shape: Tensor) -> Tensor:
    """Return the elements as the rows of a tensor."""
    return _stack(call, elements, range(len(elements)))


@translates("TensorArrayV3")
def new_array(call: Call, length: Tensor) -> tuple[Tensor, TensorList]:
    """Return a handle, which says nothing, and the flow."""
    return call.logical(constant(0, INT32)), _reserve(length)


@translates("TensorArraySizeV3")
def array_size(call: Call, handle: Tensor, flow: TensorList) -> Tensor:
    """Return the number of elements."""
    return call.logical(constant(len(flow), INT32))


@translates("TensorArrayReadV3")
def read_array(call: Call, handle: Tensor, index: Tensor, flow: TensorList) -> Tensor:
    """One element."""
    return _get(flow, known_integer(index, "index"))


@translates("TensorArrayWriteV3")
def write_array(call: Call, handle: Tensor, index: Tensor, element: Tensor, flow: TensorList) -> TensorList:
    """Return the flow with another element."""
    return _set(flow, known_integer(index, "index"), element)


@translates("TensorArrayGatherV3")
def gather_array(call: Call, handle: Tensor, indices: Tensor, flow: TensorList) -> Tensor:
    """Return some elements as the rows of a tensor."""
    return _stack(call, flow, known_integers(indices, "indices"))


@translates("TensorArrayScatterV3")
def scatter_array(call: Call, handle: Tensor, indices: Tensor, x: Tensor, flow: TensorList) -> TensorList:
    """Return the flow with the rows of a tensor written at the indices."""
    targets, rows = known_integers(indices, "indices"), unstacked(call, x, 0)
    if len(targets) != len(rows):
        raise ModelFormatError(f"writes {len(rows)} rows to {len(targets)} places")
    for index, row in zip(targets, rows, strict=True):
        flow = _set(flow, index, row)
    return flow
