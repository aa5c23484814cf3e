"""Faults of published models that are repaired when they are converted, by the name that a model card gives.

``prelu``: PReLU was written as relu(x) + a (x - |x|) / 2, an optimizer multiplied a by -1 / 2 instead of 1 / 2, and
fused the rectifier into the convolution before it, so that all three terms got relu(x). The slopes get their sign back,
and x - |x| what the rectifier gets.
"""

from typing import TYPE_CHECKING

import numpy as np

from humanrt.errors import ModelFormatError

if TYPE_CHECKING:
    import onnx

VERSION = 1
"""Increased when the same file is repaired to another one."""


def repaired(data: bytes, repair: str) -> bytes:
    """Return a converted ONNX model without the fault.

    Raises ``ModelFormatError`` if the model does not have it.
    """
    import onnx

    model = onnx.ModelProto()
    model.ParseFromString(data)
    if repair != "prelu" or not _mend_prelu(model.graph):
        raise ModelFormatError(f"this model has no fault {repair!r}; take the repair out of its model card")
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _mend_prelu(graph: "onnx.GraphProto") -> int:
    """Mend all PReLUs of a graph; return their number."""
    from onnx import numpy_helper

    producers = {output: node for node in graph.node for output in node.output}
    weights = {tensor.name: tensor for tensor in graph.initializer}
    slopes = set()
    for node in graph.node:
        if node.op_type != "Mul" or len(names := [name for name in node.input if name in weights]) != 1:
            continue
        (below,) = (producers.get(name) for name in node.input if name not in weights)
        if below is None or below.op_type != "Sub":
            continue
        x, magnitude = below.input[0], producers.get(below.input[1])
        if magnitude is None or magnitude.op_type != "Abs" or magnitude.input[0] != x:
            continue
        slopes.add(names[0])
        rectifier = producers.get(x)
        if rectifier is not None and rectifier.op_type == "Relu":
            below.input[0] = magnitude.input[0] = rectifier.input[0]
    for name in slopes:
        negative = np.negative(numpy_helper.to_array(weights[name]))
        weights[name].CopyFrom(numpy_helper.from_array(negative, name))
    return len(slopes)
