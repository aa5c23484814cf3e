"""Evaluation of loops and conditions: those of TensorFlow 1, made of nodes, and of TensorFlow 2, made of functions.

A loop variable of TensorFlow 1 passes Enter -> Merge -> Switch -> (body) -> NextIteration -> Merge, and leaves through
Switch -> Exit. The graph is evaluated backwards from its outputs, so the evaluation of a loop begins at an Exit. While
the condition is known at conversion time and true, iterations are evaluated one by one: the loop is unrolled. If the
condition depends on the model's inputs, or is true for too many iterations, an ONNX Loop is written instead.

A Merge joins the two branches of a condition; each output of a Switch belongs to one branch. If the condition is known,
only one branch is evaluated; otherwise an ONNX If is written.
"""

from collections.abc import Callable, Generator, Mapping
from typing import TypeAlias

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.frames import Frame, Steps, Turn, Workspace, is_true
from humanrt.tfjs.graph import Node, Reference
from humanrt.tfjs.nodes import ARGUMENT
from humanrt.tfjs.ops.table import Result
from humanrt.tfjs.structure import MAX_DEPTH, only_input
from humanrt.tfjs.subgraphs import write_condition, write_loop

MAX_TURNS = 1000

_LastTurn: TypeAlias = Generator[tuple[Reference, Frame], Result, Frame | None]


def _enter(workspace: Workspace, node: Node, frame: Frame) -> Steps:
    return ((yield only_input(node), _turn_of_loop(frame)[:-1]),)


def _merge(workspace: Workspace, node: Node, frame: Frame) -> Steps:
    structure = workspace.structure
    if not structure.begins_loop(node):
        return (yield from _join(workspace, node, frame))
    inside = _turn_of_loop(frame)
    if inside[-1].number == 0:
        value = yield structure.first(node), inside
    else:
        value = yield structure.successor(Reference(node.name)), _turn_before(inside)
    return (value, value)


def _switch(workspace: Workspace, node: Node, frame: Frame) -> Steps:
    if len(node.inputs) != 2:
        raise ModelFormatError(f"it has {len(node.inputs)} inputs; a Switch has two")
    variable, decides = node.inputs
    origin = workspace.structure.origin(decides)
    decided = [depth for depth, turn in enumerate(frame) if turn.predicate == origin.name]
    if origin.op == "LoopCond":
        value = yield variable, _turn_of_loop(frame)
    elif decided:
        value = yield variable, frame[: decided[-1]]
    elif is_true((yield decides, frame)) is not None:
        value = yield variable, frame
    else:
        raise UnsupportedOpError("it begins two branches that no Merge joins")
    return (value, value)


def _join(workspace: Workspace, node: Node, frame: Frame) -> Steps:
    condition = workspace.structure.condition(node)
    _require_shallow(frame)
    predicate = yield Reference(condition.predicate), frame
    holds = is_true(predicate)
    if holds is not None:
        return ((yield condition.branches[holds], frame),)
    site = condition.group[0]
    key = site, frame
    if key not in workspace.shared:
        joined = [workspace.structure.condition(workspace.structure.node(name)).branches for name in condition.group]
        otherwise, then = zip(*joined, strict=True)
        turn = Turn(site, 0, condition.predicate)
        workspace.shared[key] = yield from write_condition(workspace, predicate, (otherwise, then), frame, turn)
    return (workspace.shared[key][condition.group.index(node.name)],)


def _loop_condition(workspace: Workspace, node: Node, frame: Frame) -> Steps:
    return ((yield only_input(node), _turn_of_loop(frame)),)


def _exit(workspace: Workspace, node: Node, frame: Frame) -> Steps:
    structure = workspace.structure
    source = structure.node(only_input(node).node)
    if source.op != "Switch" or len(source.inputs) != 2 or structure.node(source.inputs[1].node).op != "LoopCond":
        raise ModelFormatError("its input is not the Switch of a loop")
    variable, condition = source.inputs
    last = yield from _unroll(workspace, condition, frame, condition.node)
    if last is not None:
        return ((yield variable, last),)
    variables = structure.variables(condition.node)
    key = condition.node, frame
    if key not in workspace.shared:
        workspace.shared[key] = yield from write_loop(workspace, condition, variables, frame, condition.node)
    return (workspace.shared[key][variables.index(variable)],)


