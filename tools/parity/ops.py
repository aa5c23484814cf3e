"""Eager ops beside TF.js's: one call on both sides, and the comparison of what they give."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from humanrt import Engine
from humanrt.errors import InputError
from parity.node import Array, OpCase

RELATIVE = 1e-6
SMALLEST = float(np.finfo(np.float32).tiny)  # below it, float32 has fewer digits
# The terms of these may cancel each other out: they are compared on the scale of what went in.
SUMS = {"sum", "mean", "mat_mul"}


@dataclass(frozen=True)
class Case:
    """One call of ours and the same of TF.js; arrays among the arguments, also in lists, become tensors."""

    ours: str
    arguments: tuple[Any, ...]
    theirs: OpCase


def case(name: str, *arguments: object, theirs: str | None = None) -> Case:
    """Return the call of an op by its name here, ``image.`` before it or not; ``theirs`` where camelCase is not all."""
    camel = re.sub("_(.)", lambda match: match[1].upper(), name)
    return Case(name, arguments, OpCase(theirs or camel, arguments))


def run_ours(engine: Engine, one: Case) -> list[Array] | None:
    """Return the results as arrays, or None where the call is refused."""
    with engine.tidy():
        arguments = [_to_tensors(engine, argument) for argument in one.arguments]
        try:
            results = _call(engine, one.ours, arguments)
        except InputError:
            return None
        return [tensor.data_sync() for tensor in (results if isinstance(results, list | tuple) else [results])]


def assert_alike(one: Case, ours: Sequence[Array], theirs: Sequence[Array]) -> None:
    """Raise AssertionError unless dtypes, shapes and values are the same, of floats to float32's rounding."""
    tolerance = max(RELATIVE * _scale(one.arguments), SMALLEST) if one.ours in SUMS else SMALLEST
    for our_result, their_result in zip(ours, theirs, strict=True):
        if our_result.dtype == bool:  # TF.js may hold other numbers than 0 and 1 in its bytes
            np.testing.assert_equal(their_result.dtype, our_result.dtype)
            np.testing.assert_array_equal(our_result, their_result.view(np.uint8) != 0, strict=True)
        elif our_result.dtype == np.int32:
            np.testing.assert_array_equal(our_result, their_result, strict=True)
        else:
            np.testing.assert_allclose(our_result, their_result, rtol=RELATIVE, atol=tolerance, strict=True)


def _call(engine: Engine, name: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401  # one tensor or several
    if name == "slice":
        return arguments[0].slice(*arguments[1:])
    owner = engine.image if name.startswith("image.") else engine
    return getattr(owner, name.removeprefix("image."))(*arguments)


def _to_tensors(engine: Engine, argument: object) -> object:
    if isinstance(argument, np.ndarray):
        return engine.tensor(argument)
    if isinstance(argument, list):
        return [_to_tensors(engine, item) for item in argument]
    return argument


def _scale(arguments: Sequence[Any]) -> float:
    """Return the product of the largest numbers in the arrays."""
    given = [argument.astype(np.float64) for argument in arguments if isinstance(argument, np.ndarray)]
    return math.prod(float(np.max(np.abs(array), initial=0, where=np.isfinite(array))) for array in given)
