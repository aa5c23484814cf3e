"""Writing of ONNX node by node, with shapes and dtypes inferred, constants folded, and common expressions shared.

A constant (``Value.constant``) enters the graph only if a remaining node needs it. The bodies of loops and the branches
of conditions are subgraphs, each with its own builder: they use the values of the graph around them, and weights are
stored in the outermost graph.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

import onnx
from onnx import helper

from humanrt.errors import ModelFormatError
from humanrt.tfjs.budget import Budget
from humanrt.tfjs.graph import BATCH, Array, DType, Shape
from humanrt.tfjs.inference import IR_VERSION, OPSET, SMALL, fold, infer, known_sizes, require_batch
from humanrt.tfjs.values import AnyValue, Operand, SequenceValue, Value, constant, describe, initializer, tensor_type
from humanrt.tfjs.weights import MAX_MODEL_BYTES

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
"""The ops that are too slow in onnx's reference evaluator; ONNX Runtime folds them when it loads the model."""

_NOTHING: frozenset[str] = frozenset()

_Key: TypeAlias = tuple[str, tuple[str, ...], int, str]
_Expressions: TypeAlias = ChainMap[_Key, tuple[AnyValue, ...]]
_V = TypeVar("_V", bound=AnyValue)


@dataclass(slots=True)
class _Book:
    """The state that a graph shares with its subgraphs. ``reserved`` are the names of inputs and outputs."""

    reserved: frozenset[str]
    budget: Budget
    initializers: dict[str, Array] = field(default_factory=dict)
    shared_constants: dict[tuple[str, Shape, bytes], str] = field(default_factory=dict)
    names: int = 0


@dataclass(frozen=True, slots=True)
class _Written:
    """A node, its results, and the names of the outer values that its subgraphs use."""

    node: onnx.NodeProto
    results: tuple[AnyValue, ...]
    taken: frozenset[str] = _NOTHING


@dataclass(frozen=True, slots=True)
class Subgraph:
    """The finished body of a loop or branch of a condition, and the names of the outer values that it uses."""

    proto: onnx.GraphProto
    taken: frozenset[str]


