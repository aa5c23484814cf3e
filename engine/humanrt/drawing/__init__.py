"""Results drawn onto their pictures.

``result.py`` draws a whole Result, or the detections of one module; ``primitives.py`` draws boxes, lines, points and
labels.
"""

from humanrt.drawing.primitives import LIGHT_BLUE, Color, draw_box, draw_label, draw_lines, draw_points
from humanrt.drawing.result import (
    Drawing,
    draw_bodies,
    draw_faces,
    draw_gestures,
    draw_hands,
    draw_objects,
    draw_result,
    draw_segmentation,
)

__all__ = [
    "LIGHT_BLUE",
    "Color",
    "Drawing",
    "draw_bodies",
    "draw_box",
    "draw_faces",
    "draw_gestures",
    "draw_hands",
    "draw_label",
    "draw_lines",
    "draw_objects",
    "draw_points",
    "draw_result",
    "draw_segmentation",
]
