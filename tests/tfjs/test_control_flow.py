"""Loops of TensorFlow 1: unrolled if the condition is known, an ONNX Loop otherwise."""

import numpy as np
import onnx
import pytest

from humanrt.errors import ModelFormatError, UnsupportedOpError


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_a_loop(writer, run, loop, turns):
    x = writer.placeholder("x", [3])
    out = loop(writer.const(np.int32(turns)), lambda i, v: writer.node("Mul", [v, writer.const(np.float32(2))]), x)
    writer.node("Identity", [out], "y")
    np.testing.assert_array_equal(
        run(writer.write(), {"x": np.float32([1, 2, 3])})["y"], np.float32([1, 2, 3]) * 2**turns
    )


def test_a_loop_in_a_loop(writer, run, loop):
    """Add i * j for i < 3 and j < 4 to a running total."""

    def outer(i, total):
        entered = writer.node("Enter", [i], "i_for_inner")

        def inner(j, inner_total):
            product = writer.node("Cast", [writer.node("Mul", [entered, j])], SrcT="DT_INT32", DstT="DT_FLOAT")
            return writer.node("AddV2", [inner_total, product])

        return loop(writer.const(np.int32(4)), inner, total, "inner_")

    total = loop(writer.const(np.int32(3)), outer, writer.placeholder("x", []), "outer_")
    writer.node("Identity", [total], "y")
    expected = 10 + sum(i * j for i in range(3) for j in range(4))
    assert run(writer.write(), {"x": np.array(10, np.float32)})["y"] == expected


def test_a_list_that_a_loop_fills(writer, run, loop):
    shape = writer.const(np.int32([]))
    rows = writer.node("TensorListReserve", [shape, writer.const(np.int32(3))])
    x = writer.placeholder("x", [2])

    def body(i, elements):
        number = writer.node("Cast", [i], SrcT="DT_INT32", DstT="DT_FLOAT")
        return writer.node("TensorListSetItem", [elements, i, writer.node("Mul", [x, number])])

    out = loop(writer.const(np.int32(3)), body, rows)
    writer.node("TensorListStack", [out, shape], "y")
    np.testing.assert_array_equal(run(writer.write(), {"x": np.float32([1, 5])})["y"], [[0, 0], [1, 5], [2, 10]])


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_a_condition_that_is_computed(writer, run, loop, turns):
    """The number of iterations is an input: an ONNX Loop with a counter and a vector as variables."""
    n, x = writer.placeholder("n", [], "DT_INT32"), writer.placeholder("x", [3])
    out = loop(n, lambda i, v: writer.node("Mul", [v, writer.const(np.float32(2))]), x)
    writer.node("Identity", [out], "y")
    model = writer.write()
    x = np.float32([1, 2, 3])
    np.testing.assert_array_equal(run(model, {"n": np.array(turns, np.int32), "x": x})["y"], x * 2**turns)
    assert "Loop" in {node.op_type for node in onnx.load(model.with_suffix(".onnx")).graph.node}


def test_a_loop_too_long_to_unroll(writer, run, loop, monkeypatch):
    monkeypatch.setattr("humanrt.tfjs.control_flow.MAX_TURNS", 10)
    out = loop(writer.const(np.int32(25)), lambda i, v: writer.node("AddV2", [v, i]), writer.const(np.int32(100)))
    writer.node("Identity", [out], "y")
    assert run(writer.write(), {})["y"] == 100 + sum(range(25))


def test_a_variable_that_changes_its_size(writer, run, loop):
    """A size that changes between iterations is unknown in the body."""
    n = writer.placeholder("n", [], "DT_INT32")
    axis = writer.const(np.int32(0))

    def body(i, v):
        return writer.node("ConcatV2", [v, writer.node("ExpandDims", [i, axis]), axis])

    writer.node("Identity", [loop(n, body, writer.const(np.int32([7])))], "y")
    np.testing.assert_array_equal(run(writer.write(), {"n": np.array(3, np.int32)})["y"], [7, 0, 1, 2])


def test_a_variable_that_changes_its_rank(writer, run, loop):
    n = writer.placeholder("n", [], "DT_INT32")
    out = loop(n, lambda i, v: writer.node("ExpandDims", [v, writer.const(np.int32(0))]), writer.const(np.float32(1)))
    writer.node("Identity", [out], "y")
    with pytest.raises(UnsupportedOpError, match="values of 0 and of 1 axes"):
        run(writer.write(), {})


