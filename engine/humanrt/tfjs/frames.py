"""Frames: the iteration of each loop, and the branch of each condition, in which a node is evaluated.

A *frame* is a tuple of *turns*, the outermost first. Most frames share the ONNX graph of the frame around them, because
known loops are unrolled and known conditions leave one branch; the others have an ONNX subgraph each.
"""

from collections.abc import Generator
from typing import NamedTuple, TypeAlias

from humanrt.tfjs.builder import Builder
from humanrt.tfjs.graph import Graph, Reference
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Result
from humanrt.tfjs.structure import Structure

ANY = -2
"""The number of an arbitrary iteration of an ONNX Loop, whose variables are the inputs of its body."""

NEXT = ANY + 1
"""The number of the iteration after ``ANY``, whose variables are the outputs of the body. Known ones count from 0."""


class Turn(NamedTuple):
    """One iteration of the loop, or one branch (0 or 1) of the condition, of the node ``site``.

    ``predicate`` names the node that selects the branch of a TensorFlow 1 condition, and is empty otherwise.
    """

    site: str
    number: int
    predicate: str = ""


Frame: TypeAlias = tuple[Turn, ...]
Key: TypeAlias = tuple[str, Frame]
Steps: TypeAlias = Generator[tuple[Reference, Frame], Result, tuple[Result, ...]]
"""The evaluation of a node: it yields the references it needs, is sent their results, and returns its outputs."""


class Workspace:
    """The results evaluated so far, by node and frame, and the builder of the ONNX graph of each frame."""

    def __init__(self, graph: Graph, builder: Builder, inputs: dict[str, Result]) -> None:
        self.graph = graph
        self.structure: Structure = Structure(graph)
        self.results: dict[Key, tuple[Result, ...]] = {(name, ()): (result,) for name, result in inputs.items()}
        self.shared: dict[Key, tuple[Result, ...]] = {}
        """The results of loops and conditions; each Exit or Merge has one of them."""
        self.ended: dict[Key, Frame | None] = {}
        """The frame in which each unrolled loop ends; None for a loop that must be written."""
        self._builders: dict[Frame, Builder] = {(): builder}
        self._opened: set[Frame] = set()

    def builder(self, frame: Frame) -> Builder:
        """Return the builder of the ONNX graph of a frame."""
        while frame not in self._builders:
            frame = frame[:-1]
        return self._builders[frame]

    def open(self, *frames: Frame) -> Builder:
        """Return the builder of a new subgraph for these frames, and drop their earlier results."""
        inner = self.builder(frames[0][:-1]).inner()
        for frame in frames:
            if frame in self._opened:
                self._forget(frame)
            self._opened.add(frame)
            self._builders[frame] = inner
        return inner

    def _forget(self, frame: Frame) -> None:
        """Drop all that was found in a frame and in the frames within it."""
        for known in (self.results, self.shared, self.ended):
            for key in [key for key in known if key[1][: len(frame)] == frame]:
                del known[key]
        for other in [other for other in self._builders if other[: len(frame)] == frame]:
            del self._builders[other]

    def key(self, reference: Reference, frame: Frame) -> Key:
        """Return the key of a result. Constants and inputs are the same in every frame."""
        return (reference.node, () if self.structure.node(reference.node).op in {"Const", "Placeholder"} else frame)


def is_true(result: Result) -> bool | None:
    """Return whether a condition is true; None if it is known only at run time."""
    if not isinstance(result, Tensor) or result.constant is None:
        return None
    return bool(result.constant.all())
