"""Evaluation of a graph backwards from its outputs, so that only nodes that an output needs are translated.

The evaluation of a node is a generator. Generators that wait for others are on an explicit stack, because a graph may
be deeper than Python's stack.
"""

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.builder import Builder
from humanrt.tfjs.control_flow import CONTROL_FLOW
from humanrt.tfjs.frames import Frame, Key, Steps, Workspace
from humanrt.tfjs.graph import Graph, Reference
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Call, Result, translate
from humanrt.tfjs.values import constant


class Tracer:
    """The translation of the nodes of one graph into one builder, each at most once in each frame."""

    def __init__(self, graph: Graph, builder: Builder, inputs: dict[str, Result]) -> None:
        self._graph = graph
        self._workspace = Workspace(graph, builder, inputs)
        self._budget = builder.budget

    def tensor(self, reference: Reference) -> Tensor:
        """Translate the nodes that one output needs, and return the output.

        Raises ``ModelFormatError``, with the file, node and op, if a node cannot be translated.
        """
        result = self._evaluate(reference)
        if not isinstance(result, Tensor):
            raise UnsupportedOpError(
                f"{self._graph.path}: output {reference.node!r} is a list, or an input of unknown rank"
            )
        return result

    def _evaluate(self, reference: Reference) -> Result:
        results = self._workspace.results
        requests: list[tuple[Reference, Frame]] = [(reference, ())]
        running: dict[Key, Steps] = {}
        while True:
            key = self._key(*requests[-1])
            answer: Result | None = None
            if key in results:
                answer = self._output(*requests.pop())
                if not requests:
                    return answer
                key = self._key(*requests[-1])
            elif key in running:
                raise ModelFormatError(f"{self._graph.path}: node {key[0]!r} depends on its own result")
            else:
                running[key] = self._steps(*key)
            try:
                requests.append(running[key].send(answer))  # type: ignore[arg-type]  # a generator is started with None
            except StopIteration as finished:
                results[key] = finished.value
                del running[key]
            except ModelFormatError as error:
                raise type(error)(f"{self._where(key)}: {error}") from error
            except Exception as error:  # numpy and onnx raise many kinds of exceptions for operands that do not fit
                raise ModelFormatError(f"{self._where(key)}: cannot be translated: {error!r}") from error

    def _steps(self, name: str, frame: Frame) -> Steps:
        node = self._workspace.structure.node(name)
        self._budget.evaluate()
        if node.op in CONTROL_FLOW:
            return (yield from CONTROL_FLOW[node.op](self._workspace, node, frame))
        builder = self._workspace.builder(frame)
        if node.op == "Const":
            if name not in self._graph.constants:
                raise ModelFormatError("'weightsManifest' has no weight of this name")
            return (Tensor(builder, logical=constant(self._graph.constants[name])),)
        operands: list[Result] = []
        for reference in node.inputs:
            operand = yield reference, frame
            operands.append(operand)
        return translate(Call(node.op, node.attributes, builder), operands)

    def _key(self, reference: Reference, frame: Frame) -> Key:
        try:
            return self._workspace.key(reference, frame)
        except ModelFormatError as error:
            raise ModelFormatError(f"{self._graph.path}: {error}") from error

    def _output(self, reference: Reference, frame: Frame) -> Result:
        key = self._key(reference, frame)
        results = self._workspace.results[key]
        if reference.index >= len(results):
            raise ModelFormatError(
                f"{self._where(key)}: has {len(results)} outputs; output {reference.index} does not exist"
            )
        return results[reference.index]

    def _where(self, key: Key) -> str:
        return f"{self._graph.path}: node {key[0]!r} ({self._graph.nodes[key[0]].op})"
