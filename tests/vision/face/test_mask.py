from dataclasses import replace

import numpy as np
import pytest
from records import FACE

from humanrt.vision.face import mask

SQUARE = np.array([[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]])


def test_pixels_outside_of_the_enlarged_outline_are_darkened():
    """The square from 0.3 to 0.7 grows by 0.1 on each side."""
    crop = np.full((100, 100, 3), 200, np.uint8)
    masked = mask.darkened(crop, SQUARE)
    assert masked.dtype == np.uint8
    assert (masked[22:78, 22:78] == 200).all()
    assert (masked[:18] == 100).all()
    assert (masked[:, 82:] == 100).all()
    assert (masked == 200).sum() == pytest.approx(60 * 60 * 3, abs=3 * 4 * 60)
    assert (crop == 200).all()


def test_an_outline_may_be_concave():
    """A bay is outside, though the pixels to its left and right are inside."""
    bay = np.array([[0.2, 0.2], [0.2, 0.8], [0.8, 0.8], [0.8, 0.2], [0.6, 0.2], [0.5, 0.6], [0.4, 0.2]])
    masked = mask.darkened(np.ones((100, 100, 3), np.float32), bay)
    assert masked.dtype == np.float32
    assert masked[30, 50, 0] == 0.5
    assert masked[30, 20, 0] == masked[30, 80, 0] == 1


def is_inside(x, y, polygon):
    """src/face/mask.ts, insidePoly(), verbatim."""
    inside = False
    j = len(polygon) - 1
    for i in range(len(polygon)):
        (xi, yi), (xj, yj) = polygon[i], polygon[j]
        if ((yi > y) != (yj > y)) and (x < (xj - xi) * (y - yi) / (yj - yi) + xi):
            inside = not inside
        j = i
    return inside


def test_inside_is_decided_as_by_humans_function():
    polygon = np.random.default_rng(0).uniform(-0.2, 1.2, (36, 2))
    crop = np.ones((24, 30, 3), np.float32)
    grown = np.where(polygon > 0.5, polygon + 0.1, polygon - 0.1).tolist()
    expected = [[1.0 if is_inside(x / 30, y / 24, grown) else 0.5 for x in range(30)] for y in range(24)]
    assert mask.darkened(crop, polygon)[..., 0].tolist() == expected
    assert len({value for row in expected for value in row}) == 2


def test_the_outline_is_relative_to_the_crop():
    mesh = np.zeros((468, 3), np.float32)
    mesh[10] = (96, 48, 5)  # the first of the silhouette
    assert mask.outline_in_crop(mesh, None)[0].tolist() == [0.5, 0.25]


def test_only_faces_with_a_mesh_are_darkened():
    crops, meshes = np.full((3, 8, 8, 3), 200, np.uint8), [np.zeros((468, 3), np.float32)] * 3
    detected, meshed = replace(FACE, rotation=None), FACE
    masked = mask.darken(crops, meshes, [None, detected, meshed], mask.outline_in_crop)
    assert (masked[:2] == 200).all()
    assert (masked[2, 4:] == 100).all()
    assert (crops == 200).all()
