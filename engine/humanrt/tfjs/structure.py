"""The structure of the loops and conditions of a graph, found by traversal, without evaluation."""

from dataclasses import dataclass, replace
from functools import cached_property

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.graph import Function, Graph, Node, Reference

MAX_DEPTH = 8
"""The most levels of nested loops and conditions."""

_MAX_GROUPED = 64
"""The most Merges of a graph that are compared to write the results of one condition together: it takes O(n^2)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Two branches of TensorFlow 1 that a Merge joins. ``predicate`` is the node that selects one of them.

    ``branches`` are their results, the one for False first. ``group`` are the names of the Merges, including this one,
    with the same predicate that do not depend on each other: they are written as one If.
    """

    predicate: str
    branches: tuple[Reference, Reference]
    group: tuple[str, ...]


class Structure:
    """Queries on the nodes of one graph. They raise ``ModelFormatError`` if the graph is invalid."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def node(self, name: str) -> Node:
        """Return the node of a name.

        Raises ``ModelFormatError`` if it does not exist.
        """
        if name not in self._graph.nodes:
            raise ModelFormatError(f"a node refers to {name!r}, which does not exist")
        return self._graph.nodes[name]

    def origin(self, reference: Reference) -> Node:
        """Return the node that computes a value, skipping Identity nodes."""
        node = self.node(reference.node)
        for _ in range(len(self._graph.nodes)):
            if node.op != "Identity" or len(node.inputs) != 1:
                break
            node = self.node(node.inputs[0].node)
        return node

    def function(self, node: Node, attribute: str) -> Function:
        """Return the function that an attribute of a node names."""
        name = node.attributes.text(attribute)
        if name not in self._graph.functions:
            raise ModelFormatError(f"attribute {attribute!r} names the function {name!r}, which does not exist")
        return self._graph.functions[name]

    def position(self, parameter: str) -> int:
        """Return the index of a parameter in its function."""
        return self._parameters[parameter][1]

    def variables(self, condition: str) -> list[Reference]:
        """Return the Merges of the variables of a TensorFlow 1 loop; ``condition`` is its LoopCond."""
        merges = self._switched.get(condition, [])
        if any(self.node(merge.node).op != "Merge" for merge in merges):
            raise ModelFormatError("the input of the Switch of a loop variable is not its Merge")
        return list(dict.fromkeys(merges))

    def begins_loop(self, merge: Node) -> bool:
        """Return whether a Merge belongs to a loop variable, not to a condition."""
        return any(self._is_next(reference) for reference in merge.inputs)

    def first(self, merge: Node) -> Reference:
        """Return the value of a loop variable in the first iteration."""
        return self._turns(merge)[0]

    def successor(self, variable: Reference) -> Reference:
        """Return the value of a loop variable, a Merge or a parameter of a While's body, in the next iteration."""
        if variable.node in self._parameters:
            function, position = self._parameters[variable.node]
            if position >= len(function.results):
                raise ModelFormatError("the body of its loop has too few results")
            return function.results[position]
        return only_input(self.node(self._turns(self.node(variable.node))[1].node))

    def condition(self, merge: Node) -> Condition:
        """Return the condition whose branches a Merge joins."""
        condition = self._joined(merge)
        if len(self._joining) > _MAX_GROUPED:
            return condition
        waits = self._conditions_behind(merge, condition.predicate)
        group = [
            other.name
            for other in self._joining
            if self._decider(other) == condition.predicate
            and len(self._conditions_behind(other, condition.predicate)) == len(waits)
        ]
        return replace(condition, group=tuple(group))

    @cached_property
    def _switched(self) -> dict[str, list[Reference]]:
        """The inputs of the Switches by the node that decides them."""
        found: dict[str, list[Reference]] = {}
        for node in self._graph.nodes.values():
            if node.op == "Switch" and len(node.inputs) == 2:
                found.setdefault(node.inputs[1].node, []).append(node.inputs[0])
        return found

    @cached_property
    def _parameters(self) -> dict[str, tuple[Function, int]]:
        functions = self._graph.functions.values()
        return {name: (function, i) for function in functions for i, name in enumerate(function.parameters)}

    @cached_property
    def _joining(self) -> list[Node]:
        """The Merges of conditions that an output depends on."""
        nodes = self._behind([output.reference.node for output in self._graph.outputs])
        return [node for node in nodes if node.op == "Merge" and not self.begins_loop(node)]

    def _behind(self, names: list[str]) -> list[Node]:
        """Return the nodes that the named ones depend on, including themselves."""
        seen, waiting = dict.fromkeys(names), list(names)
        while waiting:
            for reference in self.node(waiting.pop()).inputs:
                if reference.node not in seen:
                    seen[reference.node] = None
                    waiting.append(reference.node)
        return [self.node(name) for name in seen]

    def _conditions_behind(self, merge: Node, predicate: str) -> list[Node]:
        """Return the Merges with the same predicate that this one depends on.

        Two Merges with equally many of these do not depend on each other.
        """
        behind = {node.name for node in self._behind([reference.node for reference in merge.inputs])}
        return [other for other in self._joining if other.name in behind and self._decider(other) == predicate]

    def _decider(self, merge: Node) -> str | None:
        try:
            return self._joined(merge).predicate
        except ModelFormatError:
            return None  # The evaluation of that Merge raises the same error.

    def _joined(self, merge: Node) -> Condition:
        if len(merge.inputs) != 2:
            raise UnsupportedOpError(f"it joins {len(merge.inputs)} branches; only two are supported")
        ends = [self._switches(end, False) or self._switches(end, True) for end in merge.inputs]
        # A branch without a Switch is the complement of the other one.
        candidates = {
            (predicate, number)
            for position, switches in enumerate(ends)
            for predicate, branch in switches
            if (predicate, 1 - branch) in ends[1 - position] or not ends[1 - position]
            for number in [branch if position == 1 else 1 - branch]
        }
        if len(candidates) != 1:
            raise UnsupportedOpError(f"it joins branches with {len(candidates)} possible conditions; there must be one")
        predicate, second = candidates.pop()
        one, other = merge.inputs
        return Condition(predicate, (one, other) if second else (other, one), (merge.name,))

    def _switches(self, end: Reference, controls: bool) -> set[tuple[str, int]]:
        """Return the predicates of the Switches that a branch begins with, and the number of the branch, 0 or 1."""
        found: set[tuple[str, int]] = set()
        seen, waiting = {(end, 0)}, [(end, 0)]
        while waiting:
            reference, depth = waiting.pop()
            node = self.node(reference.node)
            if node.op == "Switch" and len(node.inputs) == 2:
                origin = self.origin(node.inputs[1])
                if origin.op != "LoopCond" and depth == 0:
                    found.add((origin.name, min(reference.index, 1)))
                    continue
                further, depth = [node.inputs[0]], depth if origin.op == "LoopCond" else depth - 1
            elif node.op == "Merge" and self.begins_loop(node):
                further = [self.first(node)]
            else:
                further, depth = list(node.inputs), depth + (node.op == "Merge")
                further += [Reference(name) for name in node.controls if controls]
            for step in further:
                if (step, depth) not in seen and depth <= MAX_DEPTH:
                    seen.add((step, depth))
                    waiting.append((step, depth))
        return found

    def _turns(self, merge: Node) -> tuple[Reference, Reference]:
        later = [reference for reference in merge.inputs if self._is_next(reference)]
        first = [reference for reference in merge.inputs if reference not in later]
        if len(later) != 1 or len(first) != 1:
            raise UnsupportedOpError("it joins other values than those of one loop variable")
        return first[0], later[0]

    def _is_next(self, reference: Reference) -> bool:
        return self.node(reference.node).op == "NextIteration"


def only_input(node: Node) -> Reference:
    """Return the input of a node that must have exactly one."""
    if len(node.inputs) != 1:
        raise ModelFormatError(f"{node.op} has one input, not {len(node.inputs)}")
    return node.inputs[0]
