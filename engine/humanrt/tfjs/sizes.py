"""Values that are computed from partly known shapes.

TensorFlow graphs often compute a shape from another: ``Reshape(x, [Shape(x)[0], 896, 16])``. The values of such a
vector are tracked as an array of ``Dimension``; if all of them are known, it is a constant.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from humanrt.tfjs.graph import Dimension, Shape

Sizes: TypeAlias = npt.NDArray[np.object_]


def propagate(op: str, operands: Sequence[Sizes], attributes: Mapping[str, Any]) -> Sizes | None:
    """Apply an ONNX op to sizes; return None if it is not an op that only moves elements, by known indices."""
    if op != "Concat" and any(None in operand.ravel() for operand in operands[1:]):
        return None
    match op, operands:
        case "Cast", [sizes]:
            return sizes
        case "Concat", _:
            return np.concatenate(operands, axis=attributes["axis"])
        case "Gather", [sizes, indices]:
            return np.asarray(np.take(sizes, indices.astype(np.int64), axis=attributes["axis"]), object)
        case "Slice", [sizes, starts, ends, _, *steps] if sizes.ndim == 1:
            return sizes[starts[0] : ends[0] : steps[0][0] if steps else 1]
        case "Squeeze", [sizes, axes]:
            return np.asarray(np.squeeze(sizes, tuple(axes)), object)
        case "Unsqueeze", [sizes, axes]:
            return np.expand_dims(sizes, tuple(axes))
    return None


def shaped(op: str, inferred: Shape | None, source: Shape, target: Sizes) -> Shape:
    """Return the shape of a Resize, Reshape or Expand whose target is only partly known."""
    sizes: list[Dimension] = target.ravel().tolist()
    if op == "Resize":
        return tuple(sizes)
    # In a Reshape, 0 and -1 stand for sizes that follow from the input.
    certain: list[Dimension] = [size if isinstance(size, int) and size > 0 else None for size in sizes]
    if op == "Expand":
        count = max(len(sizes), len(source))
        certain = [*[None] * (count - len(sizes)), *certain]
    known = inferred or (None,) * len(certain)
    return tuple(size if size is not None else other for size, other in zip(known, certain, strict=True))
