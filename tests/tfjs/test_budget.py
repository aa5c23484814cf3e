"""The bounds of a conversion: a few kilobytes of model must not become hundreds of megabytes, or minutes."""

import time
import tracemalloc

import numpy as np
import pytest

from humanrt.errors import ModelFormatError
from humanrt.tfjs import convert

MOST_BYTES = 300 * 2**20
MOST_SECONDS = 10


@pytest.fixture
def refuse(writer, tmp_path):
    """Convert a model that exceeds the bounds; check the memory and the CPU time that it takes."""

    def refuse(message, document=None):
        path = writer.write(document)
        tracemalloc.start()
        start = time.process_time()
        try:
            with pytest.raises(ModelFormatError, match=message):
                convert(path, tmp_path / "model.onnx")
            seconds, most = time.process_time() - start, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert most < MOST_BYTES
        assert seconds < 4 * MOST_SECONDS, "tracemalloc takes three times as long"

    return refuse


BYTES = "its constants unfold into too many bytes"
OPERATIONS = "too many operations"


@pytest.mark.parametrize(
    ("op", "operands", "message"),
    [
        ("Fill", [np.int32([9000, 9000]), np.float32(1)], BYTES),
        ("Fill", [np.int32([2**15, 2**15]), np.float32(1)], BYTES),
        ("Fill", [np.int32([2**30, 2**30]), np.float32(1)], "impossible shape"),
        ("Fill", [np.int32([-1]), np.float32(1)], "Fill"),
        ("Fill", [np.int32([1] * 9), np.float32(1)], "impossible shape"),
        ("Ones", [np.int32([9000, 9000])], BYTES),
        ("Tile", [np.float32([1]), np.int32([80_000_000])], BYTES),
        ("Tile", [np.float32([1]), np.int32([2**31 - 1])], BYTES),
        ("BroadcastTo", [np.float32([1]), np.int32([80_000_000])], BYTES),
        ("Range", [np.int32(0), np.int32(80_000_000), np.int32(1)], BYTES),
        ("Range", [np.float32(0), np.float32(80_000_000), np.float32(1)], BYTES),
        ("Pad", [np.float32([1]), np.int32([[40_000_000, 40_000_000]])], BYTES),
        ("SparseToDense", [np.int32([0]), np.int32([80_000_000]), np.float32([1]), np.float32(0)], BYTES),
        ("ScatterNd", [np.int32([[0]]), np.float32([1]), np.int32([80_000_000])], BYTES),
        ("OneHot", [np.int32([0]), np.int32(80_000_000), np.float32(1), np.float32(0)], BYTES),
        ("OneHot", [np.int32([0] * 9000), np.int32(9000), np.float32(1), np.float32(0)], BYTES),
        ("AddV2", [np.zeros((9000, 1), np.float32), np.zeros((1, 9000), np.float32)], BYTES),
        ("SelectV2", [np.zeros((9000, 1), np.bool_), np.zeros((1, 9000), np.float32), np.float32(1)], BYTES),
        ("GatherV2", [np.zeros((1, 9000), np.float32), np.int32([0] * 9000), np.int32(0)], BYTES),
        ("ResizeBilinear", [np.ones((1, 2, 2, 1), np.float32), np.int32([9000, 9000])], BYTES),
        ("ResizeNearestNeighbor", [np.ones((1, 2, 2, 1), np.float32), np.int32([9000, 9000])], BYTES),
        ("MatMul", [np.ones((9000, 1), np.float32), np.ones((1, 9000), np.float32)], BYTES),
        ("BatchMatMulV2", [np.ones((9000, 1), np.float32), np.ones((1, 9000), np.float32)], BYTES),
        ("Where", [np.ones((2**21,) + (1,) * 7, np.bool_)], BYTES),
    ],
)
def test_one_op_on_constants(writer, refuse, op, operands, message):
    writer.node(op, [writer.const(operand) for operand in operands], "y")
    refuse(message)