def test_a_variable_that_changes_its_type(writer, run, loop):
    n = writer.placeholder("n", [], "DT_INT32")
    out = loop(n, lambda i, v: i, writer.const(np.float32(1)))
    writer.node("Identity", [out], "y")
    with pytest.raises(ModelFormatError, match="values of different types"):
        run(writer.write(), {})


def test_unchanged_variables_stay_outside_the_loop(writer, run, loop):
    """The weights of a convolution stay constants although they are variables of the loop."""
    n, x = writer.placeholder("n", [], "DT_INT32"), writer.placeholder("x", [1, 2, 2, 1])
    weights = writer.const(np.full((1, 1, 1, 1), 3, np.float32))

    def body(i, v, kept):
        return writer.node("Conv2D", [v, kept], strides=[1, 1, 1, 1], padding="SAME")

    writer.node("Identity", [loop(n, body, x, kept=weights)], "y")
    model = writer.write()
    result = run(model, {"n": np.array(2, np.int32), "x": np.ones((1, 2, 2, 1), np.float32)})["y"]
    np.testing.assert_array_equal(result, np.full((1, 2, 2, 1), 9))
    (written,) = [node for node in onnx.load(model.with_suffix(".onnx")).graph.node if node.op_type == "Loop"]
    assert len(written.output) == 2


def test_loops_in_loops_that_are_computed(writer, run, loop):
    n, m = (writer.placeholder(name, [], "DT_INT32") for name in ("n", "m"))

    def outer(i, total):
        entered = writer.node("Enter", [i], "i_for_inner")
        bound = writer.node("Enter", [m], "m_for_outer")

        def inner(j, inner_total):
            return writer.node("AddV2", [inner_total, writer.node("Mul", [entered, j])])

        return loop(bound, inner, total, "inner_")

    writer.node("Identity", [loop(n, outer, writer.const(np.int32(5)), "outer_")], "y")
    feeds = {"n": np.array(4, np.int32), "m": np.array(3, np.int32)}
    assert run(writer.write(), feeds, outputs=["y"])["y"] == 5 + sum(i * j for i in range(4) for j in range(3))


def test_the_batch_stays_symbolic_in_a_loop(writer, run, loop, rng):
    n, x = writer.placeholder("n", [], "DT_INT32"), writer.placeholder("x", [None, 3])
    writer.node("Identity", [loop(n, lambda i, v: writer.node("Neg", [v]), x)], "y")
    x = rng.normal(size=(4, 3)).astype(np.float32)
    feeds = {"n": np.array(3, np.int32), "x": x}
    np.testing.assert_array_equal(run(writer.write(), feeds, outputs=["y"])["y"], -x)


def test_a_map_over_a_list_of_unknown_length(writer, run, loop):
    """tf.map_fn: an array is unstacked, each row is processed, and the results are stacked."""
    x = writer.placeholder("x", [2, None])
    rows = writer.node("Transpose", [x, writer.const(np.int32([1, 0]))])
    bounds = [writer.const(np.int32(numbers)) for numbers in ([0], [1], [1])]
    count = writer.node("StridedSlice", [writer.node("Shape", [rows]), *bounds], shrink_axis_mask=1)
    zero, one = writer.const(np.int32(0)), writer.const(np.int32(1))
    source = writer.node("TensorArrayV3", [count], dtype="DT_FLOAT")
    indices = writer.node("Range", [zero, count, one])
    filled = writer.node("TensorArrayScatterV3", [source, indices, rows, f"{source}:1"])
    target = writer.node("TensorArrayV3", [count], dtype="DT_FLOAT")

    def body(i, flow):
        handles = [writer.node("Enter", [name], is_constant=True) for name in (source, filled, target)]
        row = writer.node("TensorArrayReadV3", [handles[0], i, handles[1]])
        return writer.node("TensorArrayWriteV3", [handles[2], i, writer.node("Square", [row]), flow])

    out = loop(count, body, f"{target}:1")
    size = writer.node("TensorArraySizeV3", [target, out], "size")
    writer.node("TensorArrayGatherV3", [target, writer.node("Range", [zero, size, one]), out], "y")
    x = np.float32([[1, 2, 3], [4, 5, 6]])
    results = run(writer.write(), {"x": x}, outputs=["y", "size"])
    np.testing.assert_array_equal(results["y"], x.T**2)
    assert results["size"] == 3


