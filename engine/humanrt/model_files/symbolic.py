"""The inputs of a published ONNX model, as its model card describes them.

A model may be exported with fixed sizes although its graph runs at others; its model card then has a word for the axis,
``"height"`` for instance, where the file has a number. And weights may be listed among the inputs, where they could be
overridden, which keeps ONNX Runtime from folding constants and makes it warn about each.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from humanrt.zoo import Card

if TYPE_CHECKING:
    import onnx

VERSION = 1
"""Increased when the same file is rewritten to another one."""


def rewritten(data: bytes, card: Card) -> bytes | None:
    """Return an ONNX model with symbolic axes where ``card`` has words, and without weights among its inputs.

    Its outputs have no sizes then, for they depend on those of the inputs. Returns None if there is nothing to change.
    """
    import onnx

    model = onnx.ModelProto()
    model.ParseFromString(data)
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    named = {spec.node: spec.accepted for spec in card.inputs.values()}
    changed = [_name_axes(value, named) for value in inputs]
    if not any(changed) and len(inputs) == len(graph.input):
        return None
    if any(changed):
        del graph.value_info[:]
        for value in graph.output:
            value.type.tensor_type.ClearField("shape")
    del graph.input[:]
    graph.input.extend(inputs)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _name_axes(value: "onnx.ValueInfoProto", named: Mapping[str, tuple[int | str, ...]]) -> bool:
    """Name the axes of an input for which the model card has a word; return whether one had a size."""
    axes = value.type.tensor_type.shape.dim
    shape = named.get(value.name, ())
    fixed = [(axis, name) for axis, name in zip(axes, shape, strict=False) if isinstance(name, str) and axis.dim_value]
    for axis, name in fixed:
        axis.dim_param = name
    return bool(fixed)
