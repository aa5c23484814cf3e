"""Human's comparison of embeddings, with the numbers and options of its src/face/match.ts.

- ``order``: 2 is the Euclidean distance, squared; other orders are Minkowski's. 2 by default.
- ``multiplier``: the factor of a distance.
- ``min``, ``max``: the range that is spread over the similarities 0..1.
- ``threshold``: ``find()`` stops at the first distance below it. 0 by default.

An option that is left out has two defaults, as in Human: ``multiplier`` 25, ``min`` 0.2 and ``max`` 0.8 if no option at
all is given, and 20, 0 and 1 if another one is. Distances and similarities are rounded to two decimals.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError

__all__ = ["Embedding", "Match", "distance", "find", "normalize", "similarity"]

Embedding: TypeAlias = NDArray[Any] | Sequence[float]
"""The numbers of one embedding, [d]: ``Face.embedding``, or a list."""


@dataclass(frozen=True, slots=True)
class Match:
    """The embedding that ``find()`` found."""

    index: int
    """Its index among the embeddings that were searched; -1 if none has the length of the one searched for."""
    distance: float
    """The distance to it; infinite without one."""
    similarity: float
    """The similarity to it, 0..1."""


class Scale(NamedTuple):
    """The options of a comparison, complete."""

    order: float
    multiplier: float
    min: float
    max: float

    def distance(self, difference: NDArray[np.float64]) -> float:
        """Return the distance of two embeddings, whose difference is given."""
        return self.distance_of(float(difference @ difference if self.order == 2 else self._powers(difference)))

    def distance_of(self, total: float) -> float:
        """Return the distance for a sum of the powers of all differences."""
        return _round(100 * self.multiplier * total) / 100

    def similarity(self, distance: float) -> float:
        """Return the similarity for a distance."""
        if distance == 0:
            return 1.0
        root = math.sqrt(distance) if self.order == 2 else _power(distance, 1 / self.order)
        share = (1 - root / 100 - self.min) / (self.max - self.min)
        return _round(100 * float(np.clip(share, 0, 1))) / 100

    def _powers(self, difference: NDArray[np.float64]) -> float:
        with np.errstate(over="ignore", under="ignore"):
            return float((np.abs(difference) ** self.order).sum())


def distance(
    embedding: Embedding, other: Embedding, *, order: float | None = None, multiplier: float | None = None
) -> float:
    """Return the distance of two embeddings: ``multiplier`` times the sum of the powers of their differences.

    It is 0 for equal embeddings, and has no upper limit. No root is taken.

    Raises ``InputError`` if the embeddings are not [d] of one d, or an option is not positive.
    """
    scale = complete_scale(order, multiplier, None, None)
    return scale.distance(_difference(read_embedding(embedding), read_embedding(other)))


def similarity(
    embedding: Embedding,
    other: Embedding,
    *,
    order: float | None = None,
    multiplier: float | None = None,
    min: float | None = None,  # noqa: A002 - Human's name
    max: float | None = None,  # noqa: A002 - Human's name
) -> float:
    """Return the similarity of two embeddings, 0..1; 1 for equal ones.

    By default 0.5 or more are two pictures of one person, for faceres: see ``OPERATING_POINTS``.

    Raises ``InputError`` if the embeddings are not [d] of one d, or the options make no range.
    """
    scale = complete_scale(order, multiplier, min, max)
    return scale.similarity(scale.distance(_difference(read_embedding(embedding), read_embedding(other))))


def find(
    embedding: Embedding,
    embeddings: Iterable[Embedding],
    *,
    order: float | None = None,
    threshold: float | None = None,
    multiplier: float | None = None,
    min: float | None = None,  # noqa: A002 - Human's name
    max: float | None = None,  # noqa: A002 - Human's name
) -> Match:
    """Return the embedding with the smallest distance, or the first one whose distance is below ``threshold``.

    ``embeddings`` is [n, d], or a list; those of another length than ``embedding`` are left out. It takes some
    microseconds for each; ``EmbeddingStore`` is made for many.

    Raises ``InputError`` if ``embeddings`` is of another type, one is not [d], or the options make no range.
    """
    scale = complete_scale(order, multiplier, min, max, threshold)
    one = read_embedding(embedding)
    best, lowest = -1, math.inf
    if not isinstance(embeddings, Iterable):
        raise InputError(f"embeddings is {type(embeddings).__name__}; accepted are an array [n, d], and a list")
    for index, each in enumerate(embeddings):
        other = read_embedding(each)
        if other.size != one.size:
            continue
        found = scale.distance(one - other)
        if found < lowest:
            best, lowest = index, found
            if lowest < (threshold or 0):
                break
    return Match(best, lowest, scale.similarity(lowest))


def normalize(embedding: Embedding) -> NDArray[np.float32]:
    """Return an embedding scaled to the length 1: a copy, float32 [d].

    Raises ``InputError`` if it is not [d], or has the length 0.
    """
    values = read_embedding(embedding)
    largest = np.abs(values).max()
    if largest == 0:
        raise InputError("this embedding is all zeros, and has no direction; accepted are others")
    # Squares of huge and of tiny numbers are no float64; a power of two changes no digit.
    values = np.ldexp(values, -np.frexp(largest)[1])
    unit: NDArray[np.float32] = (values / np.linalg.norm(values)).astype(np.float32)
    return unit


def complete_scale(
    order: float | None,
    multiplier: float | None,
    low: float | None,
    high: float | None,
    threshold: float | None = None,
) -> Scale:
    """Return the options with Human's defaults for those that are None.

    Raises ``InputError`` if one is not a finite number, ``order`` or ``multiplier`` is not positive, or ``high`` is not
    above ``low``.
    """
    options = {"order": order, "multiplier": multiplier, "min": low, "max": high, "threshold": threshold}
    for name, option in options.items():
        if option is not None and not is_finite(option):
            raise InputError(f"{name} is {option!r}; accepted are finite numbers")
    given = any(option is not None for option in (order, multiplier, low, high, threshold))
    defaults = (2, 20, 0, 1) if given else (2, 25, 0.2, 0.8)
    chosen = zip((order, multiplier, low, high), defaults, strict=True)
    scale = Scale(*(default if option is None else option for option, default in chosen))
    if not (scale.order > 0 and scale.multiplier > 0 and scale.min < scale.max):
        raise InputError(
            f"order is {scale.order}, multiplier {scale.multiplier}, min {scale.min}, max {scale.max}; order and "
            "multiplier must be positive, and max above min"
        )
    if not (is_finite(100.0 * scale.multiplier) and is_finite(scale.max - scale.min)):
        raise InputError(f"multiplier {scale.multiplier}, or max {scale.max} - min {scale.min}, is too large")
    return scale


def is_finite(value: object) -> bool:
    """Return whether a value is a real number that float64 holds, and neither NaN nor infinite; a bool is none."""
    try:
        return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
    except OverflowError:
        return False


def read_embedding(embedding: Embedding) -> NDArray[np.float64]:
    """Return an embedding as float64 [d]. Raises ``InputError`` if it is anything else."""
    try:
        given = np.asarray(embedding)
        if given.dtype.kind in "cmM":
            raise TypeError(f"it is {given.dtype}")  # noqa: TRY301 - NumPy would cut these off, or take them as numbers
        values = given.astype(np.float64, copy=False)
    except (OverflowError, TypeError, ValueError) as error:
        raise InputError(f"this embedding is not an array of numbers: {error}; {_ACCEPTED}") from error
    if values.ndim != 1 or not values.size:
        raise InputError(f"this embedding is {_kind(embedding, values)}; {_ACCEPTED}")
    if not np.isfinite(values).all():
        raise InputError(f"this embedding contains NaN or infinite numbers; {_ACCEPTED}")
    return values


_ACCEPTED = "accepted is an array [d] of finite numbers, Face.embedding for instance, with face.description enabled"


def _kind(embedding: object, values: NDArray[np.float64]) -> str:
    return "None" if embedding is None else f"an array {list(values.shape)}"


def _difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    if one.size != other.size:
        raise InputError(f"these embeddings have {one.size} and {other.size} numbers; compare those of one model")
    with np.errstate(over="ignore"):
        return one - other


def _power(base: float, exponent: float) -> float:
    """Return a power, infinite where it is too large, as in JavaScript."""
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


def _round(value: float) -> float:
    """Round half up, as JavaScript does."""
    return math.floor(value + 0.5) if math.isfinite(value) else value
