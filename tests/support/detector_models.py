"""Tiny face detectors in ONNX, whose outputs are constants times what they are given, and their model cards."""

import hashlib

import numpy as np
from identity_models import CARD, TENSOR
from onnx import TensorProto, helper, numpy_helper, save


def write_detector(folder, outputs, scores, shape=(1, 3, "height", "width")):
    """A face detector "mine": its outputs, arrays by name, are constants, and numbered in the graph.

    Those whose names begin with ``scores`` are multiplied with the largest value of the first channel of the input.
    """
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["largest"], axes=[2, 3], keepdims=0),
        helper.make_node("Gather", ["largest", "first"], ["factor"], axis=1),
    ]
    constants = [numpy_helper.from_array(np.array([0]), "first")]
    infos = []
    text = ""
    for number, (name, values) in enumerate(outputs.items(), 443):
        constants.append(numpy_helper.from_array(values.astype(np.float32), f"constant_{number}"))
        if name.startswith(scores):
            nodes.append(helper.make_node("Mul", [f"constant_{number}", "factor"], [str(number)]))
        else:
            nodes.append(helper.make_node("Identity", [f"constant_{number}"], [str(number)]))
        infos.append(helper.make_tensor_value_info(str(number), TensorProto.FLOAT, None))
        table = TENSOR.format(kind="outputs", name=name, shape=list(values.shape))
        text += table.replace(f'node = "{name}"', f'node = "{number}"')
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, None, None])
    graph = helper.make_graph(nodes, "graph", [image], infos, constants)
    path = folder / "mine.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    content = path.read_bytes()
    card = CARD.format(config_key="face.detector", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    image = TENSOR.format(kind="inputs", name="image", shape=str(list(shape)).replace("'", '"'))
    (folder / "mine.toml").write_text(f"{card}{image}value_range = [0.0, 1.0]\n{text}", encoding="utf-8")


DETECTOR_ALONE = {
    "preset": "human",
    "face": {
        "detector": {"model_path": "mine", "max_detected": 9, "min_confidence": 0.5, "iou_threshold": 0.3},
        **{name: {"enabled": False} for name in ("mesh", "iris", "emotion", "description")},
    },
    **{name: {"enabled": False} for name in ("body", "hand", "gesture")},
}
