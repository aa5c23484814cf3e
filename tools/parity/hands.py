"""Comparison of hands with Human's."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from humanrt import HandConfig
from parity.difference import Difference, Json, largest, paired

LIMITS: Mapping[str, float] = {
    "hands": 0,
    "borderline": 1,
    "score": 0.02,
    "fingerScore": 0.02,
    "label": 0,
    "keypoints, median": 1.5,
    "fingers": 0,
    "box": 3,
}
# A hand, or its skeleton, whose score is this close to the threshold may be detected by one side only.
MARGIN = 0.05


def compare_hands(ours: Sequence[Json], theirs: Sequence[Json]) -> list[Difference]:
    """Compare the lists under "hand"."""
    pairs, alone = paired(ours, theirs)
    borderline = sum(_is_borderline(hand["score"]) for hand in alone)
    amounts: list[tuple[int, str, float]] = [(0, "hands", len(alone) - borderline)]
    for i, j in pairs:
        our, their = ours[i], theirs[j]
        if len(our["keypoints"]) != len(their["keypoints"]) and _is_borderline(_higher_score(our, their)):
            borderline += 1
            continue
        amounts += ((j, field, amount) for field, amount in _compare(our, their))
    amounts.append((0, "borderline", borderline))
    return [Difference(index, field, amount, LIMITS[field]) for index, field, amount in amounts]


def _is_borderline(score: float) -> bool:
    return abs(score - HandConfig.min_confidence) < MARGIN


def _higher_score(our: Json, their: Json) -> float:
    return max(float(hand["fingerScore"]) for hand in (our, their))


def _compare(our: Json, their: Json) -> Iterator[tuple[str, float]]:
    for score in ("score", "fingerScore"):
        yield score, abs(our[score] - their[score])
    yield "label", our["label"] != their["label"]
    yield "box", largest(our["box"], their["box"])
    if len(our["keypoints"]) != len(their["keypoints"]):
        yield "keypoints, median", math.inf
    elif our["keypoints"]:
        pairs = zip(our["keypoints"], their["keypoints"], strict=True)
        yield "keypoints, median", float(np.median([math.dist(one[:2], other[:2]) for one, other in pairs]))
    ours, theirs = our["landmarks"] or {}, their["landmarks"] or {}
    yield "fingers", sum(ours.get(name) != theirs.get(name) for name in {**ours, **theirs})
