"""How far two answers are apart, and how far they may be.

The limit is ``TOLERANCE`` of the largest value of the reference's output, and less than one half where that output
holds whole numbers only: classes, indices and counts are equal or wrong, however large the largest of them is.

The reference is TF.js on its CPU backend. It rounds every partial sum to float32, in an order of its own. A choice
between two candidates that are nearly alike, or a sum that nearly cancels, does not survive that: there TF.js has no
margin, and another order of the same sums may give another answer without being wrong. So an output that misses the
limit is put to TF.js once more, with kernels that round nothing (see ``Peer.execute``): what the model means. Whoever
is within the limit of that answer is right.

Some outputs amplify rounding so much that TF.js itself is about as far from that answer as the limit, or further. No
float32 can then meet it but by luck. Such an output counts as a miss, but one that is accepted while our error is of
the size of TF.js's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from parity.node import Array, Precision

TOLERANCE = 1e-4

SAME_SIZE = 2
"""Sums of the same roundings in two orders differ by chance; an error that is larger by more has another cause."""

Reference: TypeAlias = Callable[[Precision], dict[str, Array]]
"""Gives TF.js's outputs by name, computed in that precision."""


@dataclass(frozen=True)
class Difference:
    """The largest absolute difference of an output, and the same over the largest absolute value of the reference."""

    absolute: float
    relative: float

    @classmethod
    def between(cls, ours: Array, theirs: Array) -> "Difference":
        """Compare two outputs. Infinite where the shapes differ, NaN where either holds one: no limit accepts these."""
        if ours.shape != theirs.shape:
            return cls(np.inf, np.inf)
        absolute, largest = _largest(np.subtract(ours, theirs, dtype=np.float64)), _largest(theirs)
        if absolute == 0:
            return cls(0.0, 0.0)
        return cls(absolute, absolute / largest if largest else np.inf)

    def or_worse(self, other: "Difference") -> "Difference":
        """Return the larger of both numbers each; NaN is the largest."""
        return Difference(
            float(np.maximum(self.absolute, other.absolute)), float(np.maximum(self.relative, other.relative))
        )


@dataclass(frozen=True)
class Comparison:
    """One output of ours with the reference's: how far, whether within the limit, and if not, whether accepted.

    ``rounding`` is TF.js's own error, relative like ours, where the reference is TF.js without rounding.
    """

    difference: Difference
    within: bool
    accepted: bool
    rounding: float | None = None

    def or_worse(self, other: "Comparison") -> "Comparison":
        """Return what holds for both: the larger numbers, and only the good that is said of both."""
        roundings = [each.rounding for each in (self, other) if each.rounding is not None]
        return Comparison(
            self.difference.or_worse(other.difference),
            self.within and other.within,
            self.accepted and other.accepted,
            max(roundings, default=None),
        )


def compare(ours: dict[str, Array], reference: Reference) -> dict[str, Comparison]:
    """Compare all outputs of one run, by name.

    Raises ValueError when the names or the types of the outputs differ.
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
    """Return the root of the mean square of an answer's difference from the exact one."""
    if answer.shape != exact.shape:
        return np.inf
    return float(np.sqrt(np.mean(np.subtract(answer, exact, dtype=np.float64) ** 2)))


def _limit(reference: Array) -> float:
    limit = TOLERANCE * _largest(reference)
    return min(limit, 0.49) if np.array_equal(reference, np.rint(reference)) else limit


def _largest(array: Array) -> float:
    return float(np.max(np.abs(array), initial=0))
