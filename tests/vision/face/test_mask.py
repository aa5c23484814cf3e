import numpy as np
import pytest

from humanrt.vision.face import mask

SQUARE = np.array([[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]])


def test_what_is_outside_of_the_grown_outline_is_darkened():
    """The square from 0.3 to 0.7 grows by 0.1 on each side."""
    crop = np.full((100, 100, 3), 200, np.uint8)
    masked = mask.darkened(crop, SQUARE)
    assert masked.dtype == np.uint8
    assert (masked[22:78, 22:78] == 200).all()
    assert (masked[:18] == 100).all()
    assert (masked[:, 82:] == 100).all()
    assert (masked == 200).sum() == pytest.approx(60 * 60 * 3, abs=3 * 4 * 60)
    assert (crop == 200).all()


def test_an_outline_may_be_hollow():
    """A bay: outside, though left and right of it is inside."""
    bay = np.array([[0.2, 0.2], [0.2, 0.8], [0.8, 0.8], [0.8, 0.2], [0.6, 0.2], [0.5, 0.6], [0.4, 0.2]])
    masked = mask.darkened(np.ones((100, 100, 3), np.float32), bay)
    assert masked.dtype == np.float32
    assert masked[30, 50, 0] == 0.5
    assert masked[30, 20, 0] == masked[30, 80, 0] == 1


def polygon_says(x, y, polygon):
    """src/face/mask.ts, insidePoly(), as it stands there."""
    inside = False
    j = len(polygon) - 1
    for i in range(len(polygon)):
        (xi, yi), (xj, yj) = polygon[i], polygon[j]
        if ((yi > y) != (yj > y)) and (x < (xj - xi) * (y - yi) / (yj - yi) + xi):
            inside = not inside
        j = i
    return inside


def test_it_is_humans_point_in_polygon():
    polygon = np.random.default_rng(0).uniform(-0.2, 1.2, (36, 2))
    crop = np.ones((24, 30, 3), np.float32)
    grown = np.where(polygon > 0.5, polygon + 0.1, polygon - 0.1).tolist()
    expected = [[1.0 if polygon_says(x / 30, y / 24, grown) else 0.5 for x in range(30)] for y in range(24)]
    assert mask.darkened(crop, polygon)[..., 0].tolist() == expected
    assert len({value for row in expected for value in row}) == 2


def test_the_outline_in_parts():
    mesh = np.zeros((468, 3), np.float32)
    mesh[10] = (96, 48, 5)  # the first of the silhouette
    assert mask.outline_in_crop(mesh, 192)[0].tolist() == [0.5, 0.25]
    assert mask.outline_in_box(mesh, (86, 40, 20, 16))[0].tolist() == [0.5, 0.5]


def test_a_box_without_area_darkens_everything_or_nothing_but_works():
    mesh = np.random.default_rng(0).uniform(0, 100, (468, 3)).astype(np.float32)
    masked = mask.darkened(np.ones((8, 8, 3), np.float32), mask.outline_in_box(mesh, (10, 10, 0, -5)))
    assert set(np.unique(masked)) <= {0.5, 1}
