"""Writing ONNX node by node: values know their shape and type, constants fold, and equal expressions are written once.

A value that holds numbers already (``Value.constant``) enters the graph only when a node that remains needs it. The
builder also guards the symbolic batch: see ``Builder.emit_many``.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import BATCH, INT64, Array, DType, Shape
from humanrt.tfjs.sizes import Sizes, propagate
from humanrt.tfjs.weights import MAX_MODEL_BYTES, MAX_RANK

OPSET = 18
IR_VERSION = 9

MAX_ELEMENTS = 2**31 - 1
"""The most elements a value may have: sizes beyond it overflow 32-bit indices, in TF.js too."""

MAX_FOLDED_BYTES = 2**30
"""How much all folded constants of a model may take: a few bytes of graph can ask for any amount."""

MAX_NODES = 20_000
"""Seventeen times Human's largest graph; unrolled loops can ask for any number."""

_INFERRED_FROM = 64
"""Constants up to this many elements (sizes, axes, pads) are shown to shape inference; weights are not."""

_NEVER_FOLDED = frozenset(
    {
        "AveragePool",
        "Conv",
        "ConvTranspose",
        "Gemm",
        "MatMul",
        "MaxPool",
        "NonMaxSuppression",
        "Resize",
        "ScatterND",
        "TopK",
    }
)
"""Too slow in onnx's reference evaluator; ONNX Runtime folds them itself when it loads the model."""

Operand: TypeAlias = "Value | Array | np.generic | None"


@dataclass(eq=False, slots=True)
class Value:
    """One ONNX value.

    ``clip`` is set on the result of a Clip or Relu: its source and its bounds. ``sizes`` is set on a value that is made
    of sizes which are known in part.
    """

    name: str | None
    shape: Shape
    dtype: DType
    constant: Array | None = None
    clip: "tuple[Value, float, float] | None" = None
    sizes: Sizes | None = None

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)


def constant(data: Any, dtype: DType | None = None) -> Value:  # noqa: ANN401 - whatever numpy can make an array of
    """Return a value that is known now. It enters the graph when a node that remains needs it."""
    array = np.asarray(data, dtype)
    return Value(None, array.shape, array.dtype, array)


def int64(data: Any) -> Value:  # noqa: ANN401 - as above
    """Return a constant of the type in which ONNX wants axes, sizes and indices."""
    return constant(data, INT64)


