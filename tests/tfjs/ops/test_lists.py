"""TensorLists and TensorArrays outside of loops."""

import numpy as np
import pytest

from humanrt.errors import ModelFormatError, UnsupportedOpError


@pytest.fixture
def x(rng):
    return rng.normal(size=(3, 4)).astype(np.float32)


def test_tensor_list(writer, run, x):
    shape = writer.const(np.int32([4]))
    rows = writer.node("TensorListFromTensor", [writer.placeholder("x", x.shape), shape])
    first = writer.node("TensorListGetItem", [rows, writer.const(np.int32(0)), shape], "first")
    changed = writer.node("TensorListSetItem", [rows, writer.const(np.int32(2)), first])
    writer.node("TensorListStack", [changed, shape], "changed")
    writer.node("TensorListStack", [rows, shape], "unchanged")
    results = run(writer.write(), {"x": x}, outputs=["first", "changed", "unchanged"])
    np.testing.assert_array_equal(results["first"], x[0])
    np.testing.assert_array_equal(results["changed"], x[[0, 1, 0]])
    np.testing.assert_array_equal(results["unchanged"], x)


def test_tensor_array(writer, run, x):
    array = writer.node("TensorArrayV3", [writer.const(np.int32(4))])
    indices = writer.const(np.int32([3, 1, 0]))
    flow = writer.node("TensorArrayScatterV3", [array, indices, writer.placeholder("x", x.shape), f"{array}:1"])
    element = writer.node("TensorArrayReadV3", [array, writer.const(np.int32(1)), flow], "element")
    flow = writer.node("TensorArrayWriteV3", [array, writer.const(np.int32(2)), element, flow])
    writer.node("TensorArrayGatherV3", [array, writer.const(np.int32([0, 1, 2, 3])), flow], "all")
    writer.node("TensorArraySizeV3", [array, flow], "size")
    results = run(writer.write(), {"x": x}, outputs=["element", "all", "size"])
    np.testing.assert_array_equal(results["element"], x[1])
    np.testing.assert_array_equal(results["all"], x[[2, 1, 1, 0]])
    assert results["size"] == 4


@pytest.mark.parametrize(
    ("length", "index", "error"),
    [(-1, 0, ModelFormatError), (2**30, 0, ModelFormatError), (2, 2, ModelFormatError), (2, 0, UnsupportedOpError)],
)
def test_invalid_lengths_and_indices(writer, run, length, index, error):
    shape = writer.const(np.int32([]))
    rows = writer.node("TensorListReserve", [shape, writer.const(np.int32(length))])
    writer.node("TensorListGetItem", [rows, writer.const(np.int32(index)), shape], "y")
    with pytest.raises(error):
        run(writer.write(), {}, outputs=["y"])


def test_writing_out_of_range_and_stacking_an_empty_list(writer, run):
    shape, zero = writer.const(np.int32([])), writer.const(np.int32(0))
    rows = writer.node("TensorListReserve", [shape, zero], element_dtype="DT_INT32")
    writer.node("TensorListStack", [rows, shape], "stacked")
    writer.node("TensorListSetItem", [rows, zero, zero], "written")
    model = writer.write()
    with pytest.raises(UnsupportedOpError, match="stacks an empty list"):
        run(model, {}, outputs=["stacked"])
    with pytest.raises(ModelFormatError, match="writes element 0 of a list of 0"):
        run(model, {}, outputs=["written"])
    with pytest.raises(UnsupportedOpError, match="is a list"):
        run(model, {}, outputs=[rows])


def test_scattering_more_rows_than_indices(writer, run):
    array = writer.node("TensorArrayV3", [writer.const(np.int32(4))])
    rows = writer.const(np.float32([[1], [2]]))
    writer.node("TensorArrayScatterV3", [array, writer.const(np.int32([0])), rows, f"{array}:1"], "y")
    with pytest.raises(ModelFormatError, match="writes 2 rows to 1 indices"):
        run(writer.write(), {}, outputs=["y"])


