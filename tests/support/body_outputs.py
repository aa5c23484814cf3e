"""Outputs of body models whose meaning is known in closed form."""

import numpy as np

from humanrt.vision.body import blazepose, efficientpose, people
from humanrt.vision.body.posenet import BONES, Maps
from humanrt.vision.body.skeleton import COCO


def image(width, height, level=0):
    return np.full((height, width, 3), level, np.uint8)


# -- blazepose

CERTAIN, UNCERTAIN = 20.0, -20.0


def blazepose_outputs(*bodies, **parts):
    """Bodies, given by their flags; parts, given as part=(x, y, z), in all of them; the others uncertain.

    In metres part i is at i, i + 0.25, i + 0.5.
    """
    points = np.zeros((len(bodies), 39, 5), np.float32)
    points[..., 3:] = UNCERTAIN
    for part, place in parts.items():
        points[:, blazepose.SKELETON.parts.index(part)] = *place, CERTAIN, CERTAIN
    world = np.tile(np.arange(39)[:, None] + [0, 0.25, 0.5], (len(bodies), 1, 1))
    flags = np.array(bodies)[:, None]
    return [points.reshape(-1, 195), world.reshape(-1, 117).astype(np.float32), flags.astype(np.float32)]


def by_part(body):
    return {keypoint.part: keypoint for keypoint in body.keypoints}


# -- blazepose's detector


def region_outputs(*persons):
    """Persons: anchor, logit, the middles of head and hips, and the top, in pixels of the input."""
    output = np.zeros((1, 2254, 13), np.float32)
    output[0, :, 0] = -10
    for anchor, logit, head, hips, top in persons:
        middle = people.anchors()[anchor]
        output[0, anchor, :9] = [logit, *(head - middle), 44.8, 44.8, *(hips - middle), *(top - middle)]
    return [output]


def person(anchor=1000, logit=3.0, head=(112, 40), hips=(112, 100), top=(112, 20)):
    return anchor, logit, np.array(head), np.array(hips), np.array(top)


# -- efficientpose


def heatmap(**parts):
    """Parts are given as part=(x, y, score)."""
    heat = np.zeros((1, 368, 368, 16), np.float32)
    for part, (x, y, score) in parts.items():
        heat[0, y, x, efficientpose.SKELETON.parts.index(part)] = score
        heat[0, y, x - 1, efficientpose.SKELETON.parts.index(part)] = score / 2
    return [heat]


# -- movenet


def movenet_body(points, scores):
    """One body: points, [17, 2], are x and y over the input's size."""
    x, y = np.array(points).T
    return [np.stack([y, x, scores], axis=-1).astype(np.float32)[None, None]]


def movenet_bodies(*bodies):
    """Bodies of (x and y of every part, the parts' score, the body's), among the six rows."""
    rows = np.zeros((1, 6, 56), np.float32)
    for i, ((x, y), score, whole) in enumerate(bodies):
        rows[0, i, :51] = np.tile([y, x, score], 17)
        rows[0, i, 55] = whole
    return [rows]


# -- posenet

NOSE, LEFT_EYE, LEFT_WRIST = (COCO.parts.index(part) for part in ("nose", "leftEye", "leftWrist"))
# The parts of a body that faces the camera, from its nose, in pixels of the input.
SHAPE = np.array(
    [
        *((0, 0), (8, -8), (-8, -8), (16, -4), (-16, -4)),
        *((30, 40), (-30, 40), (50, 80), (-50, 80), (60, 120), (-60, 120)),
        *((20, 130), (-20, 130), (24, 190), (-24, 190), (24, 250), (-24, 250)),
    ],
    float,
)


def cell_of(point):
    column, row = np.floor(np.array(point) / 16 + 0.5).astype(int)
    return row, column


def posenet_maps(*bodies):
    """The outputs of a good model, as maps, for bodies: (the nose's place, the parts' scores)."""
    maps = Maps(np.zeros((25, 25, 17), np.float32), *(np.zeros((25, 25, n, 2)) for n in (17, len(BONES), len(BONES))))
    for nose, scores in bodies:
        points = SHAPE + nose
        for part, (point, score) in enumerate(zip(points, scores, strict=True)):
            row, column = cell_of(point)
            maps.scores[row, column, part] = score
            # All cells around have an offset to it, too: a position that is a little off is corrected.
            for y, x in np.ndindex(3, 3):
                offset = point - 16.0 * np.array([column + x - 1, row + y - 1])
                maps.offsets[row + y - 1, column + x - 1, part] = offset
        for bone, (start, end) in enumerate(BONES):
            # The displacements end only near to the parts.
            maps.forward[(*cell_of(points[start]), bone)] = points[end] - points[start] + (5, -4)
            maps.backward[(*cell_of(points[end]), bone)] = points[start] - points[end] + (-5, 4)
    return maps


def posenet_outputs(maps):
    """Maps as the model's outputs: logits, and n y before n x."""
    clipped = np.clip(maps.scores, 1e-6, 1 - 1e-6)
    vectors = (
        vector[..., ::-1].swapaxes(2, 3).reshape(25, 25, -1) for vector in (maps.offsets, maps.forward, maps.backward)
    )
    return [array[None].astype(np.float32) for array in (np.log(clipped / (1 - clipped)), *vectors)]


def one_certain_wrist():
    """Maps with one part, beside which a less certain cell would have another wrist far away."""
    maps = posenet_maps(((200, 100), np.eye(17)[LEFT_WRIST] * 0.9))
    row, column = cell_of(SHAPE[LEFT_WRIST] + (200, 100))
    maps.scores[row, column + 1, LEFT_WRIST] = 0.8
    maps.offsets[row, column + 1, LEFT_WRIST] = 100
    return maps


def body_with_two_roots():
    """Maps of one body with an uncertain head, which may be assembled from its left eye once more."""
    maps = posenet_maps(((150, 60), np.where(np.arange(17) < 5, 0.1, 0.9)))
    eye = SHAPE[LEFT_EYE] + (150, 60)
    row, column = cell_of(eye)
    maps.scores[row, column + 2, LEFT_EYE] = 0.8
    maps.offsets[row, column + 2, LEFT_EYE] = eye - 16.0 * np.array([column + 2, row])
    return maps
