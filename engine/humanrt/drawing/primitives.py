"""Boxes, points, lines and labels drawn onto a picture, in place.

Pictures are uint8 [h, w, 3] RGB, C-contiguous and writable. Coordinates are in pixels, x to the right, y down, and may
lie outside of the picture. Each line is thin, bright with a dark outline, and grows with the picture, so that it is
visible on any background. In the spirit of Human's ``draw``.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging.encode import check_picture
from humanrt.imaging.opencv import load_cv2

Color = tuple[int, int, int]
Points = NDArray[np.float64]

LIGHT_BLUE: Color = (173, 216, 230)
OUTLINE: Color = (24, 24, 24)

# OpenCV takes fixed-point coordinates with this number of fractional bits.
FRACTION_BITS = 4
# Far outside of any picture, and small enough that the fixed-point coordinates do not overflow.
COORDINATE_LIMIT = 1e5


def draw_box(
    image: NDArray[np.uint8], box: tuple[float, float, float, float], label: str = "", color: Color = LIGHT_BLUE
) -> None:
    """Draw the outline of a box, x, y, width and height as in a Result, and a label of one or more lines.

    The label is above the box, or below it if there is no room above.

    Raises ``InputError`` if the picture is not a canvas or a coordinate is not finite; then nothing was drawn.
    """
    x, y, width, height = box
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    draw_lines(image, corners, color, closed=True)
    if label:
        draw_label(image, label, x, y, color, below=y + height)


def draw_points(
    image: NDArray[np.uint8],
    points: Iterable[Iterable[float]],
    color: Color = LIGHT_BLUE,
    *,
    radius: float | None = None,
) -> None:
    """Draw dots at points of two or more coordinates, of which the first two are used.

    ``radius`` is in pixels; by default it grows with the picture. A radius below 1 has no outline.

    Raises ``InputError`` if the picture is not a canvas or a coordinate is not finite; then nothing was drawn.
    """
    _check_canvas(image)
    centers = _fixed_point(points).tolist()
    cv2 = load_cv2()
    size = round((_line_width(image) if radius is None else radius) * (1 << FRACTION_BITS))
    # All outlines are drawn first: in a dense mesh each would cover the dots beside it.
    outlines = [(size + (1 << FRACTION_BITS), OUTLINE)] if size >= 1 << FRACTION_BITS else []
    for dot_size, dot_color in (*outlines, (size, color)):
        for center in centers:
            cv2.circle(image, center, dot_size, dot_color, cv2.FILLED, cv2.LINE_AA, FRACTION_BITS)


def draw_lines(
    image: NDArray[np.uint8], points: Iterable[Iterable[float]], color: Color = LIGHT_BLUE, *, closed: bool = False
) -> None:
    """Draw a line from point to point, and back to the first if ``closed``.

    Points have two or more coordinates, of which the first two are used.

    Raises ``InputError`` if the picture is not a canvas or a coordinate is not finite; then nothing was drawn.
    """
    _check_canvas(image)
    path = [_fixed_point(points)]
    cv2 = load_cv2()
    width = _line_width(image)
    cv2.polylines(image, path, closed, OUTLINE, width + 2, cv2.LINE_AA, FRACTION_BITS)
    cv2.polylines(image, path, closed, color, width, cv2.LINE_AA, FRACTION_BITS)


def draw_label(
    image: NDArray[np.uint8],
    label: str,
    x: float,
    above: float,
    color: Color = LIGHT_BLUE,
    *,
    below: float | None = None,
) -> None:
    """Draw a label of one or more lines that ends at y = ``above``.

    If there is no room above, it begins at y = ``below``; if there is no room below, at the top of the picture.

    Raises ``InputError`` if the picture is not a canvas; then nothing was drawn.
    """
    _check_canvas(image)
    cv2 = load_cv2()
    lines = label.split("\n")
    scale = max(0.4, 0.35 * _line_width(image))
    sizes = [cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, scale, 1) for line in lines]
    line_height = round(1.4 * max(height + baseline for (_, height), baseline in sizes))
    label_width = max(width for (width, _), _ in sizes) + line_height // 2
    label_height = line_height * len(lines)
    start = above - label_height
    if start < 0 and below is not None and below + label_height <= image.shape[0]:
        start = below
    # A box may begin outside of the picture; its label is kept inside.
    left = int(np.clip(x, 0, max(0, image.shape[1] - label_width)))
    top = int(np.clip(start, 0, max(0, image.shape[0] - label_height)))
    cv2.rectangle(image, (left, top), (left + label_width, top + label_height), OUTLINE, cv2.FILLED)
    for i, line in enumerate(lines):
        origin = (left + line_height // 4, top + round((i + 0.72) * line_height))
        cv2.putText(image, line, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, color, 1, cv2.LINE_AA)


def _line_width(image: NDArray[np.uint8]) -> int:
    shorter_side: int = min(image.shape[:2])
    return max(1, round(shorter_side / 500))


def _fixed_point(points: Iterable[Iterable[float]]) -> NDArray[np.int32]:
    values = np.array([[*point][:2] for point in points], dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(values).all():
        raise InputError("a point to draw has a coordinate that is not finite")
    fixed = np.clip(values, -COORDINATE_LIMIT, COORDINATE_LIMIT) * (1 << FRACTION_BITS)
    return np.rint(fixed).astype(np.int32)


def _check_canvas(image: NDArray[np.uint8]) -> None:
    check_picture(image)
    if not (image.flags.writeable and image.flags.c_contiguous):
        raise InputError("a picture to draw on must be writable and C-contiguous: draw on image.copy()")
