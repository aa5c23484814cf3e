"""Comparison of objects with Human's."""

from collections.abc import Mapping, Sequence

from humanrt import ObjectConfig
from parity.difference import Difference, Json, largest, paired

LIMITS: Mapping[str, float] = {"objects": 0, "label": 0, "class": 0, "score": 0.02, "box": 1.5}
# An object whose score is this close to the threshold may be detected by one side only.
MARGIN = 0.02


def compare_objects(ours: Sequence[Json], theirs: Sequence[Json]) -> list[Difference]:
    """Compare the lists under "object"."""
    pairs, alone = paired(ours, theirs)
    clear = sum(each["score"] > ObjectConfig.min_confidence + MARGIN for each in alone)
    differences = [Difference(0, "objects", clear, LIMITS["objects"])]
    for i, j in pairs:
        our, their = ours[i], theirs[j]
        amounts = {
            "label": our["label"] != their["label"],
            "class": our["class"] != their["class"],
            "score": abs(our["score"] - their["score"]),
            "box": largest(our["box"], their["box"]),
        }
        differences += (Difference(j, field, amount, LIMITS[field]) for field, amount in amounts.items())
    return differences
