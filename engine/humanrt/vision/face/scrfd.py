"""SCRFD: face detectors for pictures of any size, with five landmarks or none.

Source: Guo, Deng, Lattas and Zafeiriou, "Sample and Computation Redistribution for Efficient Face Detection" (2021);
input and decoding are those of InsightFace's python-package/insightface/model_zoo/scrfd.py. No model comes with
HumanRT: a custom model card names the outputs of a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.detector import POINTS, STRIDES, PlanarDetector, Prepared, cells, face_boxes, joined

# The lengths of a row: a score, the distances to the four sides of the box, and five points.
LENGTHS = {"score": 1, "bbox": 4, "kps": 2 * POINTS}


@dataclass(frozen=True)
class Scrfd(PlanarDetector):
    """For each grid and anchor: the probability of a face, and the distances to its sides and to its points, in cells.

    The anchors are the first corners of the cells, one or several for each cell; rows may have an axis of images.
    """

    mean: float = 127.5
    factor: float = 1 / 128

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: FaceDetectorConfig) -> list[FaceBox]:
        """Decode the anchors with a score over the threshold."""
        grids = zip(range(0, len(outputs), len(STRIDES)), LENGTHS.values(), strict=False)
        kinds = [joined(outputs[i : i + len(STRIDES)], length) for i, length in grids]
        scores, distances = kinds[0][:, 0], kinds[1]
        places, strides = cells(*prepared.pixels.shape[2:])
        in_cell, odd = divmod(len(scores), len(places))
        if odd or not in_cell:
            raise ValueError(f"{len(scores)} anchors for {len(places)} cells")
        likely = np.flatnonzero(scores > task.min_confidence)
        strides = strides[likely // in_cell]
        anchors = places[likely // in_cell] * strides
        distances = distances[likely] * strides
        corners = np.concatenate([anchors - distances[:, :2], anchors + distances[:, 2:]], axis=1)
        points = np.zeros((len(likely), 0, 2), np.float32)
        if len(kinds) == len(LENGTHS):
            points = anchors[:, np.newaxis] + kinds[2][likely].reshape(-1, POINTS, 2) * strides[:, np.newaxis]
        return face_boxes(corners, scores[likely], points, prepared, task)


def _outputs(*kinds: str) -> tuple[str, ...]:
    return tuple(f"{kind}_{stride}" for kind in kinds for stride in STRIDES)


SCRFD = Scrfd(_outputs("score", "bbox", "kps"))
WITHOUT_POINTS = Scrfd(_outputs("score", "bbox"))
