"""Custom models whose outputs are their input, whatever their model card describes."""

import hashlib

from onnx import TensorProto, helper, save

CARD = """
name = "mine"
config_key = "{config_key}"
summary = "What the tests make."
licence = "MIT"
files = [{{ name = "mine.onnx", path = "mine.onnx", sha256 = "{sha256}", bytes = {bytes} }}]

[provenance]
authors = "The tests"
origin = "https://example.com"
licence = "MIT"
"""
TENSOR = """
[{kind}.{name}]
node = "{name}"
shape = {shape}
dtype = "float32"
meaning = "What its name says."
"""


def write_identity(folder, config_key, outputs, *, inputs=("image",), shape=(1, 8, 8, 3)):
    """A model "mine" for ``config_key``, each of whose outputs is its first input."""
    nodes = [helper.make_node("Identity", [inputs[0]], [name]) for name in outputs]
    infos = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names] for names in (inputs, outputs)
    ]
    path = folder / "mine.onnx"
    graph = helper.make_graph(nodes, "graph", *infos)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    content = path.read_bytes()
    text = CARD.format(config_key=config_key, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    for name in inputs:
        text += TENSOR.format(kind="inputs", name=name, shape=list(shape)) + "value_range = [0.0, 1.0]\n"
    for name in outputs:
        text += TENSOR.format(kind="outputs", name=name, shape=list(shape)) + 'labels = ["a"]\n'
    (folder / "mine.toml").write_text(text, encoding="utf-8")
