"""Conditions of TensorFlow 1, made of Switch and Merge: one branch if the predicate is known, ONNX's If otherwise."""

import numpy as np
import onnx
import pytest

from humanrt.errors import ModelFormatError, UnsupportedOpError

PREDICATES = [True, False]


@pytest.fixture
def branch(writer):
    """Write ``then(x) if predicate else otherwise(x)``; return the name of the Merge."""

    def branch(predicate, x, then, otherwise, name):
        switch = writer.node("Switch", [x, predicate], f"{name}_switch")
        return writer.node("Merge", [otherwise(switch), then(f"{switch}:1")], name)

    return branch


def ops(model):
    return [node.op_type for node in onnx.load(model.with_suffix(".onnx")).graph.node]


def node(writer, op, *further):
    return lambda x: writer.node(op, [x, *further])


@pytest.mark.parametrize("predicate", PREDICATES)
def test_a_known_condition_leaves_one_branch(writer, run, branch, predicate):
    x = writer.placeholder("x", [2])
    branch(writer.const(np.array(predicate)), x, node(writer, "Neg"), node(writer, "Square"), "y")
    model = writer.write()
    x = np.float32([2, 3])
    np.testing.assert_array_equal(run(model, {"x": x})["y"], -x if predicate else x * x)
    assert not {"If", "Mul" if predicate else "Neg"} & set(ops(model))


@pytest.mark.parametrize("predicate", PREDICATES)
def test_a_computed_condition(writer, run, branch, predicate):
    x, p = writer.placeholder("x", [None, 2]), writer.placeholder("p", [], "DT_BOOL")
    branch(p, x, node(writer, "Neg"), node(writer, "Square"), "y")
    model = writer.write()
    x = np.float32([[2, 3]] * 4)
    np.testing.assert_array_equal(run(model, {"x": x, "p": np.array(predicate)})["y"], -x if predicate else x * x)
    assert set(ops(model)) == {"If", "Identity"}, "the ops of the branches are in the subgraphs"


@pytest.mark.parametrize("predicate", PREDICATES)
def test_branches_of_different_sizes(writer, run, branch, predicate):
    x, p = writer.placeholder("x", [1, 4, 4, 1]), writer.placeholder("p", [1, 1], "DT_FLOAT")
    size = writer.const(np.int32([2, 2]))
    small = branch(p, x, node(writer, "Identity"), node(writer, "ResizeBilinear", size), "small")
    writer.node("Shape", [small], "y")
    feeds = {"x": np.ones((1, 4, 4, 1), np.float32), "p": np.float32([[predicate]])}
    assert run(writer.write(), feeds)["y"].tolist() == ([1, 4, 4, 1] if predicate else [1, 2, 2, 1])


@pytest.mark.parametrize("ratio", [0.5, 1.0])
def test_a_size_that_is_computed_in_a_branch(writer, run, branch, ratio):
    """A branch uses constants of the outer graph: a model that resizes images unless a ratio is 1."""
    x, factor = writer.placeholder("x", [1, None, None, 2]), writer.placeholder("ratio", None)
    bounds = [writer.const(np.int32([number])) for number in (1, 3, 1)]

    def smaller(value):
        size = writer.node("StridedSlice", [writer.node("Shape", [value]), *bounds])
        scaled = writer.node("Mul", [writer.node("Cast", [size], DstT="DT_FLOAT"), factor])
        return writer.node("ResizeBilinear", [value, writer.node("Cast", [scaled], DstT="DT_INT32")])

    whole = writer.node("Equal", [factor, writer.const(np.float32(1))])
    branch(whole, x, node(writer, "Identity"), smaller, "y")
    feeds = {"x": np.ones((1, 4, 6, 2), np.float32), "ratio": np.array(ratio, np.float32)}
    assert run(writer.write(), feeds)["y"].shape == ((1, 4, 6, 2) if ratio == 1 else (1, 2, 3, 2))


@pytest.mark.parametrize("predicate", PREDICATES)
def test_several_results_of_one_condition_are_one_if(writer, run, branch, predicate):
    x, p = writer.placeholder("x", [2]), writer.placeholder("p", [], "DT_BOOL")
    first = branch(p, x, node(writer, "Neg"), node(writer, "Square"), "first")
    second = branch(writer.node("Identity", [p]), x, node(writer, "Exp"), node(writer, "Abs"), "second")
    third = branch(p, first, node(writer, "Neg"), node(writer, "Neg"), "third")
    writer.node("Pack", [first, second, third], "y")
    model = writer.write()
    x = np.float32([-2, 3])
    expected = [-x, np.exp(x), x] if predicate else [x * x, np.abs(x), -x * x]
    np.testing.assert_allclose(run(model, {"x": x, "p": np.array(predicate)})["y"], expected, rtol=1e-6)
    assert ops(model).count("If") == 2, "the third depends on the first"


@pytest.mark.parametrize("p", PREDICATES)
@pytest.mark.parametrize("q", PREDICATES)
def test_a_condition_in_a_condition(writer, run, branch, p, q):
    x, *predicates = writer.placeholder("x", []), *(writer.placeholder(name, [], "DT_BOOL") for name in "pq")
    inside = writer.node("Switch", [predicates[1], predicates[0]], "q_inside")

    def then(value):
        return branch(f"{inside}:1", value, node(writer, "Neg"), node(writer, "Square"), "inner")

    writer.node("Identity", [branch(predicates[0], x, then, node(writer, "Exp"), "outer")], "y")
    feeds = {"x": np.array(3, np.float32), "p": np.array(p), "q": np.array(q)}
    np.testing.assert_allclose(run(writer.write(), feeds)["y"], (-3 if q else 9) if p else np.exp(3), rtol=1e-6)