def test_a_list_that_a_computed_loop_changes_in_place(writer, run, loop):
    n, x = writer.placeholder("n", [], "DT_INT32"), writer.placeholder("x", [3, 2])
    shape = writer.const(np.int32([2]))
    rows = writer.node("TensorListFromTensor", [x, shape])

    def body(i, elements):
        row = writer.node("TensorListGetItem", [elements, i, shape])
        doubled = writer.node("TensorListSetItem", [elements, i, writer.node("AddV2", [row, row])])
        return writer.node("TensorListPushBack", [doubled, row])

    out = loop(n, body, rows)
    writer.node("TensorListStack", [out, shape], "y")
    writer.node("TensorListLength", [out], "length")
    writer.node("TensorListConcatV2", [out, shape, shape], "joined")
    x = np.float32([[1, 2], [3, 4], [5, 6]])
    results = run(writer.write(), {"x": x, "n": np.array(2, np.int32)}, outputs=["y", "length", "joined"])
    np.testing.assert_array_equal(results["y"], [[2, 4], [6, 8], [5, 6], [1, 2], [3, 4]])
    np.testing.assert_array_equal(results["joined"], [2, 4, 6, 8, 5, 6, 1, 2, 3, 4])
    assert results["length"] == 5


def test_nested_loops_that_unroll_into_too_many_nodes(writer, run, monkeypatch, loop):
    """Each loop is short; nested they have a million iterations."""
    monkeypatch.setattr("humanrt.tfjs.budget.FREE_EVALUATIONS", 2000)

    def middle(i, v):
        return loop(writer.const(np.int32(999)), lambda j, w: writer.node("Neg", [w]), v, "inner_")

    out = loop(writer.const(np.int32(999)), middle, writer.const(np.float32(1)), "outer_")
    writer.node("Identity", [out], "y")
    with pytest.raises(UnsupportedOpError, match="unrolls into too many nodes"):
        run(writer.write(), {})


@pytest.mark.parametrize("op", ["Enter", "LoopCond"])
def test_a_loop_node_outside_of_a_loop(writer, run, op):
    writer.node(op, [writer.const(np.float32(1))], "y")
    with pytest.raises(ModelFormatError, match="used outside of it"):
        run(writer.write(), {})


def test_a_loop_merge_outside_of_a_loop(writer, run):
    one = writer.const(np.float32(1))
    writer.node("Merge", [one, "next"], "y")
    writer.node("NextIteration", [one], "next")
    with pytest.raises(ModelFormatError, match="used outside of it"):
        run(writer.write(), {}, outputs=["y"])


@pytest.mark.parametrize("source", ["Neg", "Switch"])
def test_an_exit_without_a_loop(writer, run, source):
    one = writer.const(np.float32(1))
    writer.node(source, [one] * (2 if source == "Switch" else 1), "source")
    writer.node("Exit", ["source"], "y")
    with pytest.raises(ModelFormatError, match="not the Switch of a loop"):
        run(writer.write(), {})


def test_an_exit_that_depends_on_itself(writer, run):
    writer.node("LoopCond", ["exit"], "condition")
    writer.node("Switch", ["exit", "condition"], "switch")
    writer.node("Exit", ["switch"], "exit")
    with pytest.raises(UnsupportedOpError, match="nested more than"):
        run(writer.write(), {}, outputs=["exit"])


def test_a_variable_without_a_merge(writer, run, loop):
    out = loop(writer.placeholder("n", [], "DT_INT32"), lambda i, v: v, writer.const(np.float32(1)))
    condition = next(node["name"] for node in writer.nodes if node["op"] == "LoopCond")
    writer.node("Switch", [writer.const(np.float32(1)), condition])
    writer.node("Identity", [out], "y")
    with pytest.raises(ModelFormatError, match="is not its Merge"):
        run(writer.write(), {}, outputs=["y"])


def test_a_loop_merge_of_three_values(writer, run, loop):
    out = loop(writer.placeholder("n", [], "DT_INT32"), lambda i, v: v, writer.const(np.float32(1)))
    merge = next(node for node in writer.nodes if node["name"] == "merge_x")
    merge["input"].append(writer.const(np.float32(2)))
    writer.node("Identity", [out], "y")
    with pytest.raises(UnsupportedOpError, match="joins other values than those of one loop variable"):
        run(writer.write(), {}, outputs=["y"])


def test_loop_nodes_without_inputs(writer, run):
    writer.node("LoopCond", [], "condition")
    writer.node("Switch", [writer.const(np.float32(1)), "condition"], "switch")
    writer.node("Exit", ["switch"], "y")
    with pytest.raises(ModelFormatError, match="has one input"):
        run(writer.write(), {})
