"""Faces: boxes, labels, the mesh with its contours and irises, and arrows in the direction of the eyes."""

import numpy as np
from numpy.typing import NDArray

from humanrt.drawing import mesh
from humanrt.drawing.canvas import Canvas
from humanrt.drawing.descriptions import face_texts, face_values, fill
from humanrt.drawing.options import Color
from humanrt.drawing.primitives import draw_lines, draw_points, ellipse, fixed_point, translucent
from humanrt.drawing.style import is_drawable
from humanrt.imaging.opencv import load_cv2
from humanrt.result import Face, Result

# The sides of a face below which its parts would cover it, in pixels.
LEAST_MESH, LEAST_CONTOURS = 110, 44
# The side from which the lines of a mesh have their full opacity, and that of each next pixel of their width.
FAINT, WIDE = 280, 500
GAZE: Color = (255, 192, 203)
# Human's highlights: the depth that lips and eyes are given in addition.
ATTENTION = 127
HEAD = 0.06


def draw_faces(canvas: Canvas, result: Result) -> None:
    """Draw the box, mesh, gaze and label of each face."""
    options = canvas.options
    for face in result.face:
        color = canvas.style.color("face", face.id)
        if len(face.mesh) >= mesh.MESH_POINTS and np.isfinite(face.mesh).all():
            _draw_mesh(canvas, face, color)
        elif (options.draw_polygons or options.draw_points) and len(face.mesh) and len(face.mesh) < mesh.MESH_POINTS:
            canvas.dots(face.mesh, color)
        if not is_drawable(face.box):
            continue
        canvas.box(face.box, color)
        if options.face_labels is None:
            texts = face_texts(face, numbered=len(result.face) > 1)
        else:
            texts = [fill(options.face_labels, face_values(face))]
        canvas.label(texts, face.box, color, rank=0, apart=True, on_faces=True)


def _draw_mesh(canvas: Canvas, face: Face, color: Color) -> None:
    options, points = canvas.options, face.mesh
    side = float(np.ptp(points[:, :2], axis=0).max())
    if options.draw_polygons:
        if options.fill_polygons:
            with translucent(canvas.pixels, points, options.alpha, margin=1):
                _fill(canvas, points, color)
        if side >= LEAST_MESH:
            width = max(1, round(side / WIDE))
            # A line is not narrower than a pixel: in a small face it is fainter instead.
            with translucent(canvas.pixels, points, options.alpha * min(1, side / FAINT), margin=2 * width):
                _draw_edges(canvas, points, color, width)
        if side >= LEAST_CONTOURS:
            _draw_contours(canvas, points, color, max(1, round(side / 250)))
    if options.draw_points:
        _draw_points(canvas, points, color, max(0.6, side / 250))
    if options.draw_gaze and side >= LEAST_CONTOURS:
        _draw_gaze(canvas, face, max(1, round(side / 150)))


def _fill(canvas: Canvas, points: NDArray[np.float32], color: Color) -> None:
    cv2 = load_cv2()
    fixed = fixed_point(points)
    corners = mesh.triangles()
    depths = points[corners, 2].mean(axis=1)
    for triangle, z in zip(fixed[corners], depths, strict=True):
        cv2.fillConvexPoly(canvas.pixels, triangle, canvas.shade(color, z), cv2.LINE_8, 4)


def _draw_edges(canvas: Canvas, points: NDArray[np.float32], color: Color, width: int) -> None:
    cv2, pixels = load_cv2(), canvas.pixels
    ends = mesh.edges()
    lines = fixed_point(points)[ends]
    if not canvas.options.use_depth:
        cv2.polylines(pixels, [*lines], False, color, width, cv2.LINE_AA, 4)
        return
    for line, z in zip(lines, points[ends, 2].mean(axis=1), strict=True):
        cv2.polylines(pixels, [line], False, canvas.shade(color, z), width, cv2.LINE_AA, 4)


def _draw_contours(canvas: Canvas, points: NDArray[np.float32], color: Color, width: int) -> None:
    """Draw the contours of the face and its parts, and the irises."""
    if canvas.options.draw_attention:
        for contour in mesh.CONTOURS.values():
            draw_lines(canvas.pixels, points[list(contour)], color, width=width, shadow=None)
    if len(points) >= mesh.POINTS_WITH_IRISES:
        for center in mesh.IRISES:
            draw_lines(canvas.pixels, _iris(points, center), color, closed=True, width=width, shadow=None)
            if canvas.options.fill_polygons:
                draw_points(canvas.pixels, [points[center]], color, radius=_radius(points, center), shadow=None)


def _draw_points(canvas: Canvas, points: NDArray[np.float32], color: Color, radius: float) -> None:
    options = canvas.options
    radius = radius if options.point_size is None else options.point_size
    if not options.use_depth:
        draw_points(canvas.pixels, points, color, radius=radius, shadow=None)
        return
    for i, (x, y, z) in enumerate(points.tolist()):
        highlight = options.draw_attention * ATTENTION * ((i in mesh.LIPS) - (i in mesh.EYES))
        draw_points(canvas.pixels, [(x, y)], canvas.shade(color, z + highlight), radius=radius, shadow=None)


def _draw_gaze(canvas: Canvas, face: Face, width: int) -> None:
    """Draw an arrow from each iris, as long as Human's: ``drawGazeArrows()`` of src/draw/face.ts."""
    gaze = face.rotation and face.rotation.gaze
    if not (gaze and gaze.strength and is_drawable(face.box)) or len(face.mesh) < mesh.POINTS_WITH_IRISES:
        return
    along = np.array([np.sin(gaze.bearing) * face.box[3], np.cos(gaze.bearing) * face.box[2]]) * gaze.strength
    for center in mesh.IRISES:
        start = face.mesh[center, :2].astype(np.float64)
        arrow = _arrow(start, start + along, HEAD * max(face.box[2:]))
        draw_lines(canvas.pixels, arrow, canvas.options.color or GAZE, width=width, shadow=None)


def _arrow(start: NDArray[np.float64], end: NDArray[np.float64], head: float) -> NDArray[np.float64]:
    """Return the points of an arrow, float64 [5, 2]."""
    length = float(np.hypot(*(end - start)))
    if not length:
        return start[None]
    forward = (end - start) / length * min(head, length / 2)
    across = np.array([-forward[1], forward[0]]) / 2
    return np.array([start, end, end - forward + across, end, end - forward - across])


def _iris(points: NDArray[np.float32], center: int) -> list[tuple[float, float]]:
    """Return the points of the ellipse around an iris, whose four points are on its right, top, left and bottom."""
    x, y = points[center, :2].tolist()
    width, height = 2 * _radius(points, center), float(np.abs(points[center + 2, 1] - points[center + 4, 1]))
    return ellipse((x - width / 2, y - height / 2, width, height))


def _radius(points: NDArray[np.float32], center: int) -> float:
    return float(np.abs(points[center + 1, 0] - points[center + 3, 0])) / 2