class Builder:
    """The nodes and initializers of one ONNX graph, or of one subgraph of another builder's graph."""

    def __init__(self, book: _Book, expressions: _Expressions) -> None:
        self._book = book
        self._expressions = expressions
        self._nodes: list[_Written] = []

    @classmethod
    def outermost(cls, reserved: frozenset[str], budget: Budget) -> "Builder":
        """Return a builder for the graph of a model, whose inputs and outputs have the ``reserved`` names."""
        return cls(_Book(reserved, budget), ChainMap())

    def inner(self) -> "Builder":
        """Return a builder for a subgraph of this one."""
        return Builder(self._book, self._expressions.new_child())

    @property
    def budget(self) -> Budget:
        """What is left of the bounds of the conversion."""
        return self._book.budget

    def emit(self, op: str, *operands: Operand, **attributes: Any) -> Value:  # noqa: ANN401 - of many types
        """Write one node with one output, or compute its result if all operands are constants."""
        return self.emit_many(op, 1, *operands, **attributes)[0]

    def emit_many(self, op: str, count: int, *operands: Operand, **attributes: Any) -> tuple[Value, ...]:  # noqa: ANN401
        """Write one node with ``count`` outputs, as ``emit`` does. None is an omitted optional operand.

        Raises ``UnsupportedOpError`` if the symbolic batch is lost: see ``inference.infer``.
        """
        self.budget.operate(len(operands) + count)
        inputs = [value if value is None or isinstance(value, Value) else constant(value) for value in operands]
        fixed = all(value is None or value.fixed or value.constant is not None for value in inputs)
        foldable = op not in _NEVER_FOLDED and all(value is None or value.constant is not None for value in inputs)
        names = tuple("" if value is None else self._operand_name(value, foldable, i) for i, value in enumerate(inputs))
        key = (op, names, count, repr(sorted(attributes.items())))
        if not foldable and key in self._expressions:
            return self._expressions[key]  # type: ignore[return-value]  # this method stores Values under its keys
        outputs = [self._new_name() for _ in range(count)]
        node = helper.make_node(op, names, outputs, **attributes)
        inferred = infer(node, inputs)
        if fixed:
            self.budget.fold(op, inputs, inferred, attributes)
        if foldable:
            results = fold(node, inputs)
            return tuple(constant(result, dtype) for result, (_, dtype) in zip(results, inferred, strict=True))
        sizes = known_sizes(op, inputs, attributes)
        if sizes is not None and all(isinstance(size, int) for size in sizes.flat):
            return (constant(sizes, inferred[0][1]),)
        values = tuple(
            Value(name, *described, sizes=sizes, fixed=fixed) for name, described in zip(outputs, inferred, strict=True)
        )
        self._add(node, values)
        self._expressions[key] = values
        return values

    def emit_as(self, result: _V, op: str, *operands: Operand, **attributes: Any) -> _V:  # noqa: ANN401
        """Write one node whose result the caller describes, because shape inference cannot.

        ``result`` must have no name; this method sets it.
        """
        self.budget.operate(len(operands))
        inputs = [value if value is None or isinstance(value, AnyValue) else constant(value) for value in operands]
        names = tuple("" if value is None else self._name(value) for value in inputs)
        key = (op, names, 1, repr(sorted(attributes.items())))
        if key in self._expressions:
            return self._expressions[key][0]  # type: ignore[return-value]  # equal expressions have results of one kind
        shapes = [value.shape for value in (result, *inputs) if isinstance(value, Value | SequenceValue)]
        if op != "SequenceLength" and any(shape is not None and BATCH in shape for shape in shapes[1:]):
            require_batch(shapes[0] or ())
        result.name = self._new_name()
        self._add(helper.make_node(op, names, [result.name], **attributes), (result,))
        self._expressions[key] = (result,)
        return result

    def emit_graphs(
        self, op: str, operands: Sequence[AnyValue | None], results: Sequence[AnyValue], graphs: Mapping[str, Subgraph]
    ) -> None:
        """Write an If or a Loop, whose attributes are graphs; set the names of ``results``."""
        self.budget.operate(len(operands) + len(results))
        names = tuple("" if value is None else self._name(value) for value in operands)
        given = [self._new_name() for _ in results]
        for value, name in zip(results, given, strict=True):
            value.name = name
        attributes = {name: graph.proto for name, graph in graphs.items()}
        node = helper.make_node(op, names, given, **attributes)
        self._add(node, tuple(results), _NOTHING.union(*(graph.taken for graph in graphs.values())))

    def cast(self, value: Value, dtype: DType) -> Value:
        """Return the value in another dtype; the value itself if it has that dtype."""
        return value if value.dtype == dtype else self.emit("Cast", value, to=tensor_type(dtype))

    def variable(self, value: _V) -> _V:
        """Return an input of this subgraph; ``value`` describes it."""
        return replace(value, name=self._new_name())

    def close(self, inputs: Sequence[AnyValue], outputs: Sequence[AnyValue]) -> Subgraph:
        """Return the finished graph of a loop's body or a condition's branch."""
        named = {self._new_name(): value for value in outputs}
        kept, needed = self._needed(named)
        # Inference does not see the constants of the outer graph: shapes that depend on them would be unknown.
        known = [describe(value) for written in kept for value in written.results]
        given = [describe(value, name) for name, value in named.items()]
        nodes = [written.node for written in kept]
        proto = helper.make_graph(nodes, "inner", [*map(describe, inputs)], given, value_info=known)
        own = {name for node in nodes for name in node.output} | {value.name for value in inputs}
        return Subgraph(proto, frozenset(needed - own))

    def model(self, inputs: Sequence[AnyValue], outputs: Mapping[str, Value], producer_version: str) -> onnx.ModelProto:
        """Return the finished model, without the nodes that no output needs, with the public names of the outputs."""
        kept, needed = self._needed(outputs)
        weights = [(name, array) for name, array in self._book.initializers.items() if name in needed]
        if sum(array.nbytes for _, array in weights) > MAX_MODEL_BYTES:
            raise ModelFormatError(
                f"the constants take more than the {MAX_MODEL_BYTES} bytes that an ONNX file can hold"
            )
        graph = helper.make_graph(
            [written.node for written in kept],
            "tfjs",
            [*map(describe, inputs)],
            [describe(value, name) for name, value in outputs.items()],
            [initializer(name, array) for name, array in weights],
        )
        return helper.make_model(
            graph,
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="humanrt.tfjs",
            producer_version=producer_version,
        )

    def _needed(self, outputs: Mapping[str, AnyValue]) -> tuple[list[_Written], set[str]]:
        """Return the nodes that the outputs need, including those that name the outputs, and all names needed."""
        final = [
            _Written(helper.make_node("Identity", [self._name(value)], [name]), ()) for name, value in outputs.items()
        ]
        needed, kept = set(outputs), list[_Written]()
        for written in reversed(self._nodes + final):
            if not needed.isdisjoint(written.node.output):
                kept.append(written)
                needed.update(written.node.input, written.taken)
        return kept[::-1], needed

    def _add(self, node: onnx.NodeProto, results: tuple[AnyValue, ...], taken: frozenset[str] = _NOTHING) -> None:
        self._nodes.append(_Written(node, results, taken))

    def _operand_name(self, value: Value, foldable: bool, position: int) -> str:
        return f"operand{position}" if foldable else self._name(value)

    def _new_name(self) -> str:
        while True:
            self._book.names += 1
            name = f"v{self._book.names}"
            if name not in self._book.reserved:
                return name

    def _name(self, value: AnyValue) -> str:
        """Return the value's name. A constant enters the graph here; equal small constants enter it once."""
        if value.name is None:
            assert isinstance(value, Value)  # noqa: S101 - only constants have no name at first
            assert value.constant is not None  # noqa: S101
            array, name = value.constant, self._new_name()
            if array.size <= SMALL:
                name = self._book.shared_constants.setdefault((array.dtype.str, array.shape, array.tobytes()), name)
            if name not in self._book.initializers:
                self.budget.store(array.nbytes)
                self._book.initializers[name] = array
            value.name = name
        return value.name
