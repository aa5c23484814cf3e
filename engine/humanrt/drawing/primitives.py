"""Boxes, points, lines and labels drawn onto a picture, in place.

Pictures are uint8 [h, w, 3] RGB, C-contiguous and writable. Coordinates are in pixels, x to the right, y down, and may
lie outside of the picture. Each line is thin, bright with a dark shadow, and grows with the picture, so that it is
visible on any background. In the spirit of Human's ``draw``.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.drawing.options import Color
from humanrt.drawing.text import Type
from humanrt.errors import InputError
from humanrt.imaging.encode import check_picture
from humanrt.imaging.opencv import load_cv2

Picture: TypeAlias = NDArray[np.uint8]
"""uint8 [h, w, 3] RGB, C-contiguous and writable."""
Path: TypeAlias = Iterable[Iterable[float]]
"""Points of two or more coordinates, of which the first two are used."""

LIGHT_BLUE: Color = (173, 216, 230)
SHADOW: Color = (24, 24, 24)

# OpenCV takes fixed-point coordinates with this number of fractional bits.
FRACTION_BITS = 4
ONE_PIXEL = 1 << FRACTION_BITS
# Far outside of any picture, and small enough that the fixed-point coordinates do not overflow.
COORDINATE_LIMIT = 1e5
# In a smaller picture a shadow lies on one side of a line, else it covers more than the line.
THIN_BELOW = 640
# The points of a quarter of a round corner, and of each part of a curve.
STEPS = 6


def draw_box(
    image: Picture,
    box: tuple[float, float, float, float],
    label: str = "",
    color: Color = LIGHT_BLUE,
    *,
    radius: float = 0,
    width: int | None = None,
    shadow: Color | None = SHADOW,
) -> None:
    """Draw the outline of a box, x, y, width and height as in a Result, and a label of one or more lines.

    The label is above the box, or below it if there is no room above. ``radius`` is that of the corners, in pixels;
    ``width`` and ``shadow`` are those of ``draw_lines()``.

    Raises ``InputError`` if the picture is not a canvas or a coordinate is not finite; then nothing was drawn.
    """
    x, y, _, height = box
    draw_lines(image, outline(box, radius), color, closed=True, width=width, shadow=shadow)
    if label:
        draw_label(image, label, x, y, color, below=y + height)


def draw_points(
    image: Picture,
    points: Path,
    color: Color = LIGHT_BLUE,
    *,
    radius: float | None = None,
    shadow: Color | None = SHADOW,
) -> None:
    """Draw dots at points of two or more coordinates, of which the first two are used.

    ``radius`` is in pixels; by default it grows with the picture. A radius below 1 has no shadow.

    Raises ``InputError`` if the picture is not a canvas or a coordinate is not finite; then nothing was drawn.
    """
    check_canvas(image)
    centers = fixed_point(points).tolist()
    cv2 = load_cv2()
    size = round((_line_width(image) if radius is None else radius) * ONE_PIXEL)
    edge = ONE_PIXEL if min(image.shape[:2]) >= THIN_BELOW else ONE_PIXEL // 2
    # All shadows are drawn first: in a dense mesh each would cover the dots beside it.
    shadows = [(size + edge, shadow)] if shadow is not None and size >= ONE_PIXEL else []
    for dot_size, dot_color in (*shadows, (size, color)):
        for center in centers:
            cv2.circle(image, center, dot_size, dot_color, cv2.FILLED, cv2.LINE_AA, FRACTION_BITS)


def draw_lines(
    image: Picture,
    points: Path,
    color: Color = LIGHT_BLUE,
    *,
    closed: bool = False,
    width: int | None = None,
    shadow: Color | None = SHADOW,
) -> None:
    """Draw a line from point to point, and back to the first if ``closed``.

    Points have two or more coordinates, of which the first two are used. ``width`` is in pixels; by default it grows
    with the picture. ``shadow`` is the colour of its shadow, or None for none.

    Raises ``InputError`` if the picture is not a canvas or a coordinate is not finite; then nothing was drawn.
    """
    check_canvas(image)
    path = fixed_point(points)
    cv2 = load_cv2()
    width = _line_width(image) if width is None else width
    if shadow is not None:
        thin = min(image.shape[:2]) < THIN_BELOW
        # On one side of the line, by a pixel; or on both.
        cast, cast_width = (path + ONE_PIXEL, width) if thin else (path, width + 2 * max(1, width // 3))
        cv2.polylines(image, [cast], closed, shadow, cast_width, cv2.LINE_AA, FRACTION_BITS)
    cv2.polylines(image, [path], closed, color, width, cv2.LINE_AA, FRACTION_BITS)


def draw_label(
    image: Picture,
    label: str,
    x: float,
    above: float,
    color: Color = LIGHT_BLUE,
    *,
    below: float | None = None,
) -> None:
    """Draw a label of one or more lines, on a translucent ground, that ends at y = ``above``.

    If there is no room above, it begins at y = ``below``; if there is no room below, at the top of the picture.

    Raises ``InputError`` if the picture is not a canvas; then nothing was drawn.
    """
    check_canvas(image)
    lines = label.split("\n")
    size = max(10, round(0.017 * min(image.shape[:2])))
    text = Type("sans", size, round(1.25 * size))
    width, height = text.measure(lines)
    start = above - height
    if start < 0 and below is not None and below + height <= image.shape[0]:
        start = below
    # A box may begin outside of the picture; its label is kept inside.
    left = int(np.clip(x, 0, max(0, image.shape[1] - width)))
    top = int(np.clip(start, 0, max(0, image.shape[0] - height)))
    text.draw(image, lines, (left, top), color, SHADOW)


def outline(box: tuple[float, float, float, float], radius: float = 0) -> list[tuple[float, float]]:
    """Return the corners of a box, x, y, width and height, each as a quarter of a circle if there is a radius."""
    x, y, width, height = box
    radius = max(0.0, min(radius, width / 2, height / 2))
    if not radius:
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    centers = [(x + width - radius, y + height - radius), (x + radius, y + height - radius)]
    centers += [(x + radius, y + radius), (x + width - radius, y + radius)]
    return [
        (center_x + radius * float(np.cos(angle)), center_y + radius * float(np.sin(angle)))
        for i, (center_x, center_y) in enumerate(centers)
        for angle in np.linspace(i, i + 1, STEPS) * np.pi / 2
    ]


def ellipse(box: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    """Return the points of the ellipse in a box, x, y, width and height."""
    x, y, width, height = box
    angles = np.linspace(0, 2 * np.pi, 12 * STEPS, endpoint=False)
    center_x, center_y = x + width / 2, y + height / 2
    return [*zip(center_x + np.cos(angles) * width / 2, center_y + np.sin(angles) * height / 2, strict=True)]


def curve(points: Path) -> NDArray[np.float64]:
    """Return a curve through the middles between points, float64 [n, 2]: Human's src/draw/primitives.ts."""
    path = _two(points)
    if len(path) < 3:
        return path
    middles = (path[1:-2] + path[2:-1]) / 2
    ends = [path[0], *middles, path[-1]]
    steps = np.linspace(0, 1, STEPS)[:, None]
    parts = [
        (1 - steps) ** 2 * start + 2 * steps * (1 - steps) * control + steps**2 * end
        for (start, end), control in zip(pairwise(ends), path[1:-1], strict=True)
    ]
    return np.concatenate(parts)


