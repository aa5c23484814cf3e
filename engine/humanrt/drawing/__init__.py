"""Results drawn onto their pictures.

Each file imports only those before it::

    options.py       Human's options of drawing
    text.py          type in TrueType fonts
    primitives.py    boxes, lines, points and labels
    style.py         sizes and colours that follow the picture and its people
    mesh.py          Human's triangulation of the face
    labels.py        places for labels
    descriptions.py  the texts of labels
    canvas.py        one picture that is drawn on
    faces.py         records.py    the detections of one module
    result.py        a whole result, as ``humanrt.draw_result``; it is above ``vision/``, whose list of modules it reads
"""

from humanrt.drawing.options import DrawOptions
from humanrt.drawing.primitives import draw_box, draw_label, draw_lines, draw_points

__all__ = ["DrawOptions", "draw_box", "draw_label", "draw_lines", "draw_points"]
