"""Evaluating a graph backwards from its outputs, so that nothing is translated that no output needs.

A node being evaluated is a small generator, and those that wait for others stand on a stack of our own: a graph may be
deeper than Python's.
"""

from typing import TypeAlias

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.builder import Builder, constant
from humanrt.tfjs.control_flow import CONTROL_FLOW, Frame, Steps
from humanrt.tfjs.graph import Graph, Node, Reference
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Call, Result, translate

MAX_EVALUATIONS = 20_000
"""How many nodes may be evaluated, each iteration of a loop anew: ten times what Human's largest takes."""

_Key: TypeAlias = tuple[str, Frame]


class Tracer:
    """Translates the nodes of one graph into one builder, each at most once in each frame."""

    def __init__(self, graph: Graph, builder: Builder, inputs: dict[str, Tensor]) -> None:
        self._graph = graph
        self._builder = builder
        self._results: dict[_Key, tuple[Result, ...]] = {(name, ()): (tensor,) for name, tensor in inputs.items()}
        self._evaluations = 0

    def tensor(self, reference: Reference) -> Tensor:
        """Translate what one output needs. Raises ModelFormatError, naming file, node and op, where that fails."""
        result = self._evaluate(reference)
        if not isinstance(result, Tensor):
            raise UnsupportedOpError(f"{self._graph.path}: output {reference.node!r} is a list, not a tensor")
        return result

    def _evaluate(self, reference: Reference) -> Result:
        requests: list[tuple[Reference, Frame]] = [(reference, ())]
        running: dict[_Key, Steps] = {}
        while True:
            key = self._key(*requests[-1])
            answer: Result | None = None
            if key in self._results:
                answer = self._output(*requests.pop())
                if not requests:
                    return answer
                key = self._key(*requests[-1])
            elif key in running:
                raise ModelFormatError(f"{self._graph.path}: node {key[0]!r} needs its own result")
            else:
                running[key] = self._steps(*key)
            try:
                requests.append(running[key].send(answer))  # type: ignore[arg-type]  # a generator is started with None
            except StopIteration as finished:
                self._results[key] = finished.value
                del running[key]
            except ModelFormatError as error:
                raise type(error)(f"{self._where(key)}: {error}") from error
            except Exception as error:  # numpy and onnx have no end of ways to refuse operands that do not fit
                raise ModelFormatError(f"{self._where(key)}: cannot be translated: {error!r}") from error

    def _steps(self, name: str, frame: Frame) -> Steps:
        node = self._node(name)
        self._evaluations += 1
        if self._evaluations > MAX_EVALUATIONS:
            raise UnsupportedOpError(f"its loops unroll into more than {MAX_EVALUATIONS} nodes")
        if node.op in CONTROL_FLOW:
            return (yield from CONTROL_FLOW[node.op](self._graph, node, frame))
        if node.op == "Const":
            if name not in self._graph.constants:
                raise ModelFormatError("the manifest describes no weight of its name")
            return (Tensor(self._builder, logical=constant(self._graph.constants[name])),)
        operands: list[Result] = []
        for reference in node.inputs:
            operand = yield reference, frame
            operands.append(operand)
        return translate(Call(node.op, node.attributes, self._builder), operands)

    def _key(self, reference: Reference, frame: Frame) -> _Key:
        """Constants and inputs are the same in every iteration of a loop."""
        return (reference.node, () if self._node(reference.node).op in {"Const", "Placeholder"} else frame)

    def _node(self, name: str) -> Node:
        if name not in self._graph.nodes:
            raise ModelFormatError(f"{self._graph.path}: a node refers to {name!r}, which the graph lacks")
        return self._graph.nodes[name]

    def _output(self, reference: Reference, frame: Frame) -> Result:
        key = self._key(reference, frame)
        results = self._results[key]
        if reference.index >= len(results):
            raise ModelFormatError(
                f"{self._where(key)}: has {len(results)} outputs, and {reference.index} is asked for"
            )
        return results[reference.index]

    def _where(self, key: _Key) -> str:
        return f"{self._graph.path}: node {key[0]!r} ({self._node(key[0]).op})"
