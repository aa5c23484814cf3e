"""Outputs of hand models whose meaning is known in closed form."""

import numpy as np

from humanrt.vision.hand import handdetect
from humanrt.vision.hand.skeleton import Region, Skeleton
from humanrt.zoo import find_card

# -- handdetect

LOGIT = 2.0
CONFIDENCE = 1 / (1 + np.exp(-LOGIT))
# Around the middle of a palm, in pixels of the input: the wrist, the roots of four fingers, and two of the thumb.
UPRIGHT = np.array([[0, 20], [-10, -20], [0, -20], [7, -18], [12, -15], [-10, 10], [-12, 0]], float)


def palm(center=(128, 128), size=40, landmarks=UPRIGHT, anchor=700, logit=LOGIT):
    """A palm in pixels of the input."""
    return anchor, np.array(center, float), size, landmarks, logit


def handdetect_outputs(*palms):
    rows = np.zeros((1, 2944, 19), np.float32)
    rows[..., 0] = -500
    for anchor, center, size, landmarks, logit in palms:
        cell = handdetect.anchors(256)[anchor]
        rows[0, anchor, 0] = logit
        rows[0, anchor, 1:3] = center - cell
        rows[0, anchor, 3:5] = size
        rows[0, anchor, 5:] = (landmarks + center - cell).ravel()
    return [rows]


# -- handtrack

CARD_LABELS = find_card("handtrack").outputs["raw_scores"].labels


def handtrack_outputs(*boxes):
    """Boxes over the image's size: (x, y, right, bottom, {label: score})."""
    corners, scores = np.zeros((1, len(boxes), 4), np.float32), np.zeros((1, len(boxes), 8), np.float32)
    for i, (x, y, right, bottom, labels) in enumerate(boxes):
        corners[0, i] = y, x, bottom, right
        for label, score in labels.items():
            scores[0, i, CARD_LABELS.index(label)] = score
    return [corners, scores]


THREE = handtrack_outputs(
    (0, 0, 0.2, 0.2, {"hand": 0.6}), (0.5, 0.5, 0.7, 0.7, {"hand": 0.9}), (0.5, 0, 0.7, 0.2, {"point": 0.7})
)

# -- skeletons


def skeleton(flag, start, end):
    """A skeleton whose points lie on a line, with depths twice as large in pixels of the input; None for no flag."""
    points = np.linspace(start, end, 21)
    return None if flag is None else Skeleton(flag, points, points[:, 2] * 2)


def region(start, end, angle=0.0, pivot=(0, 0)):
    return Region(np.array(start, float), np.array(end, float), angle, np.array(pivot, float))


def skeleton_outputs(*hands):
    """(flag, [21, 3]) of each hand."""
    flags, points = zip(*hands, strict=True)
    return [np.array(flags, np.float32)[:, None], np.array(points, np.float32).reshape(len(hands), -1)]


def slope():
    """An image whose colours are its coordinates."""
    y, x = np.mgrid[:200, :250]
    return np.stack([x, y, np.full_like(x, 255)], axis=-1).astype(np.uint8)


def check_way_back(family, form, center, size, angle):
    """A point lies where its pixel was sampled."""
    y, x = np.mgrid[:200, :200]
    picture = np.stack([x, y, x], axis=-1).astype(np.uint8)
    half = np.array(size) / 2
    regions = [region(center - half, center + half, angle, (100, 105))]
    prepared = family.prepare(picture, form, regions)
    points = np.random.default_rng(0).integers(8, 56, (21, 3)).astype(float)
    ((_, found, _),) = family.decode(skeleton_outputs((0.5, points)), prepared, regions)
    sampled = prepared.pixels[0, points[:, 1].astype(int), points[:, 0].astype(int)]
    inside = (sampled > 20 / 255).all(axis=1)
    # The grid of the crop runs to the last pixel's centre, that of the model to its edge; and Human samples coarsely.
    np.testing.assert_allclose(found[inside, :2], sampled[inside, :2] * 255, atol=2.5)
