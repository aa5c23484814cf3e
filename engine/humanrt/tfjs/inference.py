"""Inference for one ONNX node: the shapes and dtypes of its outputs, and their values if all operands are constant."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, shape_inference

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import BATCH, Array, DType, Shape
from humanrt.tfjs.sizes import Sizes, propagate, shaped
from humanrt.tfjs.values import Value, describe, initializer
from humanrt.tfjs.weights import MAX_RANK

OPSET = 18
IR_VERSION = 9

MAX_ELEMENTS = 2**31 - 1
"""The most elements of a value: larger ones overflow 32-bit indices, in TF.js too."""

SMALL = 64
"""Constants of up to this many elements (sizes, axes, pads) are passed to shape inference; weights are not."""

_TARGETS: Mapping[str, int] = {"Expand": 1, "Reshape": 1, "Resize": 3}
"""The index of the operand that holds the shape of the result."""


def infer(node: onnx.NodeProto, inputs: Sequence[Value | None]) -> list[tuple[Shape, DType]]:
    """Return the shape and dtype of each output.

    If an operand has the symbolic batch, each output must have it too. An op that loses it mixes the samples of a batch
    or has a fixed batch of one; the model is then converted with a batch of one instead.

    Raises ``ModelFormatError`` if no tensor can have an inferred shape, ``UnsupportedOpError`` if the rank of an output
    is unknown or the symbolic batch is lost.
    """
    described: dict[str, onnx.ValueInfoProto] = {}
    shown: dict[str, onnx.TensorProto] = {}
    for name, value in zip(node.input, inputs, strict=True):
        if value is None:
            continue
        if value.constant is not None and value.constant.size <= SMALL:
            shown[name] = initializer(name, value.constant)
        else:
            described[name] = describe(value, name)
    model = _model(node, list(described.values()), list(shown.values()))
    inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True).graph.output
    results = [_read(output, node, inputs) for output in inferred]
    given_batch = node.op_type != "Shape" and any(value is not None and BATCH in value.shape for value in inputs)
    for shape, _ in results:
        require_possible(shape)
        if given_batch:
            require_batch(shape)
    return results


def fold(node: onnx.NodeProto, inputs: Sequence[Value | None]) -> list[Array]:
    """Compute the outputs of a node whose operands are all constants."""
    from onnx.reference import ReferenceEvaluator  # a slow import that not every model needs

    given = [(name, value) for name, value in zip(node.input, inputs, strict=True) if value is not None]
    model = _model(node, [describe(value, name) for name, value in given], [])
    with np.errstate(all="ignore"):
        return list(ReferenceEvaluator(model).run(None, {name: value.constant for name, value in given}))


def known_sizes(op: str, inputs: Sequence[Value | None], attributes: Mapping[str, Any]) -> Sizes | None:
    """Return the partly known values of a result that is computed from sizes; None for any other result."""
    if op == "Shape" and inputs[0] is not None:
        return np.array(inputs[0].shape, object)
    if all(value is None or value.sizes is None for value in inputs):
        return None
    operands = [_sizes(value) for value in inputs if value is not None]
    known = [sizes for sizes in operands if sizes is not None]
    return propagate(op, known, attributes) if len(known) == len(inputs) else None


def require_possible(shape: Shape) -> None:
    """Raise ``ModelFormatError`` if no tensor can have the shape."""
    sizes = [size for size in shape if isinstance(size, int)]
    if len(shape) > MAX_RANK or any(size < 0 for size in sizes) or math.prod(sizes) > MAX_ELEMENTS:
        raise ModelFormatError(f"its result has the impossible shape {shape}")


def require_batch(shape: Shape) -> None:
    """Raise ``UnsupportedOpError`` if the shape lacks the symbolic batch."""
    if BATCH not in shape:
        raise UnsupportedOpError("it mixes the samples of a batch, or is valid for a batch of one only")


def _sizes(value: Value) -> Sizes | None:
    if value.constant is not None:
        return value.constant.astype(object) if value.constant.size <= SMALL else None
    if value.sizes is not None:
        return value.sizes
    extents = [size for size in value.shape if isinstance(size, int)]
    if len(extents) != value.rank or math.prod(extents) > SMALL or value.dtype.kind != "i":
        return None
    return np.full(extents, None, object)


def _target(node: onnx.NodeProto, inputs: Sequence[Value | None]) -> Sizes | None:
    """Return the partly known target shape of a node, which inference does not see."""
    position = _TARGETS.get(node.op_type)
    value = None if position is None else inputs[position]
    return None if value is None or value.constant is not None else _sizes(value)


def _model(
    node: onnx.NodeProto, inputs: list[onnx.ValueInfoProto], initializers: list[onnx.TensorProto]
) -> onnx.ModelProto:
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output]
    graph = helper.make_graph([node], "node", inputs, outputs, initializers)
    return helper.make_model(graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)])


def _read(output: onnx.ValueInfoProto, node: onnx.NodeProto, inputs: Sequence[Value | None]) -> tuple[Shape, DType]:
    tensor, target = output.type.tensor_type, _target(node, inputs)
    shape: Shape | None = None
    if tensor.HasField("shape"):
        shape = tuple(
            dim.dim_value if dim.HasField("dim_value") else BATCH if dim.dim_param == BATCH else None
            for dim in tensor.shape.dim
        )
    if target is not None and inputs[0] is not None:
        shape = shaped(node.op_type, shape, inputs[0].shape, target)
    if shape is None:
        raise UnsupportedOpError(f"the rank of its result is known only at run time (ONNX {node.op_type})")
    return shape, helper.tensor_dtype_to_np_dtype(tensor.elem_type)
