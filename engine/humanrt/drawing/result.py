"""A whole result, drawn onto its picture, in the spirit of Human's ``draw.all``; and the faces cut out of it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from humanrt.config.section import checked
from humanrt.drawing.canvas import Canvas, whole
from humanrt.drawing.options import DrawOptions
from humanrt.drawing.primitives import check_canvas
from humanrt.drawing.style import is_drawable
from humanrt.errors import ConfigError, InputError
from humanrt.imaging.encode import check_picture
from humanrt.imaging.opencv import load_cv2
from humanrt.result import Result
from humanrt.vision.modules import MODULES


def draw_result(
    pixels: NDArray[np.uint8],
    result: Result,
    options: DrawOptions | Mapping[str, object] | None = None,
    *,
    bgr: bool = False,
    in_place: bool = False,
) -> NDArray[np.uint8]:
    """Return a copy of the picture of ``result``, uint8 [h, w, 3] RGB, with all detections drawn on it.

    ``options`` are ``DrawOptions`` or a dict of them. With ``bgr`` the picture is BGR, as OpenCV's are, and so is what
    is returned. With ``in_place`` the picture itself, which must be writable and C-contiguous, is drawn on and
    returned. This blocks for some milliseconds: call it with ``asyncio.to_thread()`` on an event loop.

    Raises ``InputError`` if ``pixels`` is not such a picture or has another size than that of the result,
    ``ConfigError`` if an option is unknown or wrong; then nothing was drawn. Raises ``TensorDisposedError`` if the
    result has a segmentation that was disposed.
    """
    if options is None or isinstance(options, Mapping):
        options = DrawOptions().merge(options or {})
    if not isinstance(options, DrawOptions):
        raise ConfigError(f"options is {type(options).__name__}; it must be DrawOptions, a dict or None")
    for name, value in (("bgr", bgr), ("in_place", in_place)):
        checked(value, bool, name)
    _check_size(pixels, result)
    drawn = pixels if in_place else np.array(pixels, order="C")
    check_canvas(drawn)
    canvas = Canvas(drawn, result, options)
    if bgr:
        _swap(drawn)
    try:
        for module in sorted(MODULES, key=lambda module: module.layer):
            module.draw(canvas, result)
        canvas.draw_labels()
    finally:
        if bgr:
            _swap(drawn)
    return drawn


def crop_faces(pixels: NDArray[np.uint8], result: Result) -> list[NDArray[np.uint8]]:
    """Return the box of each face of ``result`` cut out of its picture, as copies, uint8 [h, w, 3], in the same order.

    Boxes are rounded outwards to whole pixels and clipped to the picture; what lies outside of it is [0, 0, 3].

    Raises ``InputError`` if ``pixels`` is not uint8 [h, w, 3] or has another size than that of the result.
    """
    _check_size(pixels, result)
    crops = []
    for face in result.face:
        left, top, right, bottom = whole(face.box) if is_drawable(face.box) else (0, 0, 0, 0)
        crop = pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        crops.append(crop.copy() if crop.size else np.empty((0, 0, 3), np.uint8))
    return crops


def _check_size(pixels: NDArray[np.uint8], result: Result) -> None:
    check_picture(pixels)
    if not isinstance(result, Result):
        raise InputError(f"the result is {type(result).__name__}; it must be a Result, as detect() returns it")
    height, width = pixels.shape[:2]
    if (width, height) != (result.width, result.height):
        raise InputError(
            f"the picture has {width} x {height} pixels, and that of the result {result.width} x {result.height}; draw "
            "on the picture that was detected in"
        )


def _swap(pixels: NDArray[np.uint8]) -> None:
    cv2 = load_cv2()
    cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels)