@pytest.mark.parametrize(
    ("op", "operands", "attributes"),
    [
        ("Einsum", [np.ones((2000, 2000), np.float32)] * 2, {"equation": "ab,bc->ac"}),
        ("Einsum", [np.ones(400, np.float32)] * 4, {"equation": "a,b,c,d->"}),
        ("MatMul", [np.ones((2500, 2500), np.float32)] * 2, {}),
        (
            "Conv2D",
            [np.ones((1, 300, 300, 64), np.float32), np.ones((5, 5, 64, 64), np.float32)],
            {"strides": [1, 1, 1, 1], "padding": "SAME"},
        ),
        (
            "MaxPool",
            [np.ones((1, 1500, 1500, 1), np.float32)],
            {"strides": [1, 1, 1, 1], "padding": "SAME", "ksize": [1, 99, 99, 1]},
        ),
    ],
)
def test_one_op_that_takes_too_long(writer, refuse, op, operands, attributes):
    writer.node(op, [writer.const(operand) for operand in operands], "y", **attributes)
    refuse("too long to compute")


def test_a_long_equation(writer, refuse):
    writer.node("Einsum", [writer.const(np.float32([1]))], "y", equation=" " * 1000 + "a->a")
    refuse("equation has 1004 characters")


def test_many_steps(writer, refuse):
    name = writer.const(np.float32([1]))
    for _ in range(40):
        name = writer.node("Tile", [name, writer.const(np.int32([2]))])
    refuse(BYTES)


def test_many_results(writer, refuse):
    names = [writer.node("Fill", [writer.const(np.int32([1_000_000])), writer.const(np.float32(n))]) for n in range(20)]
    writer.node("AddN", names, "y")
    refuse(BYTES)


def test_steps_that_only_onnx_runtime_folds(writer, refuse):
    """A resized constant is not computed here, and what follows from it is neither."""
    name = writer.node(
        "ResizeBilinear", [writer.const(np.ones((1, 2, 2, 1), np.float32)), writer.const(np.int32([2000] * 2))]
    )
    writer.node("Tile", [name, writer.const(np.int32([20, 1, 1, 1]))], "y")
    refuse(BYTES)


def test_a_constant_that_enters_the_model_again_and_again(writer, refuse):
    """In NCHW each use of a constant of fewer axes is another constant."""
    image = writer.placeholder("x", [1, 200, 500, 4])
    name = writer.node(
        "Conv2D", [image, writer.const(np.ones((1, 1, 4, 4), np.float32))], strides=[1] * 4, padding="SAME"
    )
    weights = writer.const(np.ones((200, 500, 4), np.float32))
    for _ in range(60):
        name = writer.node("AddV2", [name, weights])
    refuse(BYTES)


@pytest.mark.parametrize("op", ["Neg", "Sum"])
def test_a_long_loop_over_constants(writer, refuse, loop, monkeypatch, op):
    """Folding takes no memory in the end, but time."""
    monkeypatch.setattr("humanrt.tfjs.budget.FREE_WORK", 2**26)
    weights = writer.const(np.ones(2**20, np.float32))
    axis = writer.const(np.int32(0))

    def body(i, v):
        scaled = writer.node("Mul", [weights, v])
        return writer.node("Sum", [scaled if op == "Sum" else writer.node(op, [scaled]), axis])

    loop(writer.const(np.int32(900)), body, writer.const(np.float32(1)))
    refuse(f"{BYTES}|too long to compute")


def test_a_loop_with_many_operations(writer, refuse, loop, monkeypatch):
    monkeypatch.setattr("humanrt.tfjs.budget.FREE_OPERATIONS", 1000)
    x = writer.placeholder("x", [2])

    def body(i, v):
        for _ in range(30):
            v = writer.node("Tanh", [v])
        return v

    loop(writer.const(np.int32(900)), body, x)
    refuse(OPERATIONS)


def test_a_loop_that_splits_and_stacks(writer, refuse, loop, monkeypatch):
    """Each iteration has few nodes, of thousands of parts."""
    monkeypatch.setattr("humanrt.tfjs.budget.FREE_OPERATIONS", 1000)
    x = writer.placeholder("x", [4000])

    def body(i, v):
        parts = writer.node("Unpack", [v], num=4000)
        return writer.node("Pack", [f"{parts}:{n}" for n in range(4000)])

    loop(writer.const(np.int32(900)), body, x)
    refuse(OPERATIONS)


