from dataclasses import replace

import numpy as np
import pytest
from body_outputs import image, movenet_bodies
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyConfig
from humanrt.vision.body.detector import BodyTask
from humanrt.vision.body.movenet import SEVERAL
from humanrt.vision.body.skeleton import COCO, COCO_PARTS, DEVIATIONS, Pose
from humanrt.vision.body.tiles import all_large, halves, merged, similarity
from humanrt.vision.stage import InputForm

ANY_SIZE = InputForm(0, 0, 3)
# A body of 100 x 200 pixels.
POINTS = np.random.default_rng(0).uniform(0, 1, (len(COCO_PARTS), 2)) * (100, 200)
POINTS[:2] = (0, 0), (100, 200)


def body(x=0.0, score=0.9, points=POINTS, parts=17):
    scores = np.where(np.arange(len(COCO_PARTS)) < parts, 0.9, 0.0)
    return COCO.body(Pose(score, scores, points + np.array((x, 0))), (1000, 1000), 0.5)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (1000, 500, ((0, 0, 600, 500), (400, 0, 1000, 500))),
        (500, 1000, ((0, 0, 500, 600), (0, 400, 500, 1000))),
        (3, 3, ((0, 0, 2, 3), (1, 0, 3, 3))),
        (1, 1, ((0, 0, 1, 1), (0, 0, 1, 1))),
    ],
)
def test_the_halves_of_an_image_overlap(width, height, expected):
    assert halves(width, height) == expected


def test_large_bodies_fill_the_image_in_one_direction():
    def of_size(width, height):
        return replace(body(), box_raw=(0, 0, width, height))

    assert all_large([of_size(0.1, 0.6), of_size(0.7, 0.2)])
    assert not all_large([of_size(0.5, 0.9), of_size(0.5, 0.59)])
    assert not all_large([])


class TestSimilarity:
    def test_it_is_cocos(self):
        """exp(-d^2 / (2 area (2 deviation)^2)), the mean over the points that both have."""
        moved = POINTS + np.array((3, 4))
        expected = np.exp(-25 / (2 * 100 * 200 * (2 * DEVIATIONS) ** 2))
        assert similarity(POINTS, moved) == pytest.approx(expected.mean())
        moved[5:] = np.nan
        assert similarity(POINTS, moved) == pytest.approx(expected[:5].mean())

    def test_bodies_that_share_no_point_are_not_similar(self):
        one, other = POINTS.copy(), POINTS.copy()
        one[:8], other[8:] = np.nan, np.nan
        assert similarity(one, other) == 0


class TestMerged:
    def test_the_better_of_two_similar_bodies_stays(self):
        whole, far = body(score=0.8), body(500, 0.7)
        larger = body(2, 0.9)
        found = merged([[whole], [larger, far]], 10)
        assert [(each.id, each.score, each.box) for each in found] == [(0, 0.9, larger.box), (1, 0.7, far.box)]

    def test_part_of_a_body_is_that_body(self):
        assert len(merged([[body()], [body(1, parts=4)]], 10)) == 1

    def test_bodies_of_one_list_are_compared_too(self):
        assert len(merged([[body(0), body(1, 0.8)]], 10)) == 1

    def test_the_best_come_first_up_to_the_limit(self):
        found = merged([[body(0, 0.3)], [body(300, 0.9)], [body(600, 0.6)]], 2)
        assert [(each.id, each.score) for each in found] == [(0, 0.9), (1, 0.6)]
        assert merged([[], []], 5) == ()


@given(st.integers(100, 800), st.integers(100, 800), st.floats(0.3, 0.7), st.floats(0.3, 0.7))
def test_points_in_a_tile_are_transformed_to_the_image(width, height, x, y):
    picture = image(width, height)
    for left, top, right, bottom in halves(width, height):
        task = BodyTask(BodyConfig(), 5, tile=(left, top, right, bottom))
        prepared = SEVERAL.prepare(picture, ANY_SIZE, task)
        rows, columns = prepared.pixels.shape[1:3]
        scale = min(rows / (bottom - top), columns / (right - left))
        (found,) = SEVERAL.decode(movenet_bodies(((x, y), 0.9, 0.8)), prepared, task)
        # The middle of the input is the middle of the tile, to a pixel of the input.
        middle = (left + right) / 2, (top + bottom) / 2
        expected = middle + (np.array((x, y)) - 0.5) * (columns, rows) / scale
        assert found.keypoints[0].position == pytest.approx(tuple(expected), abs=1.5 / scale)
        a, b = found.keypoints[0].position
        assert found.keypoints[0].position_raw == pytest.approx((a / width, b / height))


def test_a_tile_has_its_own_pixels():
    picture = image(200, 100)
    picture[:, 100:] = 250
    task = BodyTask(BodyConfig(), 5)
    left, right = (
        SEVERAL.prepare(picture, ANY_SIZE, task._replace(tile=tile)).pixels
        for tile in ((0, 0, 100, 100), (100, 0, 200, 100))
    )
    assert (left.max(), right.min()) == (0, 250)
