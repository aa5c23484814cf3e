"""ONNX models with values in other files."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def external(name, shape, location, kind=FLOAT, **entries):
    """Return a tensor of external data."""
    tensor = TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def graph_of(nodes, initializers=(), inputs=(("x", FLOAT, [4]),), outputs=(("y", FLOAT, [4]),)):
    values = [[helper.make_tensor_value_info(*value) for value in group] for group in (inputs, outputs)]
    return helper.make_graph(nodes, "graph", *values, list(initializers))


def model_of(nodes, initializers=(), *, graph=None, ir=9, opset=17, **more):
    graph = graph or graph_of(nodes, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir, **more)


def adder(location="weights.bin", **entries):
    """Return the model y = x + w, with w [4] as external data."""
    return model_of([helper.make_node("Add", ["x", "w"], ["y"])], [external("w", [4], location, **entries)])


def plain_adder(weights):
    """Return the model y = x + w, with w in the model."""
    w = numpy_helper.from_array(np.float32(weights), "w")
    return model_of([helper.make_node("Add", ["x", "w"], ["y"])], [w])


def floats(*numbers):
    return np.float32(numbers).tobytes()
