"""Loops and conditions, those of TensorFlow 1 made of single nodes and those of TensorFlow 2 made of functions.

A loop variable of TensorFlow 1 walks Enter -> Merge -> Switch -> (body) -> NextIteration -> Merge, and leaves by Switch
-> Exit. The graph is evaluated backwards from its outputs, so a loop begins at an Exit. Turns are evaluated as long as
its condition is known before the model runs, and holds: the loop is unrolled. Where the condition is computed from the
model's inputs, or holds too often, the loop is written as a loop instead.

A condition joins two branches in a Merge, and what a Switch hands on is in one of them. A condition that is known
leaves one branch, any other is written as an If.
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
        raise ModelFormatError(f"Switch takes two inputs, not {len(node.inputs)}")
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
        raise UnsupportedOpError("begins two branches that are never joined")
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
        raise ModelFormatError("does not leave a loop by its Switch")
    variable, condition = source.inputs
    last = yield from _unroll(condition, frame, condition.node)
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
        raise ModelFormatError("the functions of its loop do not fit its inputs")
    variables = [Reference(name) for name in body.parameters]
    last = yield from _unroll(decides.results[0], frame, node.name)
    if last is None:
        return (yield from write_loop(workspace, decides.results[0], variables, frame, node.name))
    results: list[Result] = []
    for variable in variables:
        results.append((yield variable, last))  # noqa: PERF401 - a comprehension cannot yield
    return tuple(results)


def _if(workspace: Workspace, node: Node, frame: Frame) -> Steps:
    branches = [workspace.structure.function(node, name).results for name in ("else_branch", "then_branch")]
    if not node.inputs or len(branches[0]) != len(branches[1]):
        raise ModelFormatError("its branches do not give equally many results")
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
    """Return what a parameter stands for: the node that the frame's last turn belongs to hands it over."""
    if not frame:
        raise ModelFormatError("is part of a function, but is reached from outside of it")
    caller = workspace.structure.node(frame[-1].site)
    position = workspace.structure.position(node.name) + (caller.op not in _WHILES)
    if caller.op not in _WHILES or frame[-1].number == 0:
        if position >= len(caller.inputs):
            raise ModelFormatError(f"{caller.name!r} hands over too few arguments")
        return ((yield caller.inputs[position], frame[:-1]),)
    results = workspace.structure.function(caller, "body").results
    if position >= len(results):
        raise ModelFormatError("the body of its loop gives too few results")
    return ((yield results[position], _turn_before(frame)),)


def _unroll(condition: Reference, frame: Frame, site: str) -> _LastTurn:
    """Evaluate turn by turn; gives the frame of the one that no longer takes place, None for a loop to be written."""
    _require_shallow(frame)
    for number in range(MAX_TURNS):
        inside = (*frame, Turn(site, number))
        goes_on = is_true((yield condition, inside))
        if not goes_on:
            return None if goes_on is None else inside
    return None


def _turn_of_loop(frame: Frame) -> Frame:
    """Return the frame of the innermost loop, without the conditions inside it."""
    while frame and frame[-1].predicate:
        frame = frame[:-1]
    if not frame:
        raise ModelFormatError("is part of a loop, but is reached from outside of it")
    return frame


def _turn_before(frame: Frame) -> Frame:
    return (*frame[:-1], frame[-1]._replace(number=frame[-1].number - 1))


def _require_shallow(frame: Frame) -> None:
    if len(frame) >= MAX_DEPTH:
        raise UnsupportedOpError(f"loops and conditions are nested more than {MAX_DEPTH} deep")


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
