"""BlazeFace: the face detector, in the forms that it was published in.

Source: Bazarevsky and others, "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019); the anchors,
the decoding and the growing of the box are those of Human's src/face/blazeface.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.imaging import Affine, map_points, normalize, resize, resize_square
from humanrt.tensors import non_max_suppression
from humanrt.vision.activation import sigmoid
from humanrt.vision.anchors import anchor_centers
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.detector import Floats, Prepared, grown
from humanrt.vision.model import InputForm

# A row of a head, in pixels of the input; centre and landmarks are relative to the anchor.
SCORE, CENTER, SIZE, LANDMARKS = 0, slice(1, 3), slice(3, 5), slice(5, 17)
# The input of the form for the full range of distances, which has one fine grid.
FULL_RANGE_SIZE = 192


@dataclass(frozen=True)
class BlazeFace:
    """One form of the detector: what comes out, and which of it Human reads."""

    OUTPUTS: tuple[str, ...]
    human_reads: int = 0

    def prepare(self, picture: NDArray[np.uint8], form: InputForm, *, square: bool, quirks: bool) -> Prepared:
        """Scale a picture to float32 [1, n, n, 3], -1..1; ``quirks`` computes in float32, to come out as Human."""
        source: NDArray[Any] = picture.astype(np.float32) if quirks else picture
        if not square:
            resized, affine = resize(source, form.height, form.width)
            boxes = landmarks = affine
        else:
            resized, affine = resize_square(source, form.height)
            height, width = picture.shape[:2]
            boxes, landmarks = _human_square(width, height, form.height) if quirks else (affine, affine)
        return Prepared(normalize(resized, 1 / 127.5, -1.0), boxes, landmarks)

    def decode(
        self, outputs: Sequence[Floats], prepared: Prepared, settings: FaceDetectorConfig, *, quirks: bool
    ) -> list[FaceBox]:
        """Read the head; ``quirks`` reads the one that Human reads."""
        rows = _heads(outputs)[self.human_reads if quirks else 0][0]
        cells = anchors(prepared.pixels.shape[1])
        scores = sigmoid(rows[:, SCORE])
        centers = rows[:, CENTER] + cells
        halves = rows[:, SIZE] / 2
        corners = np.concatenate([centers - halves, centers + halves], axis=1)
        chosen = non_max_suppression(
            corners, scores, settings.max_detected, settings.iou_threshold, settings.min_confidence
        )
        boxes = (_face_box(corners[i], rows[i, LANDMARKS], cells[i], float(scores[i]), prepared) for i in chosen)
        return grown(boxes, settings)


# blazeface, blazeface-back and blazeface-front: scores and boxes of the two grids apart.
IN_FOUR_PARTS = BlazeFace(("scores_512", "scores_384", "boxes_512", "boxes_384"))
# facemesh-detection-short.
SHORT_RANGE = BlazeFace(("objects",))
# facemesh-detection-full has two heads; Human takes that of persons for the one of faces.
FULL_RANGE = BlazeFace(("faces", "persons"), human_reads=1)


@cache
def anchors(input_size: int) -> NDArray[np.float32]:
    """Make the centres of the anchors, float32 [n, 2], in pixels of an input of ``input_size``."""
    # How far apart the cells of each grid are, in pixels of the input, and how many anchors share one.
    spec = ((4, 1),) if input_size == FULL_RANGE_SIZE else ((input_size // 16, 2), (input_size // 8, 6))
    return anchor_centers(input_size, spec)


def _heads(outputs: Sequence[Floats]) -> Sequence[Floats]:
    """Give every head as [1, n, 17]."""
    if len(outputs) < len(IN_FOUR_PARTS.OUTPUTS):
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
    return FaceBox(
        start=start,
        end=end,
        landmarks=map_points(prepared.landmarks, landmarks.reshape(6, 2) + anchor),
        confidence=confidence,
        size=np.abs(end - start),
    )


def _human_square(width: int, height: int, input_size: int) -> tuple[Affine, Affine]:
    """Go Human's way out of the square, for the boxes and for the landmarks.

    It scales by the wrong side and takes the padding off in the wrong unit ("TODO fix this math" in blazeface.ts), and
    it forgets the padding for the landmarks.
    """
    picture = np.array([width, height], np.float64)
    side = max(width, height)
    padding = (side - picture) // 2 / input_size
    scale = picture / input_size
    boxes = np.column_stack([np.diag(picture / side * scale), -padding * scale])
    return boxes, np.column_stack([np.diag(scale), np.zeros(2)])
