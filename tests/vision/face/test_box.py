import numpy as np
import pytest

from humanrt.vision.face.box import FaceBox
from humanrt.vision.precision import EXACT


def box(start, end):
    return FaceBox(np.array(start, float), np.array(end, float), np.zeros((6, 2)), 0.5, np.array([1.0, 1.0]))


def test_centre_and_extent_are_computed_from_the_corners():
    assert box((10, 20), (30, 80)).center.tolist() == [20, 50]
    assert box((10, 20), (30, 80)).extent.tolist() == [20, 60]


def test_squared_enlarges_the_box_about_its_centre():
    squared = box((10, 20), (30, 80)).squared(1.5)
    assert squared.center.tolist() == [20, 50]
    assert squared.extent.tolist() == [90, 90]
    assert squared.size.tolist() == [30, 90]


def test_squared_rounds_to_whole_pixels():
    squared = box((10, 20), (30.2, 80)).squared(1.0)
    assert (*squared.start, *squared.end, *squared.size) == (-10, 20, 50, 80, 20, 60)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((10.5, 20.5), (30.25, 80), (10.5, 20.5, 19.75, 59.5)),
        ((-5, -5), (30, 80), (0, 0, 30, 80)),
        ((90, 40), (150, 90), (90, 40, 10, 10)),
    ],
)
def test_clamped_clips_the_box_to_the_image(start, end, expected):
    clamped = box(start, end).clamped(100, 50 if start == (90, 40) else 200)
    assert clamped.pixels(EXACT) == expected


def test_relative_does_not_clip():
    assert box((-10, 20), (150, 80)).relative(100, 200) == (-0.1, 0.1, 1.6, 0.3)


def test_centered_on_points_keeps_the_extent():
    moved = box((0, 0), (10, 20)).centered_on(np.array([[100.0, 50.0, 9.0], [120.0, 70.0, -9.0], [101.0, 51.0, 0.0]]))
    assert moved.center.tolist() == [110, 60]
    assert moved.extent.tolist() == [10, 20]
