"""One picture that is drawn on: its style, its lines, and its labels, which are placed when all of them are known."""

from collections.abc import Iterable, Sequence
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from humanrt.drawing.labels import Label, Rectangle, Text, place_labels
from humanrt.drawing.options import Color, DrawOptions
from humanrt.drawing.primitives import Path, Picture, curve, draw_box, draw_lines, draw_points, ellipse
from humanrt.drawing.style import Style, is_drawable, style_of
from humanrt.drawing.text import Type
from humanrt.result import Box, Result

# Outside of any picture; areas of boxes of this size are in the range of int64.
FAR = 2**30
# How far a label may be from its box, in heights of a line and in sides of the box.
REACH = (4, 1)
# The rank of the labels from which they are small.
SMALL_FROM = 2
# The shorter side of a box, in radii of its corners.
ROUND = 4
# The side of a group of points, in radii of its dots, and the least radius.
CLOSE, LEAST_RADIUS = 30, 0.6


class Canvas:
    """A picture, uint8 [h, w, 3] RGB, on which the detections of its result are drawn, in place."""

    def __init__(self, pixels: Picture, result: Result, options: DrawOptions) -> None:
        self.pixels = pixels
        self.options = options
        self.style: Style = style_of(result, options)
        self.size: tuple[int, int] = (result.width, result.height)
        self._faces = [self._visible(face.box) for face in result.face if is_drawable(face.box)]
        self._labels: list[Label] = []
        self._looks: list[tuple[Type, Color]] = []

    def box(self, box: Box, color: Color) -> None:
        """Draw a box, unless it is empty or the options leave boxes out."""
        if self.options.draw_boxes and is_drawable(box):
            if self.options.use_curves:
                self.lines(ellipse(box), color, closed=True)
            else:
                shadow, width = self.options.shadow_color, self.style.line_width
                # The corners of a small box would leave nothing of its sides.
                radius = min(self.style.round_rect, min(box[2:]) / ROUND)
                draw_box(self.pixels, box, color=color, radius=radius, width=width, shadow=shadow)

    def lines(self, points: Path, color: Color, *, closed: bool = False) -> None:
        """Draw a line from point to point."""
        width, shadow = self.style.line_width, self.options.shadow_color
        draw_lines(self.pixels, points, color, closed=closed, width=width, shadow=shadow)

    def skeleton(self, limbs: Iterable[Iterable[Iterable[float]]], color: Color) -> None:
        """Draw a line along each limb, whose points have two or more coordinates."""
        for limb in limbs:
            points = np.array([[*point, 0.0][:3] for point in limb], np.float64)
            if len(points) > 1 and np.isfinite(points).all():
                self.lines(curve(points) if self.options.use_curves else points, self.shade(color, points[:, 2].mean()))

    def dots(self, points: Sequence[Sequence[float]] | NDArray[np.float32], color: Color) -> None:
        """Draw a dot at each point of two or more coordinates, those that are not finite excepted.

        Dots are smaller where the points are close together, and left out where they would be one blot.
        """
        finite = [point for point in points if np.isfinite(point[:2]).all()]
        if not finite:
            return
        side = float(np.ptp([point[:2] for point in finite], axis=0).max())
        shadow, radius = self.options.shadow_color, self.style.point_size
        if self.options.point_size is None and len(finite) > 1:
            radius = min(radius, side / CLOSE)
        if radius < LEAST_RADIUS:
            return
        if not self.options.use_depth:
            draw_points(self.pixels, finite, color, radius=radius, shadow=shadow)
            return
        for point in finite:
            draw_points(self.pixels, [point], self.shade(color, *point[2:3]), radius=radius, shadow=shadow)

    def shade(self, color: Color, z: float = 0.0) -> Color:
        """Return a colour for the depth z if the options say so: ``colorDepth()`` of Human's src/draw/primitives.ts."""
        if not self.options.use_depth:
            return color
        red, green = np.clip([127 + 2 * z, 127 - 2 * z], 0, 255).astype(int).tolist()
        return red, green, 255

    def label(
        self,
        texts: Iterable[Sequence[str]],
        box: Box,
        color: Color,
        *,
        rank: int,
        beside: bool = False,
        apart: bool = False,
        on_faces: bool = False,
    ) -> None:
        """Add a label of one of these texts, the preferred first; nothing is drawn before ``draw_labels()``.

        Labels of a lower rank are placed first; those from 2 on are small. ``beside`` prefers the sides of the box.
        ``apart`` and ``on_faces`` allow places apart from the box and at the edge of a face, if there is no other.
        """
        form = self.style.type if rank < SMALL_FROM else self.style.small
        measured = tuple(Text(tuple(lines), *form.measure(lines)) for lines in texts if any(lines))
        visible = self._visible(box)
        left, top, right, bottom = visible
        if not (self.options.draw_labels and measured and left <= right and top <= bottom):
            return
        reach = max(REACH[0] * form.line_height, REACH[1] * (right - left), REACH[1] * (bottom - top)) if apart else 0
        self._labels.append(Label(measured, visible, reach, rank, beside, on_faces))
        self._looks.append((form, self.options.label_color or color))

    def draw_labels(self) -> None:
        """Draw the labels that have a place, and lines to those apart from their boxes."""
        placed = place_labels(self._labels, np.array(self._faces, np.int64).reshape(-1, 4), self.size)
        for label in placed:
            if label.tie is not None:
                self.lines(label.tie, self._looks[label.number][1])
        for label in placed:
            form, color = self._looks[label.number]
            form.draw(self.pixels, label.lines, label.corners[:2], color, self.options.shadow_color)

    def _visible(self, box: Box) -> Rectangle:
        """Return the part of a box in the picture; of a box outside of it, corners that are not in order."""
        left, top, right, bottom = whole(box)
        return max(left, 0), max(top, 0), min(right, self.size[0]), min(bottom, self.size[1])


def whole(box: Box) -> Rectangle:
    """Return the corners of the smallest rectangle of whole pixels around a box, x, y, width and height."""
    x, y, width, height = box
    left, top, right, bottom = (min(max(edge, -FAR), FAR) for edge in (x, y, x + width, y + height))
    return floor(left), floor(top), ceil(right), ceil(bottom)
