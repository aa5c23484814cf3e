"""Results drawn onto their images.

``primitives.py`` draws boxes, lines, points and labels, ``records.py`` the detections of one module, and ``result.py``
a whole result, as ``humanrt.draw_result``. It stands above ``vision/``, whose list of modules it reads.
"""
