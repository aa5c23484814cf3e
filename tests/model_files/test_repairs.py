"""Faults of published models are repaired: what ONNX Runtime runs is PReLU, as NumPy computes it."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from humanrt.errors import ModelFormatError
from humanrt.model_files.repairs import repaired

SLOPES = np.array([0.25, -0.5, 2.0], np.float32)
X = np.array([[-4.0, -2.0, -1.0], [4.0, 2.0, 1.0], [0.0, -0.5, 3.0]], np.float32)


def damaged(*, fused):
    """Return relu(x) + a (x - |x|) with a = -slope / 2; with ``fused`` all of its terms get relu(x)."""
    x = "positive" if fused else "x"
    nodes = [
        helper.make_node("Relu", ["x"], ["positive"]),
        helper.make_node("Abs", [x], ["magnitude"]),
        helper.make_node("Sub", [x, "magnitude"], ["twice"]),
        helper.make_node("Mul", ["twice", "a"], ["negative"]),
        helper.make_node("Add", ["positive", "negative"], ["sum"]),
        helper.make_node("Mul", ["sum", "ones"], ["y"]),  # no slope
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3]) for name in ("x", "y")]
    weights = [numpy_helper.from_array(-SLOPES / 2, "a"), numpy_helper.from_array(np.ones(3, np.float32), "ones")]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()


def run(data):
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X})[0]


@pytest.mark.parametrize("fused", [False, True])
def test_a_damaged_prelu_is_prelu_again(fused):
    data = damaged(fused=fused)
    wanted = np.where(X > 0, X, SLOPES * X)
    assert not np.allclose(run(data), wanted)
    np.testing.assert_allclose(run(repaired(data, "prelu")), wanted, rtol=1e-6)


@pytest.mark.parametrize("repair", ["prelu", "other"])
def test_a_model_without_the_fault_is_refused(repair):
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    model = helper.make_model(helper.make_graph([], "g", [value], [value]))
    with pytest.raises(ModelFormatError, match="no fault"):
        repaired(model.SerializeToString(), repair)


def test_other_slopes_are_kept():
    """x - |y| is no PReLU."""
    model = onnx.ModelProto()
    model.ParseFromString(damaged(fused=False))
    model.graph.node[2].input[0] = "positive"
    with pytest.raises(ModelFormatError, match="prelu"):
        repaired(model.SerializeToString(), "prelu")