@pytest.mark.parametrize(("start", "step"), [(1, 1), (0, 2), (None, None)])
def test_scattering_to_computed_indices(writer, run, start, step):
    """Only 0, 1, 2, ... are known to keep the order of the rows."""
    array = writer.node("TensorArrayV3", [writer.const(np.int32(2))])
    indices = writer.placeholder("indices", [2] if start is None else [], "DT_INT32")
    if start is not None:
        indices = writer.node("Range", [writer.const(np.int32(start)), indices, writer.const(np.int32(step))])
    rows = writer.const(np.float32([[1], [2]]))
    writer.node("TensorArrayScatterV3", [array, indices, rows, f"{array}:1"], "flow")
    writer.node("TensorArrayConcatV3", [array, "flow"], "y")
    with pytest.raises(UnsupportedOpError, match="indices that are computed"):
        run(writer.write(), {}, outputs=["y"])


@pytest.mark.parametrize(
    ("op", "inputs", "error", "message"),
    [
        ("TensorListPushBack", ["floats", "one"], ModelFormatError, "an element of int32 to a list of float32"),
        ("TensorListConcatV2", ["one", "one", "one"], ModelFormatError, "one list as an operand, and has 0"),
        ("TensorListConcatV2", ["floats", "one", "one"], UnsupportedOpError, "elements of unknown shape"),
        ("TensorListLength", ["one"], ModelFormatError, "is not a list"),
        ("TensorListFromTensor", ["one", "one"], ModelFormatError, "a list of a scalar"),
        ("TensorListStack", ["floats", "one"], UnsupportedOpError, "stacks an empty list"),
    ],
)
def test_invalid_operands(writer, run, op, inputs, error, message):
    writer.const(np.int32(1), "one")
    writer.node("EmptyTensorList", ["one", "one"], "floats", element_dtype="DT_FLOAT")
    writer.node(op, inputs, "y")
    with pytest.raises(error, match=message):
        run(writer.write(), {}, outputs=["y"])


def test_reading_by_a_computed_index(writer, run, x):
    shape, index = writer.const(np.int32([4])), writer.placeholder("index", [], "DT_INT32")
    rows = writer.node("TensorListFromTensor", [writer.placeholder("x", x.shape), shape])
    writer.node("TensorListGetItem", [rows, index, shape], "y")
    writer.node("TensorListGather", [rows, writer.node("Pack", [index, index]), shape], "two")
    results = run(writer.write(), {"x": x, "index": np.array(2, np.int32)}, outputs=["y", "two"])
    np.testing.assert_array_equal(results["y"], x[2])
    np.testing.assert_array_equal(results["two"], x[[2, 2]])


def test_reading_an_empty_list_by_a_computed_index(writer, run):
    shape, index = writer.const(np.int32([4])), writer.placeholder("index", [], "DT_INT32")
    rows = writer.node("TensorListReserve", [shape, writer.const(np.int32(3))], element_dtype="DT_FLOAT")
    writer.node("TensorListGetItem", [rows, index, shape], "y")
    with pytest.raises(UnsupportedOpError, match="before any is written"):
        run(writer.write(), {}, outputs=["y"])


def test_a_list_with_gaps_cannot_be_a_sequence(writer, run):
    shape, index = writer.const(np.int32([2])), writer.placeholder("index", [], "DT_INT32")
    rows = writer.node("TensorListReserve", [shape, writer.const(np.int32(3))], element_dtype="DT_FLOAT")
    written = writer.node("TensorListSetItem", [rows, writer.const(np.int32(1)), writer.const(np.float32([1, 2]))])
    writer.node("TensorListGetItem", [written, index, shape], "y")
    with pytest.raises(UnsupportedOpError, match="list with gaps"):
        run(writer.write(), {}, outputs=["y"])
