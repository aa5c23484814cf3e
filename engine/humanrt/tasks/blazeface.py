"""BlazeFace: the face detector.

Source: Bazarevsky and others, "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019); the anchors,
the decoding and the growing of the box are those of Human's src/face/blazeface.ts.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.imaging import Affine, map_points, normalize, resize, resize_square
from humanrt.tasks.face_box import FaceBox
from humanrt.tensors import non_max_suppression

INPUT_SIZE = 256
OUTPUTS = ("scores_512", "scores_384", "boxes_512", "boxes_384")
# The two grids of anchors: how far apart the cells are in pixels of the input, and how many anchors share one.
GRIDS = ((16, 2), (32, 6))
# A row of the boxes, in pixels of the input; centre and landmarks are relative to the anchor.
CENTER, SIZE, LANDMARKS = slice(0, 2), slice(2, 4), slice(4, 16)


class Prepared(NamedTuple):
    """The detector's input, and the ways back from its pixels to the picture's."""

    pixels: NDArray[np.float32]  # [1, 256, 256, 3], -1..1
    boxes: Affine
    landmarks: Affine


def prepare(picture: NDArray[np.uint8], *, square: bool, quirks: bool) -> Prepared:
    """Scale a picture, uint8 [h, w, 3], to the detector's input.

    ``square`` pads it to a square first, so that faces keep their proportions. ``quirks`` brings back Human's way out
    of that square, which is wrong for every picture that is not one.
    """
    if not square:
        resized, affine = resize(picture, INPUT_SIZE, INPUT_SIZE)
        boxes = landmarks = affine
    else:
        resized, affine = resize_square(picture, INPUT_SIZE)
        height, width = picture.shape[:2]
        boxes, landmarks = _human_square(width, height) if quirks else (affine, affine)
    return Prepared(normalize(resized, 1 / 127.5, -1.0), boxes, landmarks)


def decode(
    outputs: list[NDArray[np.float32]], prepared: Prepared, config: FaceDetectorConfig, *, quirks: bool
) -> list[FaceBox]:
    """Read the four OUTPUTS: the best boxes in pixels of the picture, best first, grown and squared for the mesh."""
    logits = np.concatenate([outputs[0][0], outputs[1][0]])[:, 0]
    rows = np.concatenate([outputs[2][0], outputs[3][0]])
    half = np.float32(0.5)
    scores = half + half * np.tanh(half * logits)  # the sigmoid, in the form that cannot overflow
    centers = rows[:, CENTER] + anchors()
    halves = rows[:, SIZE] / 2
    corners = np.concatenate([centers - halves, centers + halves], axis=1)
    chosen = non_max_suppression(corners, scores, config.max_detected, config.iou_threshold, config.min_confidence)
    boxes = [_face_box(corners[i], rows[i, LANDMARKS], anchors()[i], float(scores[i]), prepared) for i in chosen]
    squared = [box.squared(config.scale, whole_pixels=quirks) for box in boxes]
    return [box for box in squared if (box.size > config.min_size).all()]


@cache
def anchors() -> NDArray[np.float32]:
    """Make the centres of the 896 anchors, float32 [896, 2], in pixels of the input."""
    grids = []
    for stride, count in GRIDS:
        steps = stride * (np.arange(INPUT_SIZE // stride, dtype=np.float32) + 0.5)
        y, x = np.meshgrid(steps, steps, indexing="ij")
        grids.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), count, axis=0))
    return np.concatenate(grids)


def _face_box(
    corners: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    anchor: NDArray[np.float32],
    confidence: float,
    prepared: Prepared,
) -> FaceBox:
    start, end = map_points(prepared.boxes, corners.reshape(2, 2))
    return FaceBox(
        start=start,
        end=end,
        landmarks=map_points(prepared.landmarks, landmarks.reshape(6, 2) + anchor),
        confidence=confidence,
        size=np.abs(end - start),
    )


def _human_square(width: int, height: int) -> tuple[Affine, Affine]:
    """Go Human's way out of the square, for the boxes and for the landmarks.

    It scales by the wrong side and takes the padding off in the wrong unit ("TODO fix this math" in blazeface.ts), and
    it forgets the padding for the landmarks.
    """
    picture = np.array([width, height], np.float64)
    side = max(width, height)
    padding = (side - picture) // 2 / INPUT_SIZE
    scale = picture / INPUT_SIZE
    boxes = np.column_stack([np.diag(picture / side * scale), -padding * scale])
    return boxes, np.column_stack([np.diag(scale), np.zeros(2)])
