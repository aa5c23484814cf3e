"""Bodies that are detected in the two halves of an image as well, where they are larger, and merged with the whole's.

Bodies are compared by COCO's object keypoint similarity (OKS), as in Papandreou and others, "Towards Accurate
Multi-person Pose Estimation in the Wild" (2017), 3.3.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeAlias

import numpy as np

from humanrt.result import Body
from humanrt.vision.body.skeleton import COCO_PARTS, DEVIATIONS, Floats, best

# The part of the longer side that a half has: a fifth of the image is in both.
SHARE = 0.6
# The similarity from which two bodies are one.
SAME = 0.3
# The least part of the image's width or height that a large body has: it is no better seen in a half.
LARGE = 0.6

Tile: TypeAlias = tuple[int, int, int, int]  # left, top, right, bottom


def halves(width: int, height: int) -> tuple[Tile, Tile]:
    """Return the left and the right half of an image, or the upper and the lower one if it is higher than wide."""
    if width >= height:
        side = round(SHARE * width)
        return (0, 0, side, height), (width - side, 0, width, height)
    side = round(SHARE * height)
    return (0, 0, width, side), (0, height - side, width, height)


def all_large(bodies: Sequence[Body]) -> bool:
    """Return whether there are bodies, and all are so large that the halves of the image need no run."""
    return bool(bodies) and all(max(body.box_raw[2:]) >= LARGE for body in bodies)


def merged(found: Iterable[Sequence[Body]], limit: int) -> tuple[Body, ...]:
    """Return the bodies of all lists without those that are similar to a better one, best first, at most ``limit``.

    The parts of bodies are COCO's. Ids are in the new order.
    """
    kept: list[Body] = []
    points: list[Floats] = []
    for body in sorted(chain.from_iterable(found), key=lambda body: -body.score):
        places = _points(body)
        if all(similarity(places, others) < SAME for others in points):
            kept.append(body)
            points.append(places)
    return best(kept, limit)


def similarity(one: Floats, other: Floats) -> float:
    """Return the OKS of the points that two bodies both have, [17, 2]; 0 if there are none.

    The area is that around all points of a body, the larger one.
    """
    both = ~np.isnan(one[:, 0] + other[:, 0])
    if not both.any():
        return 0.0
    area = max(float(np.prod(np.nanmax(each, axis=0) - np.nanmin(each, axis=0))) for each in (one, other))
    squared = ((one - other)[both] ** 2).sum(axis=1)
    return float(np.exp(-squared / (2 * max(area, 1.0) * (2 * DEVIATIONS[both]) ** 2)).mean())


def _points(body: Body) -> Floats:
    """Return the 17 points of a body, NaN where it has none."""
    places = {keypoint.part: keypoint.position[:2] for keypoint in body.keypoints}
    return np.array([places.get(part, (np.nan, np.nan)) for part in COCO_PARTS])
