import numpy as np
import pytest
from body_outputs import image, movenet_bodies, movenet_body
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyConfig
from humanrt.vision.body.detector import BodyTask
from humanrt.vision.body.movenet import SEVERAL, SINGLE
from humanrt.vision.body.skeleton import COCO
from humanrt.vision.stage import InputForm

LIGHTNING, ANY_SIZE = InputForm(192, 192, 3), InputForm(0, 0, 3)
TASK = BodyTask(BodyConfig(), 10)


def decode(family, outputs, prepared, *, limit=10, **settings):
    return family.decode(outputs, prepared, BodyTask(BodyConfig(**settings), limit))


def test_the_image_is_padded_and_gray_levels_stay_whole():
    prepared = SINGLE.prepare(image(50, 100, 200), LIGHTNING, TASK)
    assert prepared.pixels.dtype == np.int32
    assert prepared.pixels.shape == (1, 192, 192, 3)
    assert set(np.unique(prepared.pixels)) == {0, 200}
    assert (prepared.pixels[0, :, 48:144] == 200).all()  # the middle half


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        (500, 500, (256, 256)),
        (1920, 1080, (160, 256)),
        (1080, 1920, (256, 160)),
        (640, 480, (192, 256)),
        (640, 320, (128, 256)),
        (640, 321, (128, 256)),
        (640, 330, (160, 256)),
        (3000, 1, (32, 256)),
    ],
)
def test_the_form_for_several_bodies_has_the_least_frame_around_the_image(width, height, shape):
    """The longer side is 256, the other the next multiple of 32."""
    assert SEVERAL.prepare(image(width, height), ANY_SIZE, TASK).pixels.shape[1:3] == shape


def test_the_longer_side_is_configured():
    task = BodyTask(BodyConfig(input_size=320), 10)
    assert SEVERAL.prepare(image(640, 480), ANY_SIZE, task).pixels.shape[1:3] == (256, 320)
    assert SINGLE.prepare(image(640, 480), LIGHTNING, task).pixels.shape[1:3] == (192, 192)


@given(st.integers(200, 800), st.integers(200, 800), st.floats(0.3, 0.7), st.floats(0.3, 0.7))
def test_points_are_transformed_to_the_image(width, height, x, y):
    """Of the square, 0.5 is the image's middle, and 1 is its longer side."""
    side = max(width, height)
    expected = width / 2 + (x - 0.5) * side, height / 2 + (y - 0.5) * side
    prepared = SINGLE.prepare(image(width, height), LIGHTNING, TASK)
    (body,) = decode(SINGLE, movenet_body([(x, y)] * 17, [0.9] * 17), prepared)
    # The two paddings may differ by a pixel of the input, and the image's shorter side is rounded to one.
    assert body.keypoints[0].position == pytest.approx(expected, abs=1.5 * side / LIGHTNING.width)
    x, y = body.keypoints[3].position
    assert body.keypoints[3].position_raw == pytest.approx((x / width, y / height))


@pytest.mark.parametrize(("width", "height"), [(1280, 640), (640, 1280), (512, 512)])
def test_points_of_several_bodies_are_transformed_to_the_image(width, height):
    prepared = SEVERAL.prepare(image(width, height), ANY_SIZE, TASK)
    (body,) = decode(SEVERAL, movenet_bodies(((0.25, 0.75), 0.9, 0.8)), prepared)
    assert body.keypoints[0].position == pytest.approx((0.25 * width, 0.75 * height))
    assert body.score == pytest.approx(0.8)


def test_the_score_of_one_body_is_the_highest_of_its_parts():
    prepared = SINGLE.prepare(image(100, 100), LIGHTNING, TASK)
    scores = np.linspace(0.1, 0.9, 17)
    outputs = movenet_body([(0.5, 0.5)] * 17, scores)
    (body,) = decode(SINGLE, outputs, prepared)
    assert body.score == pytest.approx(0.9)
    assert [part.part for part in body.keypoints] == [
        part for part, score in zip(COCO.parts, scores, strict=True) if score > 0.3
    ]
    assert decode(SINGLE, outputs, prepared, min_confidence=0.91) == ()
    assert decode(SINGLE, outputs, prepared, limit=0) == ()


def test_several_bodies_come_best_first():
    prepared = SEVERAL.prepare(image(256, 256), ANY_SIZE, TASK)
    outputs = movenet_bodies(
        ((0.25, 0.5), 0.9, 0.5), ((0.5, 0.5), 0.9, 0.9), ((0.75, 0.5), 0.9, 0.7), ((0.1, 0.5), 0.2, 0.8)
    )
    bodies = decode(SEVERAL, outputs, prepared)
    # The last has a score, but none of its parts.
    assert [(body.id, body.box[0]) for body in bodies] == [(0, 128), (1, 192), (2, 64)]
    assert [body.box[0] for body in decode(SEVERAL, outputs, prepared, limit=2)] == [128, 192]
    assert len(decode(SEVERAL, outputs, prepared, min_confidence=0.5)) == 2
