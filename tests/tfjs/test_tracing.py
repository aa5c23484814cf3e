"""Evaluation backwards from the outputs: depth, cycles, and error messages."""

import numpy as np
import pytest

from humanrt.errors import ModelFormatError, UnsupportedOpError


def test_a_graph_deeper_than_the_python_stack(writer, run):
    name = writer.placeholder("x", [2])
    for _ in range(5000):
        name = writer.node("Identity", [name])
    writer.node("Neg", [name], "y")
    np.testing.assert_array_equal(run(writer.write(), {"x": np.float32([1, -2])})["y"], [-1, 2])


def test_equal_expressions_are_written_once(writer, run):
    x = writer.placeholder("x", [2])
    for name in ("a", "b"):
        writer.node("Neg", [x], name)
    writer.node("Sub", ["a", "b"], "y")
    np.testing.assert_array_equal(run(writer.write(), {"x": np.float32([3, 4])})["y"], [0, 0])


def test_nodes_that_no_output_needs_are_not_translated(writer, run):
    writer.node("NoSuchOp", [writer.placeholder("x", [2])], "z")
    writer.node("Neg", ["x"], "y")
    assert list(run(writer.write(), {"x": np.float32([1, 2])}, outputs=["y"])) == ["y"]


def test_an_unknown_op_is_named_with_node_and_file(writer, run):
    writer.node("NoSuchOp", [writer.placeholder("x", [2])], "y")
    path = writer.write()
    with pytest.raises(UnsupportedOpError) as caught:
        run(path, {})
    assert str(caught.value) == f"{path}: node 'y' (NoSuchOp): this op has no translation"


def test_a_cycle(writer, run):
    writer.node("Neg", ["b"], "a")
    writer.node("Neg", ["a"], "b")
    with pytest.raises(ModelFormatError, match="node 'a' depends on its own result"):
        run(writer.write(), {}, outputs=["a"])


@pytest.mark.parametrize(
    ("reference", "message"), [("missing", "which does not exist"), ("x:1", "has 1 outputs; output 1 does not exist")]
)
def test_references_to_missing_nodes_and_outputs(writer, run, reference, message):
    writer.placeholder("x", [2])
    writer.node("Neg", [reference], "y")
    with pytest.raises(ModelFormatError, match=message):
        run(writer.write(), {})


def test_a_constant_without_a_weight(writer, run):
    writer.nodes.append({"name": "c", "op": "Const"})
    writer.node("Neg", ["c"], "y")
    with pytest.raises(ModelFormatError, match=r"'c' \(Const\): 'weightsManifest' has no weight"):
        run(writer.write(), {})


def test_a_list_as_the_operand_of_a_tensor_op(writer, run):
    rows = writer.node("TensorListFromTensor", [writer.const(np.float32([1, 2])), writer.const(np.int32([]))])
    writer.node("Neg", [rows], "y")
    with pytest.raises(ModelFormatError, match=r"'y' \(Neg\): cannot be translated"):
        run(writer.write(), {})


def test_control_inputs_are_ignored(writer, run):
    writer.node("NoOp", [], "nothing")
    writer.node("Neg", [writer.placeholder("x", [1, 2]), "^nothing", "^missing"], "y")
    assert run(writer.write(), {"x": np.float32([[1, 2]])})["y"].tolist() == [[-1, -2]]


def test_a_no_op_as_an_output(writer, run):
    writer.node("NoOp", [], "nothing")
    assert run(writer.write(), {}, outputs=["nothing"])["nothing"] == 0