class Builder:
    """Collects the nodes and initialisers of one ONNX graph. ``reserved`` names belong to its inputs and outputs."""

    def __init__(self, reserved: frozenset[str]) -> None:
        self._reserved = reserved
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, Array] = {}
        self._shared_constants: dict[tuple[str, Shape, bytes], str] = {}
        self._written: dict[tuple[object, ...], tuple[Value, ...]] = {}
        self._names_given = 0
        self._folded_bytes = 0

    def emit(self, op: str, *operands: Operand, **attributes: Any) -> Value:  # noqa: ANN401 - of many types
        """Write one node with one output, or compute it now when all operands are constants."""
        return self.emit_many(op, 1, *operands, **attributes)[0]

    def emit_many(self, op: str, count: int, *operands: Operand, **attributes: Any) -> tuple[Value, ...]:  # noqa: ANN401
        """As ``emit``, for a node with ``count`` outputs. None stands for an optional operand that is left out.

        An operation that is given the symbolic batch must hand it on. One that loses it mixes pictures or was frozen
        at a batch of one, and then UnsupportedOpError tells the caller to convert with a batch of one instead.
        """
        inputs = [value if value is None or isinstance(value, Value) else constant(value) for value in operands]
        foldable = op not in _NEVER_FOLDED and all(value is None or value.constant is not None for value in inputs)
        names = tuple("" if value is None else self._operand_name(value, foldable, i) for i, value in enumerate(inputs))
        key = (op, names, count, repr(sorted(attributes.items())))
        if not foldable and key in self._written:
            return self._written[key]
        outputs = [self._new_name() for _ in range(count)]
        node = helper.make_node(op, names, outputs, **attributes)
        inferred = self._infer(node, inputs)
        if foldable:
            return self._fold(node, inputs, inferred)
        sizes = _sizes(op, inputs, attributes)
        if sizes is not None and all(isinstance(size, int) for size in sizes.flat):
            return (constant(sizes, inferred[0][1]),)
        if len(self._nodes) >= MAX_NODES:
            raise UnsupportedOpError(f"the graph unrolls into more than {MAX_NODES} nodes")
        self._nodes.append(node)
        values = tuple(Value(name, *described, sizes=sizes) for name, described in zip(outputs, inferred, strict=True))
        self._written[key] = values
        return values

    def cast(self, value: Value, dtype: DType) -> Value:
        """Return the value in another type; itself when it has that type."""
        if value.dtype == dtype:
            return value
        return self.emit("Cast", value, to=helper.np_dtype_to_tensor_dtype(dtype))

    def model(self, inputs: list[Value], outputs: dict[str, Value], producer_version: str) -> onnx.ModelProto:
        """Return the finished model: what no output needs is left out, and each output bears its public name."""
        final = [helper.make_node("Identity", [self._name(value)], [name]) for name, value in outputs.items()]
        needed, kept = set(outputs), list[onnx.NodeProto]()
        for node in reversed(self._nodes + final):
            if not needed.isdisjoint(node.output):
                kept.append(node)
                needed.update(node.input)
        weights = [(name, array) for name, array in self._initializers.items() if name in needed]
        if sum(array.nbytes for _, array in weights) > MAX_MODEL_BYTES:
            raise ModelFormatError(
                f"the constants take more than the {MAX_MODEL_BYTES} bytes that an ONNX file can hold"
            )
        graph = helper.make_graph(
            kept[::-1],
            "tfjs",
            [_describe(value.name or "", value.shape, value.dtype) for value in inputs],
            [_describe(name, value.shape, value.dtype) for name, value in outputs.items()],
            [_initializer(name, array) for name, array in weights],
        )
        return helper.make_model(
            graph,
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="humanrt.tfjs",
            producer_version=producer_version,
        )

    def _operand_name(self, value: Value, foldable: bool, position: int) -> str:
        return f"operand{position}" if foldable else self._name(value)

    def _new_name(self) -> str:
        while True:
            self._names_given += 1
            name = f"v{self._names_given}"
            if name not in self._reserved:
                return name

    def _name(self, value: Value) -> str:
        """Return the value's name in the graph; a constant enters the graph here, small equal ones once."""
        if value.name is None:
            assert value.constant is not None  # noqa: S101 - only constants are born without a name
            array, name = value.constant, self._new_name()
            if array.size <= _INFERRED_FROM:
                name = self._shared_constants.setdefault((array.dtype.str, array.shape, array.tobytes()), name)
            self._initializers.setdefault(name, array)
            value.name = name
        return value.name

    def _infer(self, node: onnx.NodeProto, inputs: list[Value | None]) -> list[tuple[Shape, DType]]:
        described: dict[str, onnx.ValueInfoProto] = {}
        shown: dict[str, onnx.TensorProto] = {}
        for name, value in zip(node.input, inputs, strict=True):
            if value is None:
                continue
            if value.constant is not None and value.constant.size <= _INFERRED_FROM:
                shown[name] = _initializer(name, value.constant)
            else:
                described[name] = _describe(name, value.shape, value.dtype)
        model = _single_node_model(node, list(described.values()), list(shown.values()))
        inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True).graph.output
        results = [_read_description(output, node.op_type) for output in inferred]
        if node.op_type == "Resize" and inputs[3] is not None and inputs[3].sizes is not None:
            # Inference cannot know that these numbers are sizes.
            results = [(tuple(inputs[3].sizes), dtype) for _, dtype in results]
        given_batch = node.op_type != "Shape" and any(value is not None and BATCH in value.shape for value in inputs)
        if given_batch and any(BATCH not in shape for shape, _ in results):
            raise UnsupportedOpError("works across the pictures of a batch, or for a batch of one only")
        return results

    def _fold(
        self, node: onnx.NodeProto, inputs: list[Value | None], inferred: list[tuple[Shape, DType]]
    ) -> tuple[Value, ...]:
        for shape, dtype in inferred:
            self._folded_bytes += math.prod(size for size in shape if isinstance(size, int)) * dtype.itemsize
        if self._folded_bytes > MAX_FOLDED_BYTES:
            raise ModelFormatError(f"its constants unfold into more than {MAX_FOLDED_BYTES} bytes")
        from onnx.reference import ReferenceEvaluator  # heavy, and not every model folds

        described = [
            _describe(name, value.shape, value.dtype)
            for name, value in zip(node.input, inputs, strict=True)
            if value is not None
        ]
        feeds = {name: value.constant for name, value in zip(node.input, inputs, strict=True) if value is not None}
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(_single_node_model(node, described, [])).run(None, feeds)
        return tuple(constant(result, dtype) for result, (_, dtype) in zip(results, inferred, strict=True))


def _sizes(op: str, inputs: list[Value | None], attributes: dict[str, Any]) -> Sizes | None:
    """Return what is known of a result that is made of sizes; None for any other."""
    if op == "Shape" and inputs[0] is not None:
        return np.array(inputs[0].shape, object)
    if all(value is None or value.sizes is None for value in inputs):
        return None
    known = [
        None if value is None else value.constant.astype(object) if value.constant is not None else value.sizes
        for value in inputs
    ]
    return propagate(op, known, attributes)


def _single_node_model(
    node: onnx.NodeProto, inputs: list[onnx.ValueInfoProto], initializers: list[onnx.TensorProto]
) -> onnx.ModelProto:
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output]
    graph = helper.make_graph([node], "node", inputs, outputs, initializers)
    return helper.make_model(graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)])


def _initializer(name: str, array: Array) -> onnx.TensorProto:
    # np.ascontiguousarray would turn a scalar into a vector.
    return numpy_helper.from_array(np.asarray(array, order="C"), name)


def _describe(name: str, shape: Shape, dtype: DType) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), shape)


def _read_description(output: onnx.ValueInfoProto, op: str) -> tuple[Shape, DType]:
    tensor = output.type.tensor_type
    if not tensor.HasField("shape"):
        raise UnsupportedOpError(f"the number of axes of its result is not known before it runs (ONNX {op})")
    shape = tuple(
        dim.dim_value if dim.HasField("dim_value") else BATCH if dim.dim_param == BATCH else None
        for dim in tensor.shape.dim
    )
    sizes = [size for size in shape if isinstance(size, int)]
    if len(shape) > MAX_RANK or any(size < 0 for size in sizes) or math.prod(sizes) > MAX_ELEMENTS:
        raise ModelFormatError(f"its result has the impossible shape {shape}")
    return shape, helper.tensor_dtype_to_np_dtype(tensor.elem_type)
