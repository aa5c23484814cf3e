"""Drawing a Result onto its picture, in the spirit of Human's ``draw.all``."""

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import draw_box, draw_lines, draw_points
from humanrt.result import Face, Result

# The parts of the mesh that are drawn as lines, and whether they close.
OUTLINES = {
    "silhouette": True,
    "lipsLowerOuter": False,
    "rightEyeLower0": False,
    "rightEyeUpper0": False,
    "leftEyeLower0": False,
    "leftEyeUpper0": False,
    "rightEyebrowUpper": False,
    "leftEyebrowUpper": False,
}


def draw_result(pixels: NDArray[np.uint8], result: Result) -> NDArray[np.uint8]:
    """Draw everything in ``result`` on a copy of its picture, uint8 [h, w, 3] RGB, and return the copy."""
    canvas = np.array(pixels, order="C")
    for face in result.face:
        _draw_face(canvas, face)
    return canvas


def _draw_face(canvas: NDArray[np.uint8], face: Face) -> None:
    draw_points(canvas, face.mesh)
    for part, closed in OUTLINES.items():
        if part in face.annotations:
            draw_lines(canvas, face.annotations[part], closed=closed)
    draw_box(canvas, face.box, f"face {face.id}: {face.score:.0%}")
