"""Comparison of bodies with Human's."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from humanrt import BodyConfig
from parity.difference import Difference, Json, largest, paired

LIMITS: Mapping[str, float] = {
    "bodies": 0,
    "borderline": 1,
    "score": 0.02,
    "keypoints, median": 1.5,
    "keypoints, 95 %": 3,
    "box": 3,
}
# A body whose score is this close to the threshold may be detected by one side only.
MARGIN = 0.05
# Only keypoints with a higher score are compared; others may be missing on one side.
LEAST_SCORE = 0.35


def compare_bodies(ours: Sequence[Json], theirs: Sequence[Json]) -> list[Difference]:
    """Compare the lists under "body"."""
    pairs, alone = paired(ours, theirs)
    borderline = sum(abs(body["score"] - BodyConfig.min_confidence) < MARGIN for body in alone)
    differences = [
        Difference(0, "bodies", len(alone) - borderline, LIMITS["bodies"]),
        Difference(0, "borderline", borderline, LIMITS["borderline"]),
    ]
    for i, j in pairs:
        differences += (Difference(j, field, amount, LIMITS[field]) for field, amount in _compare(ours[i], theirs[j]))
    return differences


def _compare(our: Json, their: Json) -> Iterator[tuple[str, float]]:
    yield "score", abs(our["score"] - their["score"])
    found = {keypoint["part"]: keypoint["position"] for keypoint in our["keypoints"]}
    distances = [
        math.dist(found[keypoint["part"]][:2], keypoint["position"][:2]) if keypoint["part"] in found else math.inf
        for keypoint in their["keypoints"]
        if keypoint["score"] > LEAST_SCORE
    ]
    if distances:
        yield "keypoints, median", float(np.median(distances))
        yield "keypoints, 95 %", float(np.quantile(distances, 0.95, method="lower"))
    # The box encloses the keypoints: it is the same only if these are.
    if found.keys() == {keypoint["part"] for keypoint in their["keypoints"]}:
        yield "box", largest(our["box"], their["box"])
