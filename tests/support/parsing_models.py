"""Custom parsing models: small ONNX models and their model cards.

The input of both is an image of half the size, planar and normalised, so that a gray level of 0 is -2 and 255 is 2.
Each of its channels is a mask, or a class, so that the outputs are known in closed form.
"""

import hashlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

CARD = """
name = "{name}"
config_key = "segmentation"
summary = "What the tests make."
licence = "MIT"
files = [{{ name = "{name}.onnx", path = "{name}.onnx", sha256 = "{sha256}", bytes = {bytes} }}]

[provenance]
authors = "The tests"
origin = "https://example.com"
licence = "MIT"

[inputs.image]
node = "picture"
shape = [1, 3, {height}, {width}]
dtype = "float32"
value_range = [0.0, 1.0]
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
meaning = "RGB."
"""
OUTPUT = """
[outputs.{name}]
node = "{name}"
shape = {shape}
dtype = "{dtype}"
meaning = "What its name says."
"""


def write_instances(folder, name, *, size, scores, classes, labels, colors=(), logits=False):
    """A model with one instance for each channel, whose mask is 0.9 (logit 2) where that is 255, 0.4 (-2) where 0."""
    height, width = size
    masks = "mask_logits" if logits else "masks"
    constants = {"scores": np.array(scores, np.float32), "classes": np.array(classes, np.int64)}
    nodes = [helper.make_node("Identity", [f"{key}_0"], [key]) for key in constants]
    weights = [numpy_helper.from_array(value, f"{key}_0") for key, value in constants.items()]
    if logits:
        nodes.append(helper.make_node("Identity", ["picture"], [masks]))
    else:
        nodes += _affine("picture", masks, weights)
    kinds = {
        "scores": ("float32", [3]),
        "classes": ("int64", [3]),
        masks: ("float32", [1, 3, height, width]),
    }
    _write(folder, name, (height, width), nodes, weights, kinds, {"classes": (labels, colors)})


def write_class_map(folder, name, *, size, labels, colors=(), logits=False):
    """A model in which each channel is a class, of which a pixel has 0.9 (logit 2) or 0.4 (-2)."""
    height, width = size
    output = "class_logits" if logits else "class_map"
    weights = []
    nodes = [helper.make_node("Identity", ["picture"], [output])] if logits else _affine("picture", output, weights)
    kinds = {output: ("float32", [1, 3, height, width])}
    _write(folder, name, (height, width), nodes, weights, kinds, {output: (labels, colors)})


def _affine(source, target, weights):
    weights += [numpy_helper.from_array(np.float32(value), key) for key, value in (("k", 0.125), ("c", 0.65))]
    return [helper.make_node("Mul", [source, "k"], ["scaled"]), helper.make_node("Add", ["scaled", "c"], [target])]


def _write(folder, name, size, nodes, weights, kinds, named):
    height, width = size
    types = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}
    inputs = [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, height, width])]
    outputs = [helper.make_tensor_value_info(key, types[dtype], shape) for key, (dtype, shape) in kinds.items()]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, weights)
    path = folder / f"{name}.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    content = path.read_bytes()
    text = CARD.format(
        name=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), height=height, width=width
    )
    for key, (dtype, shape) in kinds.items():
        text += OUTPUT.format(name=key, shape=shape, dtype=dtype)
        if key in named:
            labels, colors = named[key]
            text += f"labels = {list(labels)}\ncolors = {[list(color) for color in colors]}\n"
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
