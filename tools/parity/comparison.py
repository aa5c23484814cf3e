"""The difference of two model outputs, and its limit.

The limit is ``TOLERANCE`` times the largest value of the reference's output, and less than one half where that output
contains only integers: classes, indices and counts are equal or wrong, however large the largest of them is.

The reference is TF.js on its CPU backend. It rounds every partial sum to float32, in its own order. Where two
candidates are nearly equal, or a sum nearly cancels, another order of the same sums may give another result without
being wrong. So an output that exceeds the limit is compared with TF.js once more, now with kernels that do not round
(see ``Peer.execute``). What is within the limit of that exact output is right.

Some outputs amplify rounding so much that TF.js itself is about as far from the exact output as the limit, or further.
float32 can then keep the limit only by chance. Such an output counts as a miss, which is accepted while our error is of
the size of TF.js's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from parity.node import Array, Precision

TOLERANCE = 1e-4

SAME_SIZE = 2
"""The ratio of two errors that rounding in different orders explains; a larger one has another cause."""

Reference: TypeAlias = Callable[[Precision], dict[str, Array]]
"""Returns TF.js's outputs by name, computed in that precision."""


@dataclass(frozen=True)
class Difference:
    """The largest absolute difference of an output, and the same over the largest absolute value of the reference."""

    absolute: float
    relative: float

    @classmethod
    def between(cls, ours: Array, theirs: Array) -> "Difference":
        """Compare two outputs: infinite if the shapes differ, NaN if either contains NaN. No limit accepts these."""
        if ours.shape != theirs.shape:
            return cls(np.inf, np.inf)
        absolute, largest = _largest(np.subtract(ours, theirs, dtype=np.float64)), _largest(theirs)
        if absolute == 0:
            return cls(0.0, 0.0)
        return cls(absolute, absolute / largest if largest else np.inf)

    def or_worse(self, other: "Difference") -> "Difference":
        """Return the larger of each of the two numbers; NaN is the largest."""
        return Difference(
            float(np.maximum(self.absolute, other.absolute)), float(np.maximum(self.relative, other.relative))
        )


@dataclass(frozen=True)
class Comparison:
    """The difference of one output from the reference's, whether it is within the limit, and whether it is accepted.

    ``rounding`` is TF.js's own relative error, if the reference is TF.js without rounding.
    """

    difference: Difference
    within: bool
    accepted: bool
    rounding: float | None = None

    def or_worse(self, other: "Comparison") -> "Comparison":
        """Return the larger numbers of both, within the limit and accepted only if both are."""
        roundings = [each.rounding for each in (self, other) if each.rounding is not None]
        return Comparison(
            self.difference.or_worse(other.difference),
            self.within and other.within,
            self.accepted and other.accepted,
            max(roundings, default=None),
        )


def compare(ours: dict[str, Array], reference: Reference) -> dict[str, Comparison]:
    """Compare all outputs of one run, by name.

    Raises ``ValueError`` if the names or the dtypes of the outputs differ.
    """
    theirs = reference("float32")
    described = [{name: array.dtype.name for name, array in outputs.items()} for outputs in (ours, theirs)]
    if described[0] != described[1]:
        raise ValueError(f"the outputs differ: ours are {described[0]}, theirs {described[1]}")
    return {name: _compare_output(name, ours[name], array, reference) for name, array in theirs.items()}


def _compare_output(name: str, ours: Array, theirs: Array, reference: Reference) -> Comparison:
    difference = Difference.between(ours, theirs)
    if difference.absolute <= _limit(theirs):  # False for NaN
        return Comparison(difference, within=True, accepted=True)
    exact = reference("float64")[name]
    difference, rounding = Difference.between(ours, exact), Difference.between(theirs, exact)
    within = difference.absolute <= _limit(exact)
    accepted = within or _error(ours, exact) <= SAME_SIZE * _error(theirs, exact)
    return Comparison(difference, within, accepted, rounding.relative)


def _error(answer: Array, exact: Array) -> float:
    """Return the root mean square of the difference from the exact output."""
    if answer.shape != exact.shape:
        return np.inf
    return float(np.sqrt(np.mean(np.subtract(answer, exact, dtype=np.float64) ** 2)))


def _limit(reference: Array) -> float:
    limit = TOLERANCE * _largest(reference)
    return min(limit, 0.49) if np.array_equal(reference, np.rint(reference)) else limit


def _largest(array: Array) -> float:
    return float(np.max(np.abs(array), initial=0))
