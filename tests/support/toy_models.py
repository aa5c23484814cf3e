"""Tiny ONNX models with model cards, whose outputs are known in closed form."""

import hashlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

from humanrt.engine import internals
from humanrt.vision.stage import VisionModel
from humanrt.zoo import Card, CardFile, InputSpec, Provenance, TensorSpec

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
IMAGE = (2, 2, 3)


def toy(engine, folder, nodes, inputs, outputs, *, weights=None, config_key="object", name="toy"):
    """Write a model of float32 tensors, and load it; inputs and outputs are shapes by name."""
    path = folder / f"{name}.onnx"
    values = [
        [helper.make_tensor_value_info(key, FLOAT, shape) for key, shape in group.items()]
        for group in (inputs, outputs)
    ]
    tensors = [numpy_helper.from_array(array, key) for key, array in (weights or {}).items()]
    graph = helper.make_graph(nodes, "graph", *values, tensors)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    card = toy_card(path, inputs, outputs, config_key)
    return VisionModel(engine, card, internals(engine).load(card))


def toy_card(path, inputs, outputs, config_key="object"):
    content = path.read_bytes()
    file = CardFile(name=path.name, path=str(path), sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    common = {"dtype": "float32", "meaning": ""}
    return Card(
        name=path.stem,
        summary="",
        licence="",
        provenance=Provenance(authors="", origin="", licence=""),
        files=(file,),
        config_key=config_key,
        inputs={
            key: InputSpec(node=key, shape=shape, value_range=(0.0, 1.0), **common) for key, shape in inputs.items()
        },
        outputs={key: TensorSpec(node=key, shape=shape, **common) for key, shape in outputs.items()},
    )


def doubling(engine, folder, batch="batch"):
    """doubled = 2 image, [n, 2, 2, 3]; total = the sum of each image, [n]."""
    nodes = [
        helper.make_node("Add", ["image", "image"], ["doubled"]),
        helper.make_node("ReduceSum", ["image", "axes"], ["total"], keepdims=0),
    ]
    outputs = {"doubled": (batch, *IMAGE), "total": (batch,)}
    weights = {"axes": np.array([1, 2, 3], np.int64)}
    return toy(engine, folder, nodes, {"image": (batch, *IMAGE)}, outputs, weights=weights)


def repeating(engine, folder):
    """turns = a loop of as many turns as the first value of the image; with a large one, a run of minutes."""
    step = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Add", ["before", "one"], ["after"])],
        "step",
        [
            helper.make_tensor_value_info("turn", INT64, []),
            helper.make_tensor_value_info("go", BOOL, []),
            helper.make_tensor_value_info("before", FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("go_on", BOOL, []), helper.make_tensor_value_info("after", FLOAT, [1])],
    )
    nodes = [
        helper.make_node("Reshape", ["image", "flat"], ["values"]),
        helper.make_node("Gather", ["values", "first"], ["wanted"]),
        helper.make_node("Cast", ["wanted"], ["count"], to=INT64),
        helper.make_node("Loop", ["count", "", "zero"], ["turns"], body=step),
    ]
    weights = {
        "flat": np.array([-1], np.int64),
        "first": np.array([0], np.int64),
        "zero": np.zeros(1, np.float32),
        "one": np.ones(1, np.float32),
    }
    return toy(engine, folder, nodes, {"image": (1, *IMAGE)}, {"turns": (1,)}, weights=weights, name="repeating")


def recurrent(engine, folder):
    """mean = that of image and before; after = before + 1, a state, float32 [1]."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["level"], axes=[0, 1, 2, 3], keepdims=0),
        helper.make_node("Add", ["level", "before"], ["mean"]),
        helper.make_node("Add", ["before", "one"], ["after"]),
    ]
    inputs = {"image": (1, *IMAGE), "before": (1,)}
    outputs = {"mean": (1,), "after": (1,)}
    return toy(engine, folder, nodes, inputs, outputs, weights={"one": np.ones(1, np.float32)}, name="recurrent")


def ragged(engine, folder):
    """found = the positions of the values over 0, [4, n]: as many as each image has."""
    nodes = [
        helper.make_node("Greater", ["image", "zero"], ["over"]),
        helper.make_node("NonZero", ["over"], ["places"]),
        helper.make_node("Cast", ["places"], ["found"], to=FLOAT),
    ]
    weights = {"zero": np.zeros(1, np.float32)}
    return toy(engine, folder, nodes, {"image": (1, *IMAGE)}, {"found": (4, "n")}, weights=weights, name="ragged")
