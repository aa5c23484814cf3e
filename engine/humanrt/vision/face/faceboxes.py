"""FaceBoxes: a face detector for pictures of any size, without landmarks.

Source: Zhang and others, "FaceBoxes: A CPU Real-time Face Detector with High Accuracy" (2017). Human carries the model
and never gets to run it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.imaging import map_points, resize, resize_square
from humanrt.tensors import non_max_suppression
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.detector import Floats, Prepared, grown
from humanrt.vision.model import InputForm

OUTPUTS = ("boxes", "scores")
# The longer side of larger pictures, which are scaled down to it: the largest anchor is 512 pixels wide.
LONGEST_SIDE = 1024


def prepare(picture: NDArray[np.uint8], form: InputForm, *, square: bool, quirks: bool) -> Prepared:
    """Scale a picture to uint8 [1, h, w, 3], its proportions kept; ``square`` pads it as well."""
    del form, quirks  # it takes any size, and Human has no way of its own
    height, width = picture.shape[:2]
    longest = max(height, width)
    scale = min(1.0, LONGEST_SIDE / longest)
    if square:
        resized, affine = resize_square(picture, round(longest * scale))
    else:
        resized, affine = resize(picture, max(1, round(height * scale)), max(1, round(width * scale)))
    # The model speaks in parts of its input: 1 is its width or height.
    inner = resized.shape[1], resized.shape[0]
    return Prepared(resized[np.newaxis], affine @ np.diag([*inner, 1.0]), affine)


def decode(
    outputs: Sequence[Floats], prepared: Prepared, settings: FaceDetectorConfig, *, quirks: bool
) -> list[FaceBox]:
    """Read the OUTPUTS: boxes [1, n, 4], y and x of two corners in parts of the input, and their scores [1, n]."""
    del quirks
    (boxes,), (scores,) = outputs
    chosen = non_max_suppression(boxes, scores, settings.max_detected, settings.iou_threshold, settings.min_confidence)
    return grown((_face_box(boxes[i], float(scores[i]), prepared) for i in chosen), settings)


def _face_box(corners: NDArray[np.float32], confidence: float, prepared: Prepared) -> FaceBox:
    start, end = map_points(prepared.boxes, corners.reshape(2, 2)[:, ::-1])
    return FaceBox(start, end, landmarks=np.zeros((0, 2)), confidence=confidence, size=np.abs(end - start))
