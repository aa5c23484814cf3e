"""Where a node is evaluated: in which turn of which loops, and in which branch of which conditions.

A *frame* is the tuple of all of these, the outermost first. Most frames share the ONNX graph of the frame around them,
for known loops are unrolled and known conditions leave one branch; the others are ONNX graphs of their own.
"""

from collections.abc import Generator
from typing import NamedTuple, TypeAlias

from humanrt.tfjs.builder import Builder
from humanrt.tfjs.graph import Graph, Reference
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Result
from humanrt.tfjs.structure import Structure

ANY = -2
"""Any turn of a loop that is written as a loop: the number of the turn whose variables are its body's inputs."""

NEXT = ANY + 1
"""The turn after it, whose variables are its body's outputs. Known turns count from 0."""


class Turn(NamedTuple):
    """One turn of the loop, or one branch (0 or 1) of the condition, that the node ``site`` stands for.

    ``predicate`` names the node that decides between the branches of TensorFlow 1, and is empty for everything else.
    """

    site: str
    number: int
    predicate: str = ""


Frame: TypeAlias = tuple[Turn, ...]
Key: TypeAlias = tuple[str, Frame]
Steps: TypeAlias = Generator[tuple[Reference, Frame], Result, tuple[Result, ...]]
"""A node being evaluated: it yields what it needs, is sent the result, and returns its outputs."""


class Workspace:
    """What has been evaluated so far, in which frame, and which ONNX graph belongs to a frame."""

    def __init__(self, graph: Graph, builder: Builder, inputs: dict[str, Result]) -> None:
        self.graph = graph
        self.structure = Structure(graph)
        self.results: dict[Key, tuple[Result, ...]] = {(name, ()): (result,) for name, result in inputs.items()}
        self.shared: dict[Key, tuple[Result, ...]] = {}
        """The results of loops and conditions, of which each node that leaves them takes one."""
        self._builders: dict[Frame, Builder] = {(): builder}

    def builder(self, frame: Frame) -> Builder:
        """Return the builder of the ONNX graph that a frame's nodes go into."""
        while frame not in self._builders:
            frame = frame[:-1]
        return self._builders[frame]

    def open(self, *frames: Frame) -> Builder:
        """Return a new ONNX graph for these frames, which forget what they knew."""
        inner = self.builder(frames[0][:-1]).inner()
        for frame in frames:
            for known in (self.results, self.shared):
                for key in [key for key in known if key[1][: len(frame)] == frame]:
                    del known[key]
            for other in [other for other in self._builders if other[: len(frame)] == frame]:
                del self._builders[other]
            self._builders[frame] = inner
        return inner

    def key(self, reference: Reference, frame: Frame) -> Key:
        """Constants and inputs are the same in every frame."""
        return (reference.node, () if self.structure.node(reference.node).op in {"Const", "Placeholder"} else frame)


def is_true(result: Result) -> bool | None:
    """Return whether a condition holds; None when that is known only when the model runs."""
    if not isinstance(result, Tensor) or result.constant is None:
        return None
    return bool(result.constant.all())
