"""Results drawn onto their pictures: ``primitives.py`` draws lines, points and labels, ``result.py`` a whole Result."""

from humanrt.drawing.primitives import LIGHT_BLUE, Color, draw_box, draw_label, draw_lines, draw_points
from humanrt.drawing.result import draw_result

__all__ = ["LIGHT_BLUE", "Color", "draw_box", "draw_label", "draw_lines", "draw_points", "draw_result"]
