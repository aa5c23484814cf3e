"""Translation of a typed graph into an ONNX model: its inputs are declared and its outputs traced."""

from dataclasses import replace

import onnx

from humanrt.errors import ModelFormatError
from humanrt.tfjs.budget import Budget, LimitError
from humanrt.tfjs.builder import Builder
from humanrt.tfjs.graph import BATCH, TF_DTYPES, Graph, Shape
from humanrt.tfjs.layout import OpenTensor, Tensor
from humanrt.tfjs.ops.table import Result
from humanrt.tfjs.tracing import Tracer
from humanrt.tfjs.values import AnyValue, OpenValue, Value


def translate_graph(graph: Graph, version: str) -> onnx.ModelProto:
    """Translate with the most general inputs that the graph supports.

    Unknown sizes are tried before the usual ones, and a symbolic batch before a batch of one. An attempt ends at the
    first node that needs a known size.
    """
    attempts = [(batch, usual) for usual in (False, True) for batch in (BATCH, 1)]
    if all((given.shape or ())[1:] == (given.usual_shape or ())[1:] for given in graph.inputs):
        attempts = attempts[2:]
    whole = Budget.of(graph)
    budget = replace(whole)
    for batch, usual in attempts[:-1]:
        try:
            return _translate(graph, version, batch, usual, budget)
        except LimitError:
            raise
        except ModelFormatError:
            # The inputs are too general, or the model is malformed: then the last attempt raises.
            budget = budget.for_another_attempt(whole)
    return _translate(graph, version, *attempts[-1], budget)


def _translate(graph: Graph, version: str, batch: int | str, usual: bool, budget: Budget) -> onnx.ModelProto:
    reserved = frozenset([given.name for given in graph.inputs] + [output.name for output in graph.outputs])
    builder = Builder.outermost(reserved, budget)
    inputs, tensors, batched = list[AnyValue](), dict[str, Result](), False
    for given in graph.inputs:
        computed_in = TF_DTYPES[graph.nodes[given.name].attributes.text("dtype")]
        sizes = given.usual_shape if usual else given.shape
        if sizes is None:
            opened = OpenValue(given.name, given.dtype)
            inputs.append(opened)
            tensors[given.name] = OpenTensor(builder, opened, computed_in)
            continue
        shape: Shape = sizes
        if shape and shape[0] in (None, 1):
            shape, batched = (batch, *shape[1:]), batch == BATCH
        fed = Value(given.name, shape, given.dtype)
        inputs.append(fed)
        tensors[given.name] = Tensor(builder, logical=builder.cast(fed, computed_in))
    tracer = Tracer(graph, builder, tensors)
    values = {output.name: tracer.tensor(output.reference).logical for output in graph.outputs}
    for name, value in values.items():
        if name in tensors:
            raise ModelFormatError(f"{graph.path}: an input and an output have the name {name!r}")
        if batched and value.shape[:1] != (BATCH,):
            raise ModelFormatError(f"{graph.path}: output {name!r} has no batch axis")
    try:
        return builder.model(inputs, values, version)
    except ModelFormatError as error:
        raise ModelFormatError(f"{graph.path}: {error}") from error
