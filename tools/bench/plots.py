"""Plots of curves, drawn by HumanRT itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from humanrt.drawing.primitives import draw_label, draw_lines
from humanrt.imaging import write_png

SIZE, MARGIN = 640, 60
COLORS = ((200, 40, 40), (40, 90, 200), (30, 140, 60), (180, 110, 0), (130, 50, 160), (0, 140, 150))
AXES, GRID = (60, 60, 60), (220, 220, 220)
STEPS = 5

Curve = Sequence[tuple[float, float]]


def write_plot(path: Path, title: str, axes: tuple[str, str], curves: Mapping[str, Curve]) -> None:
    """Write curves of values of 0 to 1 to a PNG, each by its name: x and y of its points, in the order of x."""
    image = np.full((SIZE, SIZE, 3), 255, np.uint8)
    for i in range(STEPS + 1):
        share = i / STEPS
        for ends in (((share, 0.0), (share, 1.0)), ((0.0, share), (1.0, share))):
            draw_lines(image, [place(*end) for end in ends], GRID if i else AXES, width=1, shadow=None)
        x, y = place(share, share)
        draw_label(image, f"{share:g}", x - 8, SIZE - MARGIN + 24, AXES)
        draw_label(image, f"{share:g}", MARGIN - 34, y + 8, AXES)
    draw_label(image, title, MARGIN, 30, AXES)
    draw_label(image, f"{axes[1]} over {axes[0]}", MARGIN, MARGIN - 6, AXES)
    for i, (name, curve) in enumerate(curves.items()):
        color = COLORS[i % len(COLORS)]
        if len(curve) > 1:
            draw_lines(image, [place(*point) for point in curve], color, width=2, shadow=None)
        draw_label(image, name, SIZE - 3 * MARGIN, SIZE - MARGIN - 20 * (len(curves) - i), color)
    write_png(path, image)


def place(x: float, y: float) -> tuple[int, int]:
    """Return the pixel of a point of the plot."""
    return round(MARGIN + x * (SIZE - 2 * MARGIN)), round(SIZE - MARGIN - y * (SIZE - 2 * MARGIN))
