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
def test_lists_without_sense(writer, run, length, index, error):
    shape = writer.const(np.int32([]))
    rows = writer.node("TensorListReserve", [shape, writer.const(np.int32(length))])
    writer.node("TensorListGetItem", [rows, writer.const(np.int32(index)), shape], "y")
    with pytest.raises(error):
        run(writer.write(), {}, outputs=["y"])


def test_writing_beside_a_list_and_stacking_nothing(writer, run):
    shape, zero = writer.const(np.int32([])), writer.const(np.int32(0))
    rows = writer.node("TensorListReserve", [shape, zero])
    writer.node("TensorListStack", [rows, shape], "stacked")
    writer.node("TensorListSetItem", [rows, zero, zero], "written")
    model = writer.write()
    with pytest.raises(UnsupportedOpError, match="stacks an empty list"):
        run(model, {}, outputs=["stacked"])
    with pytest.raises(ModelFormatError, match="writes element 0 of a list of 0"):
        run(model, {}, outputs=["written"])
    with pytest.raises(UnsupportedOpError, match="is a list"):
        run(model, {}, outputs=[rows])


def test_scattering_more_rows_than_places(writer, run):
    array = writer.node("TensorArrayV3", [writer.const(np.int32(4))])
    rows = writer.const(np.float32([[1], [2]]))
    writer.node("TensorArrayScatterV3", [array, writer.const(np.int32([0])), rows, f"{array}:1"], "y")
    with pytest.raises(ModelFormatError, match="writes 2 rows to 1 places"):
        run(writer.write(), {}, outputs=["y"])
