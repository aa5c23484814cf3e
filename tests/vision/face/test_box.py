import numpy as np
import pytest

from humanrt.config import FaceDetectorConfig
from humanrt.vision.face.box import FaceBox, merged, trusted
from humanrt.vision.precision import EXACT


def box(start, end, score=0.5):
    return FaceBox(np.array(start, float), np.array(end, float), np.zeros((6, 2)), score, np.array([1.0, 1.0]))


def square(side, score=0.5):
    return box((0, 0), (side, side), score)


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


def test_each_run_is_trusted_with_faces_of_its_sizes():
    # At 1280 a face of 90 pixels of the image has 180 pixels, at 640 it has 90, at 128 it has 18.
    runs = [[square(side) for side in (60, 90, 300)], [square(side) for side in (8, 90, 330)], [square(8), square(170)]]
    kept = trusted(runs, (128, 640, 1280), 640)
    assert [each.end[0] for each in kept] == [90, 300, 90, 8]


def test_no_size_is_left_out_between_runs_that_are_far_apart():
    runs = [[square(side)] for side in (300, 300)]
    # 15 pixels at 32, which has too few of them, and 600 at 1280.
    assert len(trusted(runs, (32, 1280), 640)) == 1


def test_a_box_in_a_better_one_and_one_around_a_better_one_are_dropped():
    settings = FaceDetectorConfig(max_detected=9, iou_threshold=0.3)
    face = box((100, 100), (200, 200), 0.9)
    part, group = box((110, 110), (150, 150), 0.8), box((80, 80), (290, 290), 0.7)
    beside = box((190, 190), (250, 250), 0.6)
    assert [each.confidence for each in merged([beside, group, part, face], settings)] == [0.9, 0.6]
    # Of what is dropped nothing is dropped.
    inside_part = box((148, 148), (178, 178), 0.5)
    far = box((205, 205), (245, 245), 0.5)
    assert [each.confidence for each in merged([group, far, face], settings)] == [0.9, 0.5]
    assert len(merged([inside_part, part], settings)) == 2


def test_a_box_between_two_better_ones_and_on_both_is_dropped():
    settings = FaceDetectorConfig(max_detected=9, iou_threshold=0.3)
    above, below = box((0, 0), (100, 100), 0.9), box((0, 110), (100, 210), 0.8)
    # Of its 65 rows 30 and 25 are those of the others. The next box shares a third of its pixels, the last one side.
    between = box((0, 70), (100, 135), 0.7)
    less, on_one = box((55, 80), (155, 130), 0.6), box((0, 188), (100, 228), 0.5)
    assert [each.confidence for each in merged([above, below, between], settings)] == [0.9, 0.8]
    assert [each.confidence for each in merged([above, below, less, on_one], settings)] == [0.9, 0.8, 0.6, 0.5]
