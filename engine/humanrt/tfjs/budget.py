"""The bounds of one conversion, in proportion to the model: a few bytes of graph could describe any amount of work.

They are checked before anything is computed or allocated. Of Human's models, the constants that are folded take 1.0 to
1.12 times the bytes of the weights, and the largest conversion has 2,200 operations for 1,900 nodes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from humanrt.errors import UnsupportedOpError
from humanrt.tfjs.graph import DType, Graph, Shape
from humanrt.tfjs.values import Value

FREE_BYTES = 2**25
FREE_OPERATIONS = 10_000
FREE_EVALUATIONS = 20_000
FREE_WORK = 2**31
FREE_SLOTS = 2**20


class LimitError(UnsupportedOpError):
    """A conversion exceeds its bounds; no other attempt to convert the model is made."""


@dataclass(slots=True)
class Budget:
    """What is left of the bounds of a conversion.

    ``folded_bytes`` are those of constants that are computed, ``stored_bytes`` those of constants in the model.
    ``operations`` are ONNX nodes, written or folded, ``evaluations`` nodes of the graph, each iteration of a loop anew,
    ``work`` bytes or multiplications of folded nodes, and ``slots`` elements of lists.
    """

    folded_bytes: int
    stored_bytes: int
    operations: int
    evaluations: int
    work: int
    slots: int

    @classmethod
    def of(cls, graph: Graph) -> "Budget":
        """Return the budget for a graph."""
        weights, nodes = sum(array.nbytes for array in graph.constants.values()), len(graph.nodes)
        constants = FREE_BYTES + 4 * weights
        return cls(
            folded_bytes=constants,
            stored_bytes=constants,
            operations=FREE_OPERATIONS + 4 * nodes,
            evaluations=FREE_EVALUATIONS + 4 * nodes,
            work=FREE_WORK + 16 * weights,
            slots=FREE_SLOTS,
        )

    def for_another_attempt(self, whole: "Budget") -> "Budget":
        """Return the budget of another attempt: memory is free again, time is spent."""
        return replace(self, folded_bytes=whole.folded_bytes, stored_bytes=whole.stored_bytes, slots=whole.slots)

    def evaluate(self) -> None:
        """Count the evaluation of a node."""
        self.evaluations -= 1
        if self.evaluations < 0:
            raise LimitError("the graph unrolls into too many nodes")

    def operate(self, names: int) -> None:
        """Count an ONNX node with this number of inputs and outputs."""
        self.operations -= 1 + names // 8
        if self.operations < 0:
            raise LimitError("the graph has, or unrolls into, too many operations")

    def fold(
        self,
        op: str,
        inputs: Sequence[Value | None],
        results: Sequence[tuple[Shape, DType]],
        attributes: Mapping[str, Any],
    ) -> None:
        """Count a node of constants, which is computed here or when ONNX Runtime loads the model."""
        given = [value for value in inputs if value is not None]
        largest = max((_elements(value.shape) for value in given), default=1)
        made = 0
        for shape, dtype in results:
            # The only results of unknown size are the indices of non-zero elements.
            unknown = 1 if all(isinstance(size, int) for size in shape) else largest
            made += _elements(shape) * unknown * dtype.itemsize
        self.folded_bytes -= made
        self.work -= made + _work(op, given, results, attributes)
        if self.folded_bytes < 0:
            raise LimitError("its constants unfold into too many bytes")
        if self.work < 0:
            raise LimitError("its constants take too long to compute")

    def store(self, nbytes: int) -> None:
        """Count the bytes of a constant that enters the model, or is made for it."""
        self.stored_bytes -= nbytes
        if self.stored_bytes < 0:
            raise LimitError("its constants unfold into too many bytes")

    def extend(self, count: int) -> None:
        """Count the elements of a new list."""
        self.slots -= count
        if self.slots < 0:
            raise LimitError("its lists have too many elements")


def _elements(shape: Shape) -> int:
    return math.prod(size for size in shape if isinstance(size, int))


def _work(
    op: str, inputs: Sequence[Value], results: Sequence[tuple[Shape, DType]], attributes: Mapping[str, Any]
) -> int:
    """Return the bytes that a node reads, or the multiplications that it computes if they are more."""
    read = sum(_elements(value.shape) * value.dtype.itemsize for value in inputs)
    made = max((_elements(shape) for shape, _ in results), default=0)
    match op:
        case "MatMul" | "Gemm":
            return max(read, made * max(map(_size, inputs[0].shape[-2:]), default=1))
        case "Conv" | "ConvTranspose":
            return max(read, made * _elements(inputs[1].shape[1:]))
        case "Einsum":
            terms = str(attributes["equation"]).partition("->")[0].replace(" ", "").split(",")
            pairs = (
                pair
                for term, value in zip(terms, inputs, strict=False)
                for pair in zip(term, value.shape, strict=False)
            )
            return max(read, math.prod(_size(size) for _, size in dict(pairs).items()))
        case "AveragePool" | "MaxPool":
            return max(read, made * int(math.prod(attributes.get("kernel_shape", ()))))
        case "NonMaxSuppression":
            return max(read, _elements(inputs[0].shape) ** 2)
    return read


def _size(size: object) -> int:
    return size if isinstance(size, int) else 1
