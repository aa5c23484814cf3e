"""CenterFace: face detectors for pictures of any size, with five landmarks.

Source: Xu, Yan, Yang and others, "CenterFace: Joint Face Detection and Alignment Using Face as Point" (2019); input and
decoding are those of its authors' prj-python/centerface.py. No model comes with HumanRT: a custom model card names the
outputs of a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceDetectorConfig
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.detector import POINTS, PlanarDetector, Prepared, face_boxes

STRIDE = 4  # the side of a cell, in pixels of the input


@dataclass(frozen=True)
class CenterFace(PlanarDetector):
    """Four maps of cells: the probability of a face, and its size, centre and points.

    The centre of the face is in the cell: y and x of it are relative to the middle of the cell, in cells. The size is
    the logarithms of height and width in cells. The points are y and x of five, as parts of the box.
    """

    outputs: tuple[str, ...] = ("heatmap", "scale", "offset", "landmarks")

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: FaceDetectorConfig) -> list[FaceBox]:
        """Decode the cells with a score over the threshold."""
        (heatmap,), scales, offsets, landmarks = (output[0] for output in outputs)
        rows, columns = np.nonzero(heatmap > task.min_confidence)
        places = np.stack([rows, columns])
        sizes = (np.exp(scales[:, rows, columns]) * STRIDE)[::-1].T
        centers = ((places + offsets[:, rows, columns] + 0.5) * STRIDE)[::-1].T
        starts = centers - sizes / 2
        parts = landmarks[:, rows, columns].T.reshape(-1, POINTS, 2)[..., ::-1]
        points = starts[:, np.newaxis] + parts * sizes[:, np.newaxis]
        corners = np.concatenate([starts, starts + sizes], axis=1).astype(np.float32)
        return face_boxes(corners, heatmap[rows, columns], points, prepared, task)


CENTERFACE = CenterFace()
