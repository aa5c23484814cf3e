"""Meshes, contours, irises and gaze; the triangulation is compared with Human's in tests/peer/test_drawing.py."""

from dataclasses import replace

import numpy as np
import pytest
from records import FACE

from humanrt import Angle, Gaze, Result, Rotation, draw_result
from humanrt.drawing import mesh
from humanrt.drawing.faces import FAINT

PICTURE = np.full((400, 400, 3), 90, np.uint8)
SIDE = 308.0  # a grid of whole pixels
PINK = (255, 192, 203)


def face(points=478, *, side=SIDE, gaze=(0.0, 0.0), depth=0.0):
    """A face whose points lie on a grid of 22 columns, the irises' on circles."""
    step = side / 22
    places = [(80 + step * (i % 22), 80 + step * (i // 22), depth) for i in range(mesh.MESH_POINTS)]
    for center in ((150.0, 150.0), (250.0, 150.0)):
        places += [
            (center[0] + 12 * x, center[1] + 12 * y, depth) for x, y in ((0, 0), (1, 0), (0, -1), (-1, 0), (0, 1))
        ]
    where = np.array(places[:points], np.float32)
    rotation = Rotation(Angle(0.0, 0.0, 0.0), (1.0,) * 9, Gaze(*gaze))
    return replace(FACE, box=(70.0, 70.0, 260.0, 260.0), mesh=where, rotation=rotation)


def drawn(record, **options):
    options = {"draw_boxes": False, "draw_labels": False, "draw_gaze": False} | options
    return draw_result(PICTURE, Result(400, 400, face=(record,)), options)


def strength(pixels, start, end):
    """Return the least change of the picture along a line, in gray levels of the red channel."""
    steps = np.linspace(0.1, 0.9, 12)[:, None]
    x, y = np.rint(np.array(start)[:2] * (1 - steps) + np.array(end)[:2] * steps).astype(int).T
    change = np.abs(pixels.astype(int) - PICTURE).max(axis=2)
    return min(change[b - 1 : b + 2, a - 1 : a + 2].max() for a, b in zip(x, y, strict=True))


def test_every_edge_of_the_triangulation_is_drawn():
    record = face()
    pixels = drawn(record, draw_attention=False)
    for one, other in mesh.edges()[::25]:
        assert strength(pixels, record.mesh[one], record.mesh[other]) > 15
    assert (drawn(record, draw_polygons=False) == PICTURE).all()
    assert (drawn(replace(record, mesh=record.mesh[:0])) == PICTURE).all()


def test_meshes_are_translucent():
    change = [
        np.abs(drawn(face(468), alpha=alpha, draw_attention=False).astype(int) - 90).max() for alpha in (0.2, 0.5, 1.0)
    ]
    assert change == pytest.approx([28, 70, 140], abs=3)  # the blue of light blue, 230, over 90


def test_the_mesh_of_a_small_face_is_fainter():
    options = {"alpha": 1.0, "draw_attention": False}
    change = [np.abs(drawn(face(468, side=side), **options).astype(int) - 90).max() for side in (SIDE, SIDE / 2)]
    assert change[1] == pytest.approx(change[0] * (SIDE / 2 * 21 / 22) / FAINT, abs=4)


def test_contours_and_irises_are_emphasised():
    record = face()
    pixels, plain = drawn(record), drawn(record, draw_attention=False)
    for contour in mesh.CONTOURS.values():
        one, other = record.mesh[list(contour[:2])]
        assert strength(pixels, one, other) > 60
    assert (pixels != plain).any()
    ring = [150 + 12 * np.sqrt(0.5), 150 - 12 * np.sqrt(0.5)]
    assert strength(plain, ring, ring) > 60
    assert not (drawn(face(468), draw_attention=False) == plain).all(), "irises need 478 points"


def test_a_small_face_is_not_covered_by_its_mesh():
    pixels = drawn(face(468, side=40.0))
    assert (pixels == PICTURE).all()
    contours = drawn(face(468, side=80.0))
    assert (contours != PICTURE).any()
    assert (drawn(face(468, side=80.0), draw_attention=False) == PICTURE).all(), "no triangles"


def test_a_face_without_a_mesh_has_its_landmarks():
    record = face(6)
    pixels = drawn(replace(record, mesh=record.mesh * (1, 3, 0)))
    for x, y, _ in record.mesh * (1, 3, 0):
        assert strength(pixels, (x, y), (x, y)) > 60


def test_polygons_can_be_filled():
    filled = drawn(face(), fill_polygons=True, draw_attention=False)
    assert (filled[90:270, 90:290] != 90).any(axis=2).mean() > 0.95
    assert strength(filled, (150, 150), (150, 150)) > 60, "irises, too"


def test_points_are_dots_on_request():
    record = face()
    pixels = drawn(record, draw_polygons=False, draw_points=True)
    for x, y, _ in record.mesh[::20].astype(int):
        assert strength(pixels, (x, y), (x, y)) > 30


def test_depth_is_a_colour_on_request():
    """colorDepth() of Human's src/draw/primitives.ts: 127 + 2 z, 127 - 2 z, 255."""
    for z, color in ((0, (127, 127, 255)), (30, (187, 67, 255)), (-100, (0, 255, 255))):
        options = {"use_depth": True, "alpha": 1.0, "draw_attention": False}
        for more in ({}, {"draw_polygons": False, "draw_points": True, "point_size": 3}):
            pixels = drawn(face(468, depth=z), **options | more)
            assert (np.abs(pixels.astype(int) - color).max(axis=2) < 3).any()
    highlights = drawn(face(468), use_depth=True, draw_polygons=False, draw_points=True, point_size=3)
    for z in (127, -127):
        color = np.clip([127 + 2 * z, 127 - 2 * z, 255], 0, 255)
        assert (np.abs(highlights.astype(int) - color).max(axis=2) < 3).any(), "lips and eyes have a depth of their own"


def test_arrows_have_humans_direction_and_length():
    """drawGazeArrows() of Human's src/draw/face.ts: sin(bearing) by the box's height, cos(bearing) by its width."""
    record = face(gaze=(np.pi / 3, 0.5))
    pixels = drawn(record, draw_polygons=False, draw_gaze=True)
    along = np.array([np.sin(np.pi / 3), np.cos(np.pi / 3)]) * 0.5 * 260
    for center in ((150, 150), (250, 150)):
        assert strength(pixels, center, center + along) > 60
    changed = (np.abs(pixels.astype(int) - PINK).max(axis=2) < 40).nonzero()
    assert changed[1].max() == pytest.approx(250 + along[0], abs=3)
    for still in (face(gaze=(0.0, 0.0)), face(468, gaze=(1.0, 0.5)), replace(record, rotation=None)):
        assert (drawn(still, draw_polygons=False, draw_gaze=True) == PICTURE).all()
