"""What is known of numbers that are sizes, when the size they come from is known only in part.

TensorFlow graphs take a tensor's shape apart and put it together again: ``Reshape(x, [Shape(x)[0], 896, 16])``. Such a
vector is carried along as an array of ``Dimension``; where all of it turns out to be known, it is a constant.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Sizes: TypeAlias = npt.NDArray[np.object_]


def propagate(op: str, operands: Sequence[Sizes | None], attributes: Mapping[str, Any]) -> Sizes | None:
    """Apply an ONNX op to sizes; None when the op is none of those that only move them, or an operand is unknown."""
    known = [operand for operand in operands if operand is not None]
    if len(known) != len(operands):
        return None
    match op, known:
        case "Cast", [sizes]:
            return sizes
        case "Concat", _:
            return np.concatenate(known, axis=attributes["axis"])
        case "Gather", [sizes, indices]:
            return np.asarray(np.take(sizes, indices.astype(np.int64), axis=attributes["axis"]), object)
        case "Slice", [sizes, starts, ends, _, *steps] if sizes.ndim == 1:
            return sizes[starts[0] : ends[0] : steps[0][0] if steps else 1]
        case "Squeeze", [sizes, axes]:
            return np.asarray(np.squeeze(sizes, tuple(axes)), object)
        case "Unsqueeze", [sizes, axes]:
            return np.expand_dims(sizes, tuple(axes))
    return None
