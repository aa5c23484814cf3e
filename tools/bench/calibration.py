"""Operating points for an embedder, from pairs of a user's own faces.

Embeddings are compared by the cosine of their angle. Each operating point has the options with which
``humanrt.match.similarity()`` of embeddings at the length 1 is 0.5 at the threshold.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from bench.scoring import Roc, accuracy, roc
from humanrt import OperatingPoint

SIMILARITY = 0.5
# similarity() is rounded to two decimals: 1 - sqrt(multiplier * d^2) / 100 is 0.5 from a root of 50.5 down.
LARGEST_ROOT = 50.5


@dataclass(frozen=True)
class Calibrated:
    """A threshold of the cosine, what it accepts of pairs of two persons and of one, and what it decides rightly."""

    name: str
    cosine: float
    false_accepts: float
    true_accepts: float
    right: float


def calibrate(cosines: Sequence[float], same: Sequence[bool], rates: Sequence[float]) -> list[Calibrated]:
    """Return the threshold at which most pairs are right, and the lowest one for each rate of false accepts.

    Raises ``ValueError`` if all pairs are of one person, or none is.
    """
    curve = roc(cosines, same)
    finite = np.flatnonzero(np.isfinite(curve.thresholds))
    rights = [accuracy(cosines, same, curve.thresholds[i]) for i in finite]
    chosen = {"most right": int(finite[int(np.argmax(rights))])}
    for rate in rates:
        chosen[f"FAR {100 * rate:g} %"] = int(np.argmax(curve.false_accepts <= rate))
    return [_at(curve, i, name, cosines, same) for name, i in chosen.items() if np.isfinite(curve.thresholds[i])]


def held_out(
    cosines: Sequence[float], pairs: Sequence[tuple[str, str]], rates: Sequence[float]
) -> dict[str, tuple[float, float]]:
    """Return the false and the true accepts of each threshold that ``calibrate`` returns, of people held out.

    ``pairs`` are the identities of both faces. Thresholds are chosen on the pairs of half of the people, and judged on
    those of the other half, and the reverse; the rates are the means of both. Returns an empty dict where a half has no
    pairs of both kinds.
    """
    found = np.array(cosines)
    same = np.array([one == other for one, other in pairs], bool)
    counts = Counter(one for one, other in pairs if one == other)
    people = sorted({*chain.from_iterable(pairs)}, key=lambda person: (-counts[person], person))
    half = {person: i % 2 for i, person in enumerate(people)}
    within = [np.array([half[one] == half[other] == i for one, other in pairs], bool) for i in range(2)]
    judged: dict[str, list[tuple[float, float]]] = {}
    for chosen, other in (within, within[::-1]):
        if any(not same[part].any() or same[part].all() for part in within):
            return {}
        for each in calibrate(found[chosen].tolist(), same[chosen].tolist(), rates):
            accepted, is_same = found[other] >= each.cosine, same[other]
            judged.setdefault(each.name, []).append((float(accepted[~is_same].mean()), float(accepted[is_same].mean())))
    return {
        name: (float(np.mean([f for f, _ in row])), float(np.mean([t for _, t in row]))) for name, row in judged.items()
    }


def _at(curve: Roc, i: int, name: str, cosines: Sequence[float], same: Sequence[bool]) -> Calibrated:
    # Between the pair at the threshold and the next one below it, so that rounding decides nothing.
    cosine = float(curve.thresholds[i])
    if i:
        cosine = (cosine + float(curve.thresholds[i - 1])) / 2
    right = accuracy(cosines, same, cosine)
    return Calibrated(name, cosine, float(curve.false_accepts[i]), float(curve.true_accepts[i]), right)


def operating_point_of(embedder: str, size: int, calibrated: Calibrated, pairs: int) -> OperatingPoint:
    """Return the operating point of a threshold."""
    squared = max(2 - 2 * calibrated.cosine, 1e-6)
    return OperatingPoint(
        embedder,
        size,
        similarity=SIMILARITY,
        multiplier=round(LARGEST_ROOT**2 / squared, 2),
        min=0,
        max=1,
        normalize=True,
        source=f"{calibrated.name} of {pairs} pairs: a cosine of {calibrated.cosine:.4f}",
    )
