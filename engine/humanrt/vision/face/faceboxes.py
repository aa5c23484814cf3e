"""FaceBoxes: a face detector for pictures of any size, without landmarks.

Source: Zhang and others, "FaceBoxes: A CPU Real-time Face Detector with High Accuracy" (2017). Human ships the model
and cannot run it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.imaging import map_points, resize, resize_square
from humanrt.tensors import non_max_suppression
from humanrt.vision.face.box import FaceBox, grown
from humanrt.vision.face.detector import FaceDetector, Prepared, scaled_size
from humanrt.vision.stage import InputForm, VisionModel

# Larger images are scaled down to this longer side, unless the configuration has another: the largest anchor is 512
# pixels wide.
LONGEST_SIDE = 1024


@dataclass(frozen=True)
class FaceBoxes(FaceDetector):
    """Two outputs: boxes [1, n, 4], y and x of two corners over the input's size, and scores [1, n]."""

    outputs: tuple[str, ...] = ("boxes", "scores")

    def form(self, model: VisionModel) -> InputForm:
        """Return the form as it is on the model card: any size."""
        return model.form

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceDetectorConfig) -> Prepared:
        """Return the image as uint8 [1, h, w, 3], its proportions kept; ``square`` pads it as well."""
        del form
        longest = task.input_size[0] if task.input_size else min(LONGEST_SIDE, max(source.shape[:2]))
        if task.square:
            resized, affine = resize_square(source, longest)
        else:
            resized, affine = resize(source, *scaled_size(source, longest))
        inner = resized.shape[1], resized.shape[0]
        return Prepared(resized[np.newaxis], affine @ np.diag([*inner, 1.0]), affine)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: FaceDetectorConfig) -> list[FaceBox]:
        """Decode the boxes; they have no landmarks."""
        (boxes,), (scores,) = outputs
        chosen = non_max_suppression(boxes, scores, task.max_detected, task.iou_threshold, task.min_confidence)
        return grown((_face_box(boxes[i], float(scores[i]), prepared) for i in chosen), task)


FACEBOXES = FaceBoxes()


def _face_box(corners: NDArray[np.float32], confidence: float, prepared: Prepared) -> FaceBox:
    start, end = map_points(prepared.boxes, corners.reshape(2, 2)[:, ::-1])
    size = np.abs(end - start)
    return FaceBox(start, end, landmarks=np.zeros((0, 2)), confidence=confidence, size=size, annotated=True)
