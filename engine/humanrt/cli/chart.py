"""Curves of measured values over time, drawn with the library's own lines and labels."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.drawing.primitives import draw_lines
from humanrt.drawing.text import Type

WIDTH, PANEL_HEIGHT = 1200, 230
LEFT, RIGHT, TOP, BOTTOM = 110, 20, 46, 14
INK, FAINT, CURVE = (40, 40, 40), (222, 222, 222), (30, 100, 200)
TITLE = Type("sans", 18, 22)
SMALL = Type("sans", 14, 18)


class Panel(NamedTuple):
    """One curve: its title, and its values at the times of the chart."""

    title: str
    values: Sequence[float]


def draw_chart(minutes: Sequence[float], panels: Sequence[Panel], warm: float) -> NDArray[np.uint8]:
    """Return a picture of curves over time, uint8 [h, w, 3] RGB, one below the other; ``warm`` ends the warm-up."""
    image = np.full((PANEL_HEIGHT * len(panels) + 40, WIDTH, 3), 255, np.uint8)
    end = max([*minutes, 1e-9])
    across = [LEFT + each / end * (WIDTH - LEFT - RIGHT) for each in minutes]
    for number, panel in enumerate(panels):
        top = number * PANEL_HEIGHT
        _draw_panel(image, top, panel, across, LEFT + warm / end * (WIDTH - LEFT - RIGHT))
    bottom = PANEL_HEIGHT * len(panels)
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = LEFT + share * (WIDTH - LEFT - RIGHT)
        _write(image, f"{share * end:.3g} min", min(x, WIDTH - 80), bottom + 6, SMALL)
    return image


def _draw_panel(image: NDArray[np.uint8], top: int, panel: Panel, across: Sequence[float], warm: float) -> None:
    _write(image, panel.title, LEFT - 6, top + 12, TITLE)
    low, high = min(panel.values), max(panel.values)
    if low == high:
        low, high = low - 1, high + 1
    first, last = top + TOP, top + PANEL_HEIGHT - BOTTOM
    for share in (0, 0.5, 1):
        y = last - share * (last - first)
        draw_lines(image, [(LEFT, y), (WIDTH - RIGHT, y)], FAINT, width=1, shadow=None)
        _write(image, f"{low + share * (high - low):.5g}", 10, y - 10, SMALL)
    draw_lines(image, [(warm, first), (warm, last)], FAINT, width=2, shadow=None)
    points = [(x, last - (y - low) / (high - low) * (last - first)) for x, y in zip(across, panel.values, strict=True)]
    draw_lines(image, points, CURVE, width=2, shadow=None)


def _write(image: NDArray[np.uint8], text: str, x: float, y: float, kind: Type) -> None:
    kind.draw(image, [text], (round(x), round(y)), INK, None)
