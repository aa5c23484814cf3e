"""Loops and conditions of TensorFlow 2, made of functions."""

import numpy as np
import onnx
import pytest

from humanrt.errors import ModelFormatError
from humanrt.tfjs.reader import read_graph


@pytest.fixture
def powers(writer):
    """Write ``while i < n: i, x = i + 1, x * factor``; n and factor are unchanged variables."""

    def powers(n, x, op="StatelessWhile"):
        with writer.function("cond", ["i", "n", "x", "factor"], {"again": "less:z:0"}):
            writer.node("Less", ["i", "n"], "less")
        with writer.function(
            "body", ["i", "n", "x", "factor"], {"i": "next:z:0", "n": "n", "x": "x2:z:0", "f": "same:output:0"}
        ):
            writer.node("AddV2", ["i", f"{writer.const(np.int32(1), 'one')}:output:0"], "next")
            writer.node("Mul", ["x", "factor"], "x2")
            writer.node("Identity", ["factor"], "same")
        start, factor = writer.const(np.int32(0)), writer.const(np.float32(3))
        loop = writer.node(op, [start, n, x, factor], "loop", cond="cond()", body="body()")
        return writer.node("Identity", [f"{loop}:2"], "y")

    return powers


@pytest.mark.parametrize("op", ["While", "StatelessWhile"])
def test_a_known_loop_is_unrolled(writer, run, powers, op):
    powers(writer.const(np.int32(3)), writer.placeholder("x", [2]), op)
    model = writer.write()
    np.testing.assert_array_equal(run(model, {"x": np.float32([1, 2])})["y"], [27, 54])
    assert "Loop" not in {node.op_type for node in onnx.load(model.with_suffix(".onnx")).graph.node}


@pytest.mark.parametrize("turns", [0, 1, 4])
def test_a_computed_loop(writer, run, powers, turns):
    powers(writer.placeholder("n", [], "DT_INT32"), writer.placeholder("x", [2]))
    model = writer.write()
    result = run(model, {"n": np.array(turns, np.int32), "x": np.float32([1, 2])})["y"]
    np.testing.assert_array_equal(result, np.float32([1, 2]) * 3**turns)
    (loop,) = [node for node in onnx.load(model.with_suffix(".onnx")).graph.node if node.op_type == "Loop"]
    assert len(loop.output) == 2, "n and factor are no loop variables"


@pytest.mark.parametrize("op", ["If", "StatelessIf"])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("predicate", [True, False])
def test_a_condition(writer, run, op, known, predicate):
    p = writer.const(np.array(predicate)) if known else writer.placeholder("p", [], "DT_BOOL")
    with writer.function("best", ["x", "k"], {"one": "top:values:0", "two": "top:indices:0"}):
        writer.node("TopKV2", ["x", "k"], "top")
    with writer.function("first", ["x", "k"], {"one": "parts:output:1", "two": "numbers:output:0"}):
        writer.node("Split", [writer.const(np.int32(0), "axis"), "x"], "parts", num_split=2)
        writer.node("Identity", [writer.const(np.int32([7, 7]), "sevens")], "numbers")
    x, k = writer.placeholder("x", [4]), writer.const(np.int32(2))
    node = writer.node(op, [p, x, k], "if", then_branch="best()", else_branch="first()")
    for index in range(2):
        writer.node("Identity", [f"{node}:{index}"], f"y{index}")
    feeds = {"x": np.float32([1, 4, 2, 3])} | ({} if known else {"p": np.array(predicate)})
    results = run(writer.write(), feeds, outputs=["y0", "y1"])
    assert results["y0"].tolist() == ([4, 3] if predicate else [2, 3])
    assert results["y1"].tolist() == ([1, 3] if predicate else [7, 7])


def test_a_function_that_is_called_twice(writer, run):
    with writer.function("double", ["x"], {"y": "sum:z:0"}):
        writer.node("AddV2", ["x", "x"], "sum")
    with writer.function("same", ["x"], {"y": "x"}):
        pass
    p, x = writer.placeholder("p", [], "DT_BOOL"), writer.placeholder("x", [])
    for name in ("once", "twice"):
        x = writer.node("If", [p, x], name, then_branch="double()", else_branch="same()")
    writer.node("Identity", [x], "y")
    model = writer.write()
    for predicate, expected in ((True, 20), (False, 5)):
        assert run(model, {"p": np.array(predicate), "x": np.array(5, np.float32)})["y"] == expected