def _while(workspace: Workspace, node: Node, frame: Frame) -> Steps:
    decides, body = (workspace.structure.function(node, name) for name in ("cond", "body"))
    if len(decides.results) != 1 or not len(body.parameters) == len(body.results) == len(node.inputs):
        raise ModelFormatError("the parameters and results of its functions do not match its inputs")
    variables = [Reference(name) for name in body.parameters]
    last = yield from _unroll(workspace, decides.results[0], frame, node.name)
    if last is None:
        return (yield from write_loop(workspace, decides.results[0], variables, frame, node.name))
    results: list[Result] = []
    for variable in variables:
        results.append((yield variable, last))  # noqa: PERF401 - a comprehension cannot yield
    return tuple(results)


def _if(workspace: Workspace, node: Node, frame: Frame) -> Steps:
    branches = [workspace.structure.function(node, name).results for name in ("else_branch", "then_branch")]
    if not node.inputs or len(branches[0]) != len(branches[1]):
        raise ModelFormatError("its branches have different numbers of results")
    _require_shallow(frame)
    predicate = yield node.inputs[0], frame
    holds = is_true(predicate)
    if holds is None:
        branches_of = (branches[0], branches[1])
        return (yield from write_condition(workspace, predicate, branches_of, frame, Turn(node.name, 0)))
    results: list[Result] = []
    for reference in branches[holds]:
        results.append((yield reference, (*frame, Turn(node.name, int(holds)))))  # noqa: PERF401 - as above
    return tuple(results)


def _argument(workspace: Workspace, node: Node, frame: Frame) -> Steps:
    """Evaluate the argument for a parameter: an input of the calling node, the site of the frame's last turn."""
    if not frame:
        raise ModelFormatError("it is part of a function, but is used outside of it")
    caller = workspace.structure.node(frame[-1].site)
    position = workspace.structure.position(node.name) + (caller.op not in _WHILES)
    if caller.op not in _WHILES or frame[-1].number == 0:
        if position >= len(caller.inputs):
            raise ModelFormatError(f"{caller.name!r} has too few inputs for the parameters of its function")
        return ((yield caller.inputs[position], frame[:-1]),)
    results = workspace.structure.function(caller, "body").results
    if position >= len(results):
        raise ModelFormatError("the body of its loop has too few results")
    return ((yield results[position], _turn_before(frame)),)


def _unroll(workspace: Workspace, condition: Reference, frame: Frame, site: str) -> _LastTurn:
    """Evaluate the iterations; return the frame in which the condition is false, None if a Loop must be written."""
    if (site, frame) not in workspace.ended:
        _require_shallow(frame)
        workspace.ended[site, frame] = yield from _last_turn(condition, frame, site)
    return workspace.ended[site, frame]


def _last_turn(condition: Reference, frame: Frame, site: str) -> _LastTurn:
    for number in range(MAX_TURNS):
        inside = (*frame, Turn(site, number))
        goes_on = is_true((yield condition, inside))
        if not goes_on:
            return None if goes_on is None else inside
    return None


def _turn_of_loop(frame: Frame) -> Frame:
    """Return the frame of the innermost loop, without its inner conditions."""
    while frame and frame[-1].predicate:
        frame = frame[:-1]
    if not frame:
        raise ModelFormatError("it is part of a loop, but is used outside of it")
    return frame


def _turn_before(frame: Frame) -> Frame:
    return (*frame[:-1], frame[-1]._replace(number=frame[-1].number - 1))


def _require_shallow(frame: Frame) -> None:
    if len(frame) >= MAX_DEPTH:
        raise UnsupportedOpError(f"loops and conditions are nested more than {MAX_DEPTH} levels deep")


_WHILES = frozenset({"StatelessWhile", "While"})

CONTROL_FLOW: Mapping[str, Callable[[Workspace, Node, Frame], Steps]] = {
    ARGUMENT: _argument,
    "Enter": _enter,
    "Exit": _exit,
    "If": _if,
    "LoopCond": _loop_condition,
    "Merge": _merge,
    "StatelessIf": _if,
    "StatelessWhile": _while,
    "Switch": _switch,
    "While": _while,
}