@pytest.mark.parametrize("predicate", PREDICATES)
def test_a_condition_in_a_computed_loop(writer, run, branch, loop, predicate):
    n, p = writer.placeholder("n", [], "DT_INT32"), writer.placeholder("p", [], "DT_BOOL")

    def body(i, value):
        entered = writer.node("Enter", [p], is_constant=True)
        added = writer.node("AddV2", [value, i])
        return branch(entered, added, node(writer, "Identity"), node(writer, "Neg"), "inside")

    writer.node("Identity", [loop(n, body, writer.const(np.int32(1)))], "y")
    expected = 1
    for i in range(4):
        expected = expected + i if predicate else -(expected + i)
    feeds = {"n": np.array(4, np.int32), "p": np.array(predicate)}
    assert run(writer.write(), feeds, outputs=["y"])["y"] == expected


@pytest.mark.parametrize("predicate", PREDICATES)
def test_a_loop_in_a_computed_condition(writer, run, branch, loop, predicate):
    p, x = writer.placeholder("p", [], "DT_BOOL"), writer.placeholder("x", [])

    def then(value):
        return loop(writer.const(np.int32(3)), lambda i, v: writer.node("AddV2", [v, v]), value)

    writer.node("Identity", [branch(p, x, then, node(writer, "Neg"), "joined")], "y")
    feeds = {"x": np.array(5, np.float32), "p": np.array(predicate)}
    assert run(writer.write(), feeds, outputs=["y"])["y"] == (40 if predicate else -5)


@pytest.mark.parametrize("predicate", PREDICATES)
@pytest.mark.parametrize("both", PREDICATES)
def test_branches_without_inputs_are_identified_by_control_inputs(writer, run, predicate, both):
    """Or because only the other branch has an input."""
    p, x = writer.placeholder("p", [], "DT_BOOL"), writer.placeholder("x", [])
    pivot = writer.node("Switch", [p, p])
    one, two = (writer.const(np.float32(number)) for number in (1, 2))
    on_true = [one, f"^{writer.node('Identity', [f'{pivot}:1'], 'pivot_t')}"]
    on_false = [two, f"^{writer.node('Identity', [pivot], 'pivot_f')}"] if both else [writer.node("Switch", [x, p])]
    ends = [writer.node("Identity", inputs) for inputs in (on_false, on_true)]
    writer.node("Merge", ends, "y")
    feeds = {"p": np.array(predicate), "x": np.array(2, np.float32)}
    result = run(writer.write(), feeds, outputs=["y"])
    assert result["y"] == (1 if predicate else 2)


def test_a_condition_that_returns_lists(writer, run, branch):
    x, p = writer.placeholder("x", [3, 2]), writer.placeholder("p", [], "DT_BOOL")
    shape, zero = writer.const(np.int32([2])), writer.const(np.int32(0))
    rows = writer.node("TensorListFromTensor", [x, shape])

    def swapped(elements):
        last = writer.node("TensorListGetItem", [elements, writer.const(np.int32(2)), shape])
        return writer.node("TensorListSetItem", [elements, zero, last])

    joined = branch(p, rows, swapped, node(writer, "Identity"), "joined")
    writer.node("TensorListStack", [joined, shape], "y")
    model = writer.write()
    x = np.float32([[1, 2], [3, 4], [5, 6]])
    for predicate, expected in ((True, x[[2, 1, 2]]), (False, x)):
        np.testing.assert_array_equal(run(model, {"x": x, "p": np.array(predicate)})["y"], expected)


def test_a_switch_without_a_merge(writer, run):
    p = writer.placeholder("p", [], "DT_BOOL")
    writer.node("Switch", [writer.placeholder("x", [2]), p], "y")
    with pytest.raises(UnsupportedOpError, match="that no Merge joins"):
        run(writer.write(), {})


def test_merges_without_a_common_condition(writer, run):
    one, two = writer.const(np.float32(1)), writer.const(np.float32(2))
    writer.node("Merge", [one, two], "constants")
    writer.node("Merge", [one, two, two], "three")
    p, q = (writer.placeholder(name, [], "DT_BOOL") for name in "pq")
    writer.node("Merge", [writer.node("Switch", [one, p]), writer.node("Switch", [two, q])], "unrelated")
    model = writer.write()
    with pytest.raises(UnsupportedOpError, match="0 possible conditions"):
        run(model, {}, outputs=["constants"])
    with pytest.raises(UnsupportedOpError, match="joins 3 branches"):
        run(model, {}, outputs=["three"])
    with pytest.raises(UnsupportedOpError, match="0 possible conditions"):
        run(model, {}, outputs=["unrelated"])


def test_branches_of_different_dtypes_or_ranks(writer, run, branch):
    x, p = writer.placeholder("x", [2]), writer.placeholder("p", [], "DT_BOOL")
    branch(p, x, node(writer, "Shape"), node(writer, "Neg"), "types")
    branch(p, x, node(writer, "ExpandDims", writer.const(np.int32(0))), node(writer, "Neg"), "ranks")
    model = writer.write()
    with pytest.raises(ModelFormatError, match="values of different types"):
        run(model, {}, outputs=["types"])
    with pytest.raises(UnsupportedOpError, match="values of 1 and of 2 axes"):
        run(model, {}, outputs=["ranks"])


def test_a_branch_that_depends_on_its_own_merge(writer, run):
    x, p = writer.placeholder("x", [2]), writer.placeholder("p", [], "DT_BOOL")
    switch = writer.node("Switch", [x, p])
    writer.node("Merge", [writer.node("AddV2", [switch, "y"]), f"{switch}:1"], "y")
    with pytest.raises(ModelFormatError, match=r"depends on its own result|nested more than"):
        run(writer.write(), {}, outputs=["y"])
