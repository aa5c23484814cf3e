"""A whole result, drawn onto its image, in the spirit of Human's ``draw.all``."""

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Result
from humanrt.vision.modules import MODULES


def draw_result(pixels: NDArray[np.uint8], result: Result) -> NDArray[np.uint8]:
    """Return a copy of the image of ``result``, uint8 [h, w, 3] RGB, with all detections drawn on it.

    Raises ``InputError`` if ``pixels`` is not such an image.
    """
    canvas = np.array(pixels, order="C")
    for module in sorted(MODULES, key=lambda module: module.layer):
        module.draw(canvas, result)
    return canvas
