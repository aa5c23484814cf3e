"""While loops of TensorFlow 1, unrolled."""

import numpy as np
import pytest

from humanrt.errors import ModelFormatError, UnsupportedOpError


def loop(writer, turns, body, start, prefix="", counter_start=None):
    """``for i in range(turns): variable = body(i, variable)``; gives the name of the Exit of the variable."""
    counter_start = counter_start or writer.const(np.int32(0))
    variables = {"i": counter_start, "x": start}
    entered = {key: writer.node("Enter", [name], f"{prefix}enter_{key}") for key, name in variables.items()}
    merged = {
        key: writer.node("Merge", [name, f"{prefix}next_{key}"], f"{prefix}merge_{key}")
        for key, name in entered.items()
    }
    condition = writer.node("LoopCond", [writer.node("Less", [merged["i"], turns])])
    inside = {}
    for key, name in merged.items():
        switch = writer.node("Switch", [name, condition], f"{prefix}switch_{key}")
        inside[key] = f"{switch}:1"
        writer.node("Exit", [switch], f"{prefix}exit_{key}")
    writer.node("NextIteration", [body(inside["i"], inside["x"])], f"{prefix}next_x")
    writer.node("NextIteration", [writer.node("AddV2", [inside["i"], writer.const(np.int32(1))])], f"{prefix}next_i")
    return f"{prefix}exit_x"


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_a_loop(writer, run, turns):
    x = writer.placeholder("x", [3])
    out = loop(
        writer, writer.const(np.int32(turns)), lambda i, v: writer.node("Mul", [v, writer.const(np.float32(2))]), x
    )
    writer.node("Identity", [out], "y")
    np.testing.assert_array_equal(
        run(writer.write(), {"x": np.float32([1, 2, 3])})["y"], np.float32([1, 2, 3]) * 2**turns
    )


def test_a_loop_in_a_loop(writer, run):
    """sum of i * j for i below 3, j below 4, each added to the running total."""

    def outer(i, total):
        entered = writer.node("Enter", [i], "i_for_inner")

        def inner(j, inner_total):
            product = writer.node("Cast", [writer.node("Mul", [entered, j])], SrcT="DT_INT32", DstT="DT_FLOAT")
            return writer.node("AddV2", [inner_total, product])

        return loop(writer, writer.const(np.int32(4)), inner, total, "inner_")

    total = loop(writer, writer.const(np.int32(3)), outer, writer.placeholder("x", []), "outer_")
    writer.node("Identity", [total], "y")
    expected = 10 + sum(i * j for i in range(3) for j in range(4))
    assert run(writer.write(), {"x": np.array(10, np.float32)})["y"] == expected


def test_a_list_that_a_loop_fills(writer, run):
    shape = writer.const(np.int32([]))
    rows = writer.node("TensorListReserve", [shape, writer.const(np.int32(3))])
    x = writer.placeholder("x", [2])

    def body(i, elements):
        number = writer.node("Cast", [i], SrcT="DT_INT32", DstT="DT_FLOAT")
        return writer.node("TensorListSetItem", [elements, i, writer.node("Mul", [x, number])])

    out = loop(writer, writer.const(np.int32(3)), body, rows)
    writer.node("TensorListStack", [out, shape], "y")
    np.testing.assert_array_equal(run(writer.write(), {"x": np.float32([1, 5])})["y"], [[0, 0], [1, 5], [2, 10]])


def test_a_condition_that_is_computed(writer, run):
    x = writer.placeholder("x", [], "DT_INT32")
    out = loop(writer, x, lambda i, v: v, writer.const(np.float32(1)))
    with pytest.raises(UnsupportedOpError, match=r"'exit_x' \(Exit\): its loop's condition is computed"):
        run(writer.write(), {}, outputs=[out])


def test_a_loop_without_end(writer, run):
    out = loop(writer, writer.const(np.int32(2**30)), lambda i, v: v, writer.const(np.float32(1)))
    writer.node("Identity", [out], "y")
    with pytest.raises(UnsupportedOpError, match="more than 1000 turns"):
        run(writer.write(), {})


def test_loops_that_multiply(writer, run, monkeypatch):
    """Each is short enough; together they would take a million turns."""
    monkeypatch.setattr("humanrt.tfjs.tracing.MAX_EVALUATIONS", 2000)

    def middle(i, v):
        return loop(writer, writer.const(np.int32(999)), lambda j, w: writer.node("Neg", [w]), v, "inner_")

    out = loop(writer, writer.const(np.int32(999)), middle, writer.const(np.float32(1)), "outer_")
    writer.node("Identity", [out], "y")
    with pytest.raises(UnsupportedOpError, match="unroll into more than"):
        run(writer.write(), {})


@pytest.mark.parametrize("op", ["Enter", "Merge", "Switch"])
def test_a_piece_of_a_loop_alone(writer, run, op):
    writer.node(op, [writer.const(np.float32(1))], "y")
    with pytest.raises(ModelFormatError, match="reached from outside"):
        run(writer.write(), {})


def test_an_exit_from_nowhere(writer, run):
    writer.node("Exit", [writer.const(np.float32(1))], "y")
    with pytest.raises(ModelFormatError, match="does not leave a loop by its Switch"):
        run(writer.write(), {})


def test_an_exit_that_depends_on_itself(writer, run):
    writer.node("Switch", ["exit", "exit"], "switch")
    writer.node("Exit", ["switch"], "exit")
    with pytest.raises(UnsupportedOpError, match="nested more than"):
        run(writer.write(), {}, outputs=["exit"])


def test_branches_are_not_loops(writer, run):
    writer.node("Merge", [writer.const(np.float32(1)), writer.const(np.float32(2))], "merge")
    writer.node("Switch", ["merge", "merge"], "switch")
    writer.node("Exit", ["switch"], "y")
    with pytest.raises(UnsupportedOpError, match="joins two branches"):
        run(writer.write(), {})


def test_loop_nodes_without_inputs(writer, run):
    writer.node("LoopCond", [], "condition")
    writer.node("Switch", [writer.const(np.float32(1)), "condition"], "switch")
    writer.node("Exit", ["switch"], "y")
    writer.node("Exit", [], "z")
    model = writer.write()
    with pytest.raises(ModelFormatError, match="has no input"):
        run(model, {}, outputs=["y"])
    with pytest.raises(ModelFormatError, match="takes one input"):
        run(model, {}, outputs=["z"])
