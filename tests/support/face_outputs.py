"""Outputs of face models whose meaning is known in closed form, and the faces that they are of."""

import numpy as np

from humanrt.config import load_config
from humanrt.vision.face import blazeface
from humanrt.vision.face.box import FaceBox

LOGIT = 2.0
CONFIDENCE = 1 / (1 + np.exp(-LOGIT))


def blazeface_outputs(*faces):
    """Four outputs with a box, in pixels of the input, at each anchor given: (anchor, center, size)."""
    logits, rows = np.full(896, -10, np.float32), np.zeros((896, 16), np.float32)
    for anchor, center, size in faces:
        logits[anchor] = LOGIT
        rows[anchor, 0:2] = center - blazeface.anchors(256)[anchor]
        rows[anchor, 2:4] = size
        # All six landmarks in the middle of the box.
        rows[anchor, 4:16] = np.tile(center - blazeface.anchors(256)[anchor], 6)
    return [logits[None, :512, None], logits[None, 512:, None], rows[None, :512], rows[None, 512:]]


def blazeface_head(count, *, anchor, size):
    """One head of ``count`` anchors with a box at one of them."""
    rows = np.zeros((1, count, 17), np.float32)
    rows[..., 0] = -10
    rows[0, anchor, 0] = LOGIT
    rows[0, anchor, 3:5] = size
    return rows


def attention_rows():
    """A row of each output of the attention mesh but the flag: a point's coordinates are its part and its index."""
    mesh = np.zeros((468, 3), np.float32)
    mesh[:, 2] = np.arange(468)
    lengths = {"lips": 80, "left_eye": 71, "right_eye": 71, "left_iris": 5, "right_iris": 5}
    parts = {
        name: np.column_stack([np.full(length, 100 * (i + 1)), np.arange(length)]).astype(np.float32)
        for i, (name, length) in enumerate(lengths.items())
    }
    return {"mesh": mesh.reshape(1, 1, -1)} | {name: part.reshape(1, 1, -1) for name, part in parts.items()}


def mesh_with_eyes():
    """A mesh whose left eye, the person's, runs from x = 120 to 140, and the right one from 50 to 70."""
    points = np.full((468, 3), 10, np.float32)
    for index, x in ((362, 120), (263, 140), (133, 70), (33, 50)):
        points[index, :2] = x, 80
    return points


def face_box(start=(0, 0), end=(192, 192), *, nose=(96, 90), mouth=(96, 120)):
    landmarks = np.zeros((6, 2))
    landmarks[2], landmarks[3] = nose, mouth
    return FaceBox(np.array(start, float), np.array(end, float), landmarks, 0.9, np.array([1.0, 1.0]))


def face_config(**face):
    return load_config({"preset": "human", "face": face}).face


def row(*values):
    """A row of an output for one face."""
    return np.array([values], np.float32)


def years(**probabilities):
    """FaceRes' probabilities of years, for one face."""
    ages = np.zeros((1, 100), np.float32)
    for year, probability in probabilities.items():
        ages[0, int(year[1:])] = probability
    return ages


EMOTIONS = row(0.05, 0.0, 0.1999, 0.7, 0.0, 0.0, 0.0501)
GEAR_ROWS = (row(0.1, 0.6, 0.3, 0, 0, 0, 0), row(0.2, 0.8), row(0.05, 0.7, 0.25, 0, 0))


def described(family, outputs, **face):
    """What a family decodes for the one face of its outputs."""
    (description,) = family.decode(outputs, None, face_config(**face))
    return description