def test_a_loop_over_a_long_list(writer, refuse, loop, monkeypatch):
    monkeypatch.setattr("humanrt.tfjs.budget.FREE_SLOTS", 2**17)
    shape = writer.const(np.int32([]))
    rows = writer.node("TensorListReserve", [shape, writer.const(np.int32(4000))])
    loop(
        writer.const(np.int32(900)),
        lambda i, elements: writer.node("TensorListSetItem", [elements, i, writer.const(np.float32(1))]),
        rows,
    )
    refuse("too many elements")


def test_gathering_many_elements_of_a_list(writer, refuse):
    shape = writer.const(np.int32([]))
    rows = writer.node("TensorListFromTensor", [writer.const(np.float32([1])), shape])
    writer.node("TensorListGather", [rows, writer.const(np.zeros(2**21, np.int32)), shape], "y")
    refuse("too many elements")


@pytest.mark.slow
def test_the_longest_conversion(writer, refuse, loop):
    """Of a model of 20 nodes, with the true bounds."""
    x = writer.placeholder("x", [2])

    def body(i, v):
        for op in ("Tanh", "Sin", "Neg", "Abs", "Exp", "Tan", "Cos", "Log", "Sqrt", "Atan"):
            v = writer.node(op, [v])
        return v

    loop(writer.const(np.int32(990)), body, x)
    refuse("too many (nodes|operations)")


def test_many_exits_of_a_long_loop(writer, tmp_path, loop):
    """Each Exit asks where the loop ends: it is found once."""
    out = loop(writer.const(np.int32(900)), lambda i, v: v, writer.placeholder("x", [2]))
    switch = next(node["input"][0] for node in writer.nodes if node["name"] == out)
    writer.node("AddN", [out, *(writer.node("Exit", [switch]) for _ in range(2000))], "y")
    start = time.process_time()
    convert(writer.write(), tmp_path / "model.onnx")
    assert time.process_time() - start < MOST_SECONDS


def test_many_computed_conditions(writer, tmp_path):
    name, predicate = writer.placeholder("x", [2]), writer.placeholder("p", [], "DT_BOOL")
    with writer.function("negated", ["x"], {"y": "n:y:0"}):
        writer.node("Neg", ["x"], "n")
    with writer.function("same", ["x"], {"y": "x"}):
        pass
    for _ in range(1000):
        name = writer.node("If", [predicate, name], then_branch="negated()", else_branch="same()")
    start = time.process_time()
    convert(writer.write(), tmp_path / "model.onnx")
    assert time.process_time() - start < MOST_SECONDS


def test_a_file_of_weights_that_is_listed_often(writer, refuse):
    """A few kilobytes would be read into gigabytes."""
    writer.node("Neg", [writer.const(np.ones(2**18, np.float32), "w")], "y")
    document = writer.document()
    (group,) = document["weightsManifest"]
    group["paths"] *= 1000
    group["weights"][0]["shape"] = [2**18, 1000]
    refuse("has a path twice", document)


def test_quantized_weights_are_read_in_blocks(writer, tmp_path):
    """In double precision they take eight times as much memory."""
    size = 2**24
    quantization = {"dtype": "uint8", "scale": 0.5, "min": -1}
    writer.node("Neg", [writer.stored_const(bytes(size), [size], "float32", "w", quantization)], "y")
    path = writer.write()
    tracemalloc.start()
    from humanrt.tfjs.reader import read_graph

    graph = read_graph(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert graph.constants["w"].nbytes == 4 * size
    assert most < 7 * size


def test_weights_do_not_count(writer, run):
    """The bounds are in proportion to the weights: transposing 64 MB of them is not an expansion."""
    weights = writer.const(np.ones((4096, 4096), np.float32))
    turned = writer.node("Transpose", [weights, writer.const(np.int32([1, 0]))])
    writer.node("MatMul", [writer.placeholder("x", [1, 4096]), turned], "y")
    assert run(writer.write(), {"x": np.ones((1, 4096), np.float32)})["y"].tolist() == [[4096] * 4096]
