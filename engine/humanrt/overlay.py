"""Drawing a Result onto its picture, in the spirit of Human's ``draw.all``."""

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import draw_box, draw_points
from humanrt.result import Face, Result


def draw_result(pixels: NDArray[np.uint8], result: Result) -> NDArray[np.uint8]:
    """Draw everything in ``result`` on a copy of its picture, uint8 [h, w, 3] RGB, and return the copy."""
    canvas = np.array(pixels, order="C")
    for face in result.face:
        _draw_face(canvas, face)
    return canvas


def _draw_face(canvas: NDArray[np.uint8], face: Face) -> None:
    draw_box(canvas, face.box, f"face {face.id}: {face.score:.0%}")
    # The dots of a mesh grow with the face, so that a small face is not covered by them.
    draw_points(canvas, face.mesh, radius=max(face.box[2:]) / 250)
