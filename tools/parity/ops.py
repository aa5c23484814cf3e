"""Comparison of eager ops with TF.js's: the same call on both sides."""

import asyncio
import inspect
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
# The terms of these may cancel: the tolerance is relative to the arguments.
SUMS = {"sum", "mean", "mat_mul"}
# TF.js rounds these to float32 after each of many steps.
ROUNDED = {"linalg.qr"}
ROUNDED_RELATIVE = 1e-5


@dataclass(frozen=True)
class Case:
    """One call of an op here and in TF.js; arrays among the arguments, also in lists, are converted to tensors."""

    ours: str
    arguments: tuple[Any, ...]
    theirs: OpCase


def case(name: str, *arguments: object, theirs: str | None = None) -> Case:
    """Return the call of an op by its name here, with or without ``image.``.

    ``theirs`` is the name in TF.js, by default the same in camelCase.
    """
    camel = re.sub("_(.)", lambda match: match[1].upper(), name)
    return Case(name, arguments, OpCase(theirs or camel, arguments))


def run_ours(engine: Engine, one: Case) -> list[Array] | None:
    """Return the results as arrays, or None if the call raises ``InputError``."""
    with engine.tidy():
        arguments = [_to_tensors(engine, argument) for argument in one.arguments]
        try:
            results = _call(engine, one.ours, arguments)
        except InputError:
            return None
        return [tensor.data_sync() for tensor in (results if isinstance(results, list | tuple) else [results])]


def assert_alike(one: Case, ours: Sequence[Array], theirs: Sequence[Array]) -> None:
    """Raise ``AssertionError`` unless dtypes, shapes and values are equal, floats up to float32's rounding."""
    relative = ROUNDED_RELATIVE if one.ours in ROUNDED else RELATIVE
    tolerance = max(relative * _scale(one.arguments), SMALLEST) if one.ours in SUMS | ROUNDED else SMALLEST
    for our_result, their_result in zip(ours, theirs, strict=True):
        if our_result.dtype == bool:  # TF.js's bytes may have other values than 0 and 1
            np.testing.assert_equal(their_result.dtype, our_result.dtype)
            np.testing.assert_array_equal(our_result, their_result.view(np.uint8) != 0, strict=True)
        elif our_result.dtype == np.int32:
            np.testing.assert_array_equal(our_result, their_result, strict=True)
        else:
            np.testing.assert_allclose(our_result, their_result, rtol=relative, atol=tolerance, strict=True)


def _call(engine: Engine, name: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401  # one tensor or several
    room, _, method = name.rpartition(".")
    results = getattr(getattr(engine, room) if room else engine, method)(*arguments)
    return asyncio.run(results) if inspect.iscoroutine(results) else results


def _to_tensors(engine: Engine, argument: object) -> object:
    if isinstance(argument, np.ndarray):
        return engine.tensor(argument)
    if isinstance(argument, list):
        return [_to_tensors(engine, item) for item in argument]
    return argument


def _scale(arguments: Sequence[Any]) -> float:
    """Return the product of the largest absolute values of the arrays."""
    given = [argument.astype(np.float64) for argument in arguments if isinstance(argument, np.ndarray)]
    return math.prod(float(np.max(np.abs(array), initial=0, where=np.isfinite(array))) for array in given)
