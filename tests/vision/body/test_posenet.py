import numpy as np
import pytest
from body_outputs import NOSE, SHAPE, body_with_two_roots, image, one_certain_wrist, posenet_maps, posenet_outputs
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyConfig
from humanrt.vision.body.detector import BodyTask
from humanrt.vision.body.posenet import BONES, POSENET, bodies
from humanrt.vision.stage import InputForm

FORM = InputForm(385, 385, 3)
SQUARE = image(385, 385)


def decode(maps, picture=SQUARE, *, limit=10):
    task = BodyTask(BodyConfig(), limit)
    return POSENET.decode(posenet_outputs(maps), POSENET.prepare(picture, FORM, task), task)


def test_the_bones_are_a_tree_from_the_nose():
    """PersonLab, figure 2: every part but the nose is the end of one bone."""
    assert len(BONES) == 16
    assert sorted(end for _, end in BONES) == list(range(1, 17))
    reached = {NOSE}
    for start, end in BONES:
        assert start in reached
        reached.add(end)


@given(st.integers(0, 16), st.tuples(st.floats(90, 290), st.floats(40, 110)))
def test_a_body_is_assembled_from_any_of_its_parts(root, nose):
    scores = np.full(17, 0.8)
    scores[root] = 0.9
    (body,) = bodies(posenet_maps((nose, scores)), 0.3)
    assert body.points == pytest.approx(SHAPE + nose)
    assert body.scores == pytest.approx(scores)
    assert body.score == pytest.approx(scores.mean())


def test_bodies_come_best_first_up_to_the_limit():
    maps = posenet_maps(((100, 60), np.full(17, 0.7)), ((280, 60), np.full(17, 0.8)))
    found = decode(maps)
    assert [(body.id, round(body.keypoints[0].position[0])) for body in found] == [(0, 280), (1, 100)]
    assert [body.score for body in found] == pytest.approx([0.8, 0.7])
    (best,) = decode(maps, limit=1)
    assert best.score == pytest.approx(0.8)
    assert decode(maps, limit=0) == ()


def test_the_best_body_is_not_that_with_the_best_part():
    whole, spot = ((100, 60), np.full(17, 0.8)), ((280, 60), np.where(np.arange(17) < 8, 0.95, 0.0))
    found = decode(posenet_maps(spot, whole), limit=1)
    assert [round(body.keypoints[0].position[0]) for body in found] == [100]


def test_one_part_is_not_a_body():
    assert decode(one_certain_wrist()) == ()


def test_parts_of_an_earlier_body_do_not_count():
    """Two bodies 30 pixels apart: within the radius, every part of the second is one of the first's."""
    first, second = ((150, 60), np.full(17, 0.9)), ((180, 60), np.full(17, 0.8))
    assert len(list(bodies(posenet_maps(first, second), 0.3))) == 1
    apart = ((150 + 64, 60), np.full(17, 0.8))
    assert len(list(bodies(posenet_maps(first, apart), 0.3))) == 2


def test_a_body_is_assembled_once():
    assert len(list(bodies(body_with_two_roots(), 0.3))) == 1


@given(st.integers(200, 800), st.integers(200, 800))
def test_points_are_transformed_to_the_image(width, height):
    side = max(width, height)
    (body,) = decode(posenet_maps(((192.5, 60), np.full(17, 0.9))), image(width, height))
    # The middle of the square is the middle of the image.
    expected = width / 2, height / 2 + (60 - 192.5) * side / 385
    assert body.keypoints[0].position == pytest.approx(expected, abs=1.5 * side / 385)
