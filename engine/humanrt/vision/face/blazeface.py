"""BlazeFace: a face detector with six landmarks, in the forms in which it was published.

Source: Bazarevsky and others, "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019); the anchors,
the decoding and the enlargement of the box are those of Human's src/face/blazeface.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.errors import ConfigError
from humanrt.imaging import map_points, normalize, resize, resize_square
from humanrt.tensors import non_max_suppression
from humanrt.vision.decoding import anchor_centers, sigmoid
from humanrt.vision.face.box import FaceBox, grown
from humanrt.vision.face.detector import FaceDetector, Prepared
from humanrt.vision.stage import InputForm

# A row of a head, in pixels of the input; centre and landmarks are relative to the anchor.
SCORE, CENTER, SIZE, LANDMARKS = 0, slice(1, 3), slice(3, 5), slice(5, 17)
# The input size of the full-range form, which has one fine grid.
FULL_RANGE_SIZE = 192
# The detected box ends at the eyebrows, one that annotators draw at the hairline: the distance of its centre, and its
# size, over the size of the detected box. Medians of the boxes of YuNet on turned and scaled sample pictures.
FACE_SHIFT, FACE_SIZE = np.array([0.0, -0.11]), np.array([0.96, 1.17])


@dataclass(frozen=True)
class BlazeFace(FaceDetector):
    """One form of the detector; ``head`` is the index of the head that detects faces, where a form has several."""

    head: int = 0

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceDetectorConfig) -> Prepared:
        """Return the image as float32 [1, n, n, 3], -1..1."""
        if task.input_size:
            raise ConfigError(
                f"face.detector.input_size is {list(task.input_size)}, and the input of this detector is {form.height} "
                f"x {form.width}; leave it out, or choose yunet or faceboxes"
            )
        if task.square:
            resized, affine = resize_square(source, form.height)
        else:
            resized, affine = resize(source, form.height, form.width)
        return Prepared(normalize(resized, 1 / 127.5, -1.0), affine, affine)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: FaceDetectorConfig) -> list[FaceBox]:
        """Decode the rows of the head."""
        rows = _heads(outputs)[self.head][0]
        cells = anchors(prepared.pixels.shape[1])
        scores = sigmoid(rows[:, SCORE])
        centers = rows[:, CENTER] + cells
        halves = rows[:, SIZE] / 2
        corners = np.concatenate([centers - halves, centers + halves], axis=1)
        chosen = non_max_suppression(corners, scores, task.max_detected, task.iou_threshold, task.min_confidence)
        boxes = (_face_box(corners[i], rows[i, LANDMARKS], cells[i], float(scores[i]), prepared) for i in chosen)
        return grown(boxes, task)


# blazeface, blazeface-back and blazeface-front: scores and boxes of the two grids are separate outputs.
IN_FOUR_PARTS = BlazeFace(("scores_512", "scores_384", "boxes_512", "boxes_384"))
# facemesh-detection-short.
SHORT_RANGE = BlazeFace(("objects",))
# facemesh-detection-full has two heads: one for faces, one for persons.
FULL_RANGE = BlazeFace(("faces", "persons"))


@cache
def anchors(input_size: int) -> NDArray[np.float32]:
    """Return the centres of the anchors, float32 [n, 2], in pixels of an input of ``input_size``."""
    # The distance between the cells of each grid, in pixels of the input, and the number of anchors in a cell.
    spec = ((4, 1),) if input_size == FULL_RANGE_SIZE else ((input_size // 16, 2), (input_size // 8, 6))
    return anchor_centers(input_size, spec)


def _heads(outputs: Sequence[NDArray[Any]]) -> Sequence[NDArray[Any]]:
    """Return every head as [1, n, 17]."""
    if len(outputs) < len(IN_FOUR_PARTS.outputs):
        return outputs
    grids = [np.concatenate(parts, axis=2) for parts in zip(outputs[:2], outputs[2:], strict=True)]
    return [np.concatenate(grids, axis=1)]


def _face_box(
    corners: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    anchor: NDArray[np.float32],
    confidence: float,
    prepared: Prepared,
) -> FaceBox:
    start, end = map_points(prepared.boxes, corners.reshape(2, 2))
    size = np.abs(end - start)
    middle, half = (start + end) / 2 + size * FACE_SHIFT, size * FACE_SIZE / 2
    return FaceBox(
        start=start,
        end=end,
        landmarks=map_points(prepared.landmarks, landmarks.reshape(6, 2) + anchor),
        confidence=confidence,
        size=size,
        face=(middle - half, middle + half),
    )
