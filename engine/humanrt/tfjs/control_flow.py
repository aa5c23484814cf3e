"""TensorFlow 1's while loops, unrolled.

A loop variable walks Enter -> Merge -> Switch -> (body) -> NextIteration -> Merge, and leaves by Switch -> Exit. The
graph is evaluated backwards from its outputs, so a loop begins at an Exit: iterations are evaluated until the loop's
condition, which must be known before the model runs, is false. A *frame* tells iterations apart: it is the tuple of
the iteration numbers of all loops that a node stands in, the outermost first.
"""

from collections.abc import Callable, Generator, Mapping
from typing import TypeAlias

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import Graph, Node, Reference
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Result, known

Frame: TypeAlias = tuple[int, ...]
Steps: TypeAlias = Generator[tuple[Reference, Frame], Result, tuple[Result, ...]]
"""A node being evaluated: it yields what it needs, is sent the result, and returns its outputs."""

MAX_ITERATIONS = 1000
MAX_DEPTH = 4


def _enter(graph: Graph, node: Node, frame: Frame) -> Steps:
    _require_loop(frame)
    return ((yield _only_input(node), frame[:-1]),)


def _merge(graph: Graph, node: Node, frame: Frame) -> Steps:
    _require_loop(frame)
    later = [ref for ref in node.inputs if ref.node in graph.nodes and graph.nodes[ref.node].op == "NextIteration"]
    first = [ref for ref in node.inputs if ref not in later]
    if len(later) != 1 or len(first) != 1:
        raise UnsupportedOpError("joins two branches, not the iterations of a loop")
    if frame[-1] == 0:
        value = yield first[0], frame
    else:
        value = yield _only_input(graph.nodes[later[0].node]), (*frame[:-1], frame[-1] - 1)
    return (value, value)


def _pass_on(graph: Graph, node: Node, frame: Frame) -> Steps:
    _require_loop(frame)
    if not node.inputs:
        raise ModelFormatError("has no input")
    value = yield node.inputs[0], frame
    return (value, value)


def _exit(graph: Graph, node: Node, frame: Frame) -> Steps:
    source = graph.nodes.get(_only_input(node).node)
    if source is None or source.op != "Switch" or len(source.inputs) != 2:
        raise ModelFormatError("does not leave a loop by its Switch")
    if len(frame) == MAX_DEPTH:
        raise UnsupportedOpError(f"loops are nested more than {MAX_DEPTH} deep")
    variable, condition = source.inputs
    for iteration in range(MAX_ITERATIONS):
        goes_on = yield condition, (*frame, iteration)
        if not isinstance(goes_on, Tensor) or not known(goes_on, "loop's condition").all():
            return ((yield variable, (*frame, iteration)),)
    raise UnsupportedOpError(f"its loop takes more than {MAX_ITERATIONS} turns")


def _only_input(node: Node) -> Reference:
    if len(node.inputs) != 1:
        raise ModelFormatError(f"{node.op} takes one input, not {len(node.inputs)}")
    return node.inputs[0]


def _require_loop(frame: Frame) -> None:
    if not frame:
        raise ModelFormatError("is part of a loop, but is reached from outside of it")


CONTROL_FLOW: Mapping[str, Callable[[Graph, Node, Frame], Steps]] = {
    "Enter": _enter,
    "Exit": _exit,
    "LoopCond": _pass_on,
    "Merge": _merge,
    "Switch": _pass_on,
}
