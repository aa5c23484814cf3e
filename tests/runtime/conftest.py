"""Small ONNX models, and a device to run them on."""

import hashlib
from typing import NamedTuple

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from humanrt.runtime.device import resolve_device
from humanrt.runtime.sessions import SessionCache

FLOAT = TensorProto.FLOAT


class ModelFile(NamedTuple):
    path: object
    content_hash: str


@pytest.fixture(scope="session")
def cpu():
    return resolve_device("cpu")


@pytest.fixture
def cache():
    """A new cache of sessions, whose counters start at zero."""
    return SessionCache()


@pytest.fixture(scope="session")
def write_model(tmp_path_factory):
    """Writes a graph to a file; inputs and outputs are (name, dtype, shape), None is a size that is not fixed."""

    def write(nodes, inputs, outputs, weights=None, metadata=None, opset=17):
        values = [[helper.make_tensor_value_info(*value) for value in group] for group in (inputs, outputs)]
        tensors = [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()]
        graph = helper.make_graph(nodes, "graph", *values, tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
        helper.set_model_props(model, metadata or {})
        path = tmp_path_factory.mktemp("models") / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return ModelFile(path, hashlib.sha256(path.read_bytes()).hexdigest())

    return write


@pytest.fixture(scope="session")
def double(write_model):
    """y = x + x, float32 [n, 3]."""
    return write_model(
        [helper.make_node("Add", ["x", "x"], ["y"])], [("x", FLOAT, [None, 3])], [("y", FLOAT, [None, 3])]
    )


@pytest.fixture(scope="session")
def arithmetic(write_model):
    """sum = a + b, product = a * b, float32 [2, 2]."""
    nodes = [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Mul", ["a", "b"], ["product"])]
    values = [[(name, FLOAT, [2, 2]) for name in names] for names in (("a", "b"), ("sum", "product"))]
    return write_model(nodes, *values)


@pytest.fixture(scope="session")
def repeat(write_model):
    """y = x @ x @ ..., ``times`` times; with a large number, a run of minutes."""
    step = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("MatMul", ["before", "before"], ["after"])],
        "step",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", FLOAT, [8, 8]),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", FLOAT, [8, 8]),
        ],
    )
    return write_model(
        [helper.make_node("Loop", ["times", "", "x"], ["y"], body=step)],
        [("times", TensorProto.INT64, [1]), ("x", FLOAT, [8, 8])],
        [("y", FLOAT, [8, 8])],
    )


@pytest.fixture(scope="session")
def weighty(write_model):
    """y = x @ w with 48 MB of weights."""
    weights = np.random.default_rng(0).random((3000, 4000), dtype=np.float32)
    return write_model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [("x", FLOAT, [1, 3000])],
        [("y", FLOAT, [1, 4000])],
        {"w": weights},
    )