@contextmanager
def translucent(image: Picture, points: Path, alpha: float, margin: float) -> Iterator[Picture]:
    """Yield a copy of the picture, which is blended into it, with the weight ``alpha``, around these points."""
    path = _two(points)
    size = np.array(image.shape[1::-1])
    low = np.clip(np.floor(path.min(axis=0) - margin), 0, size).astype(int)
    high = np.clip(np.ceil(path.max(axis=0) + margin), 0, size).astype(int)
    window = image[low[1] : high[1], low[0] : high[0]]
    if alpha == 1 or not window.size:
        yield image
        return
    before = window.copy()
    yield image
    load_cv2().addWeighted(window, alpha, before, 1 - alpha, 0, dst=window)


def line_width(shorter_side: int) -> int:
    """Return the width of lines in a picture whose shorter side has this length, in pixels."""
    return max(1, round(shorter_side / 500))


def fixed_point(points: Path) -> NDArray[np.int32]:
    """Return points in OpenCV's fixed-point coordinates, int32 [n, 2].

    Raises ``InputError`` if a coordinate is not finite.
    """
    values = _two(points)
    if not np.isfinite(values).all():
        raise InputError("a point to draw has a coordinate that is not finite")
    fixed = np.clip(values, -COORDINATE_LIMIT, COORDINATE_LIMIT) * ONE_PIXEL
    return np.rint(fixed).astype(np.int32)


def check_canvas(image: Picture) -> None:
    """Raise ``InputError`` unless a picture is uint8 [h, w, 3], writable and C-contiguous."""
    check_picture(image)
    if not (image.flags.writeable and image.flags.c_contiguous):
        raise InputError("a picture to draw on must be writable and C-contiguous: draw on image.copy()")


def _line_width(image: Picture) -> int:
    return line_width(min(image.shape[:2]))


def _two(points: Path) -> NDArray[np.float64]:
    if isinstance(points, np.ndarray):
        return np.asarray(points[..., :2], np.float64).reshape(-1, 2)
    return np.array([[*point][:2] for point in points], dtype=np.float64).reshape(-1, 2)
