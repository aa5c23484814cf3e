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


@pytest.mark.parametrize(
    ("size", "width", "height", "shape"),
    [
        (0, 640, 480, (385, 385)),
        (385, 500, 500, (385, 385)),
        (385, 640, 480, (289, 385)),  # 288.75 pixels, of which 289 are 16 * 18 + 1
        (449, 1920, 1080, (257, 449)),  # 252.6
        (449, 1080, 1920, (449, 257)),
        (450, 450, 450, (465, 465)),
        (449, 3000, 1, (17, 449)),
        (1, 640, 480, (17, 17)),
    ],
)
def test_an_input_of_any_size_has_the_least_frame_around_the_image(size, width, height, shape):
    """Sides are multiples of 16 and one pixel more, as 385 is."""
    task = BodyTask(BodyConfig(input_size=size), 10)
    assert POSENET.prepare(image(width, height), FORM, task).pixels.shape[1:3] == shape


@pytest.mark.parametrize(("width", "height"), [(770, 385), (385, 770)])
def test_points_of_a_frame_are_transformed_to_the_image(width, height):
    """The input is 385 x 193 pixels: the image, half as large, and half a pixel of padding."""
    task = BodyTask(BodyConfig(input_size=385), 10)
    prepared = POSENET.prepare(image(width, height), FORM, task)
    (body,) = POSENET.decode(posenet_outputs(posenet_maps(((90, 60), np.full(17, 0.9)))), prepared, task)
    assert body.keypoints[0].position == pytest.approx((180, 120), abs=1.5)


@given(st.integers(200, 800), st.integers(200, 800))
def test_points_are_transformed_to_the_image(width, height):
    side = max(width, height)
    (body,) = decode(posenet_maps(((192.5, 60), np.full(17, 0.9))), image(width, height))
    # The middle of the square is the middle of the image.
    expected = width / 2, height / 2 + (60 - 192.5) * side / 385
    assert body.keypoints[0].position == pytest.approx(expected, abs=1.5 * side / 385)