def test_a_function_in_a_function(writer, run):
    with writer.function("negated", ["x"], {"y": "n:y:0"}):
        writer.node("Neg", ["x"], "n")
    with writer.function("same", ["x"], {"y": "x"}):
        pass
    with writer.function("outer", ["x", "q"], {"y": "inner:output:0"}):
        writer.node("If", ["q", "x"], "inner", then_branch="negated()", else_branch="same()")
    with writer.function("other", ["x", "q"], {"y": "e:y:0"}):
        writer.node("Square", ["x"], "e")
    p, q, x = (writer.placeholder(name, [], "DT_BOOL" if name != "x" else "DT_FLOAT") for name in "pqx")
    writer.node("If", [p, x, q], "y", then_branch="outer()", else_branch="other()")
    model = writer.write()
    for values, expected in (((1, 1), -3), ((1, 0), 3), ((0, 1), 9)):
        feeds = {name: np.array(bool(value)) for name, value in zip("pq", values, strict=True)}
        assert run(model, feeds | {"x": np.array(3, np.float32)})["y"] == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda functions, nodes: functions.pop(), "which does not exist"),
        (lambda functions, nodes: functions.append(functions[0]), "two functions named"),
        (lambda functions, nodes: functions[1]["ret"].pop("x"), "has no 'x'"),
        (lambda functions, nodes: functions[1]["ret"].update(x="gone:z:0"), "which does not exist"),
        (lambda functions, nodes: functions[1]["ret"].update(x="a:b:c"), "neither the name of a node nor 'name:index'"),
        (lambda functions, nodes: functions[1]["signature"]["outputArg"].pop(), "do not match its inputs"),
        (lambda functions, nodes: functions[0]["signature"]["outputArg"].clear(), "do not match its inputs"),
        (lambda functions, nodes: nodes[-2]["input"].pop(), "do not match its inputs"),
        (lambda functions, nodes: functions[1]["nodeDef"][0].update(name="x"), "a node and a parameter named"),
        (lambda functions, nodes: functions[1]["signature"].pop("name"), "has no 'name'"),
        (lambda functions, nodes: functions.append(3), "not of type dict"),
        (lambda functions, nodes: nodes[-2]["attr"].pop("cond"), "'cond' is missing"),
    ],
)
def test_malformed_functions(writer, run, powers, change, message):
    powers(writer.placeholder("n", [], "DT_INT32"), writer.placeholder("x", [2]))
    change(writer.functions, writer.nodes)
    with pytest.raises(ModelFormatError, match=message):
        run(writer.write(), {})


def test_branches_with_different_results_or_too_many_parameters(writer, run):
    with writer.function("two", ["x", "y"], {"a": "x", "b": "y"}):
        pass
    with writer.function("one", ["x"], {"a": "x"}):
        pass
    p, x = writer.placeholder("p", [], "DT_BOOL"), writer.placeholder("x", [])
    writer.node("If", [p, x], "numbers", then_branch="two()", else_branch="one()")
    writer.node("If", [p, x], "arguments", then_branch="two()", else_branch="two()")
    model = writer.write()
    with pytest.raises(ModelFormatError, match="different numbers of results"):
        run(model, {}, outputs=["numbers"])
    with pytest.raises(ModelFormatError, match="too few inputs"):
        run(model, {}, outputs=["arguments"])


def test_a_parameter_used_outside_its_function(writer, run):
    with writer.function("f", ["x"], {"a": "x"}):
        pass
    writer.node("Neg", ["f()/x"], "y")
    with pytest.raises(ModelFormatError, match="used outside of it"):
        run(writer.write(), {})


def test_the_weights_of_a_function_have_bare_names(writer):
    with writer.function("f", [], {"a": "w:output:0"}):
        writer.const(np.float32([1, 2]), "w")
    writer.node("Neg", [writer.placeholder("x", [1])], "y")
    graph = read_graph(writer.write())
    assert graph.constants["f()/w"].tolist() == [1, 2]
    assert graph.functions["f"].results[0].node == "f()/w"
