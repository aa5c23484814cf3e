"""YuNet: a face detector for pictures of any size, with five landmarks.

Source: Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023); the decoding is that of OpenCV's
modules/objdetect/src/face_detect.cpp.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.imaging import map_points, planar, scaled
from humanrt.tensors import non_max_suppression
from humanrt.vision.face.box import FaceBox, grown
from humanrt.vision.face.detector import FaceDetector, Prepared, scaled_size
from humanrt.vision.stage import InputForm, VisionModel

STRIDES = (8, 16, 32)
KINDS = ("cls", "obj", "bbox", "kps")
# The longer side of the input if the configuration has none: that of the published file.
LONGER_SIDE = 640


@dataclass(frozen=True)
class YuNet(FaceDetector):
    """For each grid and cell: two probabilities, a box relative to the cell, and five points; all in cells."""

    outputs: tuple[str, ...] = tuple(f"{kind}_{stride}" for kind in KINDS for stride in STRIDES)

    def form(self, model: VisionModel) -> InputForm:
        """Return the form as it is on the model card: any size."""
        return model.form

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceDetectorConfig) -> Prepared:
        """Return the image as float32 [1, 3, h, w], BGR, 0..255, padded at the right and below to multiples of 32.

        Its proportions are kept; ``square`` has no effect.
        """
        del form
        height, width = scaled_size(source, task.input_size[0] if task.input_size else LONGER_SIDE)
        if (height, width) == source.shape[:2]:
            resized, affine = source, np.eye(2, 3)
        else:
            resized, affine = scaled(source, height, width)
        step = STRIDES[-1]
        return Prepared(planar(resized, -height % step, -width % step), affine, affine)

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
        points = (landmarks.reshape(-1, 5, 2) + corners[:, np.newaxis]) * strides[:, np.newaxis]
        chosen = non_max_suppression(sides, scores, task.max_detected, task.iou_threshold, task.min_confidence)
        starts, ends = (map_points(prepared.boxes, each) for each in (sides[chosen, :2], sides[chosen, 2:]))
        places = map_points(prepared.landmarks, points[chosen].reshape(-1, 2)).reshape(-1, 5, 2)
        rows = zip(starts, ends, places, scores[chosen].tolist(), ends - starts, strict=True)
        return grown((FaceBox(*row, annotated=True) for row in rows), task)


YUNET = YuNet()


@cache
def cells(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return x and y of all cells of an input, float32 [n, 2], in cells of their grid, and their sides, [n, 1]."""
    grids = []
    for stride in STRIDES:
        y, x = np.mgrid[: height // stride, : width // stride]
        grids.append((np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32), np.float32(stride)))
    sides = [np.full((len(corners), 1), stride) for corners, stride in grids]
    return np.concatenate([corners for corners, _ in grids]), np.concatenate(sides)
