"""What all face detectors have in common, and those of any size of picture: pixels, cells and boxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.imaging import Affine, map_points, planar, scaled
from humanrt.tensors import non_max_suppression
from humanrt.vision.face.box import FaceBox, grown
from humanrt.vision.stage import Family, InputForm, VisionModel

# The sides of the cells of a detector with three grids, in pixels of the input.
STRIDES = (8, 16, 32)
# The longer side of the input if neither the configuration nor the model card has one.
LONGER_SIDE = 640
POINTS = 5  # of a face


class Prepared(NamedTuple):
    """A detector's input, and the affines from its pixels to the image's."""

    pixels: NDArray[Any]  # [1, h, w, 3] or [1, 3, h, w], float32 or uint8
    boxes: Affine
    landmarks: Affine


@dataclass(frozen=True)
class FaceDetector(Family[FaceDetectorConfig, Prepared, list[FaceBox]]):
    """A family of models that detect faces.

    ``prepare`` pads the image to a square first if the configuration's ``square`` is set, so that faces keep their
    proportions. ``decode`` returns the best boxes in pixels of the image, best first, enlarged and squared for the
    mesh.
    """


@dataclass(frozen=True)
class PlanarDetector(FaceDetector):
    """A detector with an input of [1, 3, h, w] of any size, multiples of 32, or of the one size of its model card.

    ``bgr`` is the order of the channels; the values are 0..255 less ``mean``, times ``factor``. The image keeps its
    proportions and is padded with black at the right and below; ``square`` has no effect.
    """

    bgr: bool = False
    mean: float = 0.0
    factor: float = 1.0

    def form(self, model: VisionModel) -> InputForm:
        """Return the form as it is on the model card: 3, the height and the width, 0 where any is accepted."""
        return model.form

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceDetectorConfig) -> Prepared:
        """Return the image as float32 [1, 3, h, w]."""
        _, fixed_height, fixed_width = form
        if fixed_height and fixed_width:
            scale = min(fixed_height / source.shape[0], fixed_width / source.shape[1])
            height, width = (max(1, round(length * scale)) for length in source.shape[:2])
            below, right = fixed_height - height, fixed_width - width
        else:
            height, width = scaled_size(source, task.input_size[0] if task.input_size else LONGER_SIDE)
            below, right = -height % STRIDES[-1], -width % STRIDES[-1]
        if (height, width) == source.shape[:2]:
            resized, affine = source, np.eye(2, 3)
        else:
            resized, affine = scaled(source, height, width)
        pixels = planar(resized, below, right, bgr=self.bgr)
        if self.mean:
            pixels -= np.float32(self.mean)
        if self.factor != 1:
            pixels *= np.float32(self.factor)
        return Prepared(pixels, affine, affine)


def face_boxes(
    corners: NDArray[np.float32],
    scores: NDArray[np.float32],
    points: NDArray[np.float32],
    prepared: Prepared,
    task: FaceDetectorConfig,
) -> list[FaceBox]:
    """Return the best faces of boxes that annotators would draw: corners [n, 4], points [n, 5 or 0, 2], in pixels."""
    chosen = non_max_suppression(corners, scores, task.max_detected, task.iou_threshold, task.min_confidence)
    starts, ends = (map_points(prepared.boxes, each) for each in (corners[chosen, :2], corners[chosen, 2:]))
    places = map_points(prepared.landmarks, points[chosen].reshape(-1, 2)).reshape(len(chosen), *points.shape[1:])
    rows = zip(starts, ends, places, scores[chosen].tolist(), ends - starts, strict=True)
    return grown((FaceBox(*row, annotated=True) for row in rows), task)


def joined(outputs: Sequence[NDArray[Any]], length: int) -> NDArray[np.float32]:
    """Return the outputs of one kind, one of each grid, as [cells, length]; they may have an axis of images."""
    return np.concatenate([output.reshape(-1, length) for output in outputs])


# Pictures of any shape come in weeks, and those of a video have one.
@lru_cache(maxsize=16)
def cells(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return x and y of all cells of an input, float32 [n, 2], in cells of their grid, and their sides, [n, 1]."""
    grids = []
    for stride in STRIDES:
        y, x = np.mgrid[: height // stride, : width // stride]
        grids.append((np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32), np.float32(stride)))
    sides = [np.full((len(corners), 1), stride) for corners, stride in grids]
    return np.concatenate([corners for corners, _ in grids]), np.concatenate(sides)


def scaled_size(picture: NDArray[Any], longer_side: int) -> tuple[int, int]:
    """Return the height and width of an image that is scaled to ``longer_side``, to the nearest pixel."""
    height, width = picture.shape[:2]
    scale = longer_side / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))
