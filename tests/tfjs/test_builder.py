"""Constant folding, and shared constants."""

import numpy as np
import onnx
import pytest

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs import convert


def nodes(writer):
    return [node.op_type for node in onnx.load(writer.folder / "model.onnx").graph.node]


def test_constants_fold(writer, run, rng):
    a, b = rng.normal(size=(2, 3, 4)).astype(np.float32)
    name = writer.node(
        "Transpose", [writer.node("Mul", [writer.const(a), writer.const(b)]), writer.const(np.int32([1, 0]))]
    )
    writer.node("MatMul", [writer.placeholder("x", [1, 4]), name], "y")
    x = rng.normal(size=(2, 4)).astype(np.float32)
    np.testing.assert_allclose(run(writer.write(), {"x": x})["y"], x @ (a * b).T, rtol=1e-5)
    assert nodes(writer) == ["Gemm", "Identity"]


def test_a_division_by_zero_folds_without_a_warning(writer, run):
    writer.node("RealDiv", [writer.const(np.float32([1, 0])), writer.const(np.float32([0, 0]))], "y")
    np.testing.assert_array_equal(run(writer.write(), {})["y"], [np.inf, np.nan])


@pytest.mark.parametrize(("size", "count"), [(64, 1), (65, 2)])
def test_small_equal_constants_are_shared(writer, run, size, count):
    numbers = np.arange(size, dtype=np.float32)
    first = writer.node("AddV2", [writer.placeholder("x", [2, size]), writer.const(numbers)])
    writer.node("Mul", [first, writer.const(numbers)], "y")
    x = np.ones((2, size), np.float32)
    np.testing.assert_array_equal(run(writer.write(), {"x": x})["y"], (x + numbers) * numbers)
    assert len(onnx.load(writer.folder / "model.onnx").graph.initializer) == count


def test_a_limit_on_the_constants_of_the_model(writer, tmp_path, monkeypatch):
    monkeypatch.setattr("humanrt.tfjs.builder.MAX_MODEL_BYTES", 100)
    writer.node("AddV2", [writer.placeholder("x", [1]), writer.const(np.zeros(26, np.float32))], "y")
    with pytest.raises(ModelFormatError, match=r"model\.json: the constants take more than"):
        convert(writer.write(), tmp_path / "model.onnx")


def test_a_rank_that_is_computed(writer, tmp_path):
    found = writer.node("Where", [writer.placeholder("x", [3])])
    shape = writer.node("Squeeze", [found], squeeze_dims=[1])
    writer.node("Reshape", [writer.const(np.zeros(4, np.float32)), shape], "y")
    with pytest.raises(UnsupportedOpError, match="the rank of its result is known only at run time"):
        convert(writer.write(), tmp_path / "model.onnx")


def test_a_chain_of_convolutions_is_transposed_at_its_ends_only(writer, run, rng):
    name = writer.placeholder("x", [1, 8, 8, 4])
    for _ in range(3):
        weights = writer.const(rng.normal(size=(3, 3, 4, 4)).astype(np.float32))
        name = writer.node("Conv2D", [name, weights], strides=[1, 1, 1, 1], padding="SAME")
        name = writer.node("Relu", [writer.node("BiasAdd", [name, writer.const(np.ones(4, np.float32))])])
    writer.node("Mean", [name, writer.const(np.int32([1, 2]))], "y")
    run(writer.write(), {"x": np.zeros((1, 8, 8, 4), np.float32)})
    assert nodes(writer) == ["Transpose", *["Conv", "Add", "Relu"] * 3, "ReduceMean", "Identity"]
