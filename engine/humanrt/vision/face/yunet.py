"""YuNet: a face detector for pictures of any size, with five landmarks.

Source: Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023); the decoding is that of OpenCV's
modules/objdetect/src/face_detect.cpp.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.detector import POINTS, STRIDES, PlanarDetector, Prepared, cells, face_boxes

KINDS = ("cls", "obj", "bbox", "kps")


@dataclass(frozen=True)
class YuNet(PlanarDetector):
    """For each grid and cell: two probabilities, a box relative to the cell, and five points; all in cells."""

    outputs: tuple[str, ...] = tuple(f"{kind}_{stride}" for kind in KINDS for stride in STRIDES)
    bgr: bool = True

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: FaceDetectorConfig) -> list[FaceBox]:
        """Decode the cells with a score over the threshold."""
        kinds = [np.concatenate([rows for (rows,) in outputs[i : i + 3]]) for i in range(0, len(outputs), 3)]
        classes, objects, boxes, landmarks = kinds
        scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
        likely = np.flatnonzero(scores > task.min_confidence)
        scores, boxes, landmarks = scores[likely], boxes[likely], landmarks[likely]
        corners, strides = (values[likely] for values in cells(*prepared.pixels.shape[2:]))
        centers = (corners + boxes[:, :2]) * strides
        halves = np.exp(boxes[:, 2:]) * (strides / 2)
        sides = np.concatenate([centers - halves, centers + halves], axis=1)
        points = (landmarks.reshape(-1, POINTS, 2) + corners[:, np.newaxis]) * strides[:, np.newaxis]
        return face_boxes(sides, scores, points, prepared, task)


YUNET = YuNet()
