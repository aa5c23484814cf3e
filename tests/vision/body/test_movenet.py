from math import floor, inf

import numpy as np
import pytest
from humanrt.vision.model import InputForm
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyConfig
from humanrt.vision.body.movenet import SEVERAL, SINGLE
from humanrt.vision.body.skeleton import COCO

LIGHTNING, ANY_SIZE = InputForm(192, 192, 3), InputForm(0, 0, 3)


def picture(width, height):
    return np.zeros((height, width, 3), np.uint8)


def single(points, scores):
    """The output with points, [17, 2]: x and y over the input's size."""
    x, y = np.array(points).T
    return [np.stack([y, x, scores], axis=-1).astype(np.float32)[None, None]]


def several(*bodies):
    """The output with bodies of (x and y of every part, the parts' score, the body's), among its six rows."""
    rows = np.zeros((1, 6, 56), np.float32)
    for i, ((x, y), score, whole) in enumerate(bodies):
        rows[0, i, :51] = np.tile([y, x, score], 17)
        rows[0, i, 55] = whole
    return [rows]


def decode(model, outputs, prepared, *, limit=10, quirks=False, **settings):
    return model.decode(outputs, prepared, limit, BodyConfig(**settings), quirks=quirks)


def test_grey_levels_stay_whole():
    source = np.full((100, 50, 3), 200, np.uint8)
    prepared = SINGLE.prepare(source, LIGHTNING, quirks=False)
    assert prepared.pixels.dtype == np.int32
    assert prepared.pixels.shape == (1, 192, 192, 3)
    assert set(np.unique(prepared.pixels)) == {0, 200}
    assert (prepared.pixels[0, :, 48:144] == 200).all()  # the middle half


def test_human_cuts_fractions_off():
    """src/body/movenetfix.ts, padInput(), casts to int32: the 1.5 between grey levels of 0 and 3 is 1."""
    source = np.zeros((96, 96, 3), np.uint8)
    source[:, 48:] = 3
    row = SINGLE.prepare(source, LIGHTNING, quirks=True).pixels[0, 0, :, 0]
    assert row[94:97].tolist() == [0, 1, 3]


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
def test_the_form_for_several_takes_a_frame_that_fits_the_picture(width, height, shape):
    """The longer side is 256, the other the next multiple of 32; Human's square is kept in its mode."""
    assert SEVERAL.prepare(picture(width, height), ANY_SIZE, quirks=False).pixels.shape[1:3] == shape
    if height > 1:
        assert SEVERAL.prepare(picture(width, height), ANY_SIZE, quirks=True).pixels.shape[1:3] == (256, 256)


@given(st.integers(200, 800), st.integers(200, 800), st.floats(0.3, 0.7), st.floats(0.3, 0.7))
def test_points_come_back_to_the_picture(width, height, x, y):
    """Of the square, 0.5 is the picture's middle, and 1 is its longer side."""
    side = max(width, height)
    expected = width / 2 + (x - 0.5) * side, height / 2 + (y - 0.5) * side
    prepared = SINGLE.prepare(picture(width, height), LIGHTNING, quirks=False)
    (body,) = decode(SINGLE, single([(x, y)] * 17, [0.9] * 17), prepared)
    # The two paddings may differ by a pixel of the input, and the picture's shorter side is rounded to one.
    assert body.keypoints[0].position == pytest.approx(expected, abs=1.5 * side / LIGHTNING.width)
    x, y = body.keypoints[3].position
    assert body.keypoints[3].position_raw == pytest.approx((x / width, y / height))


@pytest.mark.parametrize(("width", "height"), [(1280, 640), (640, 1280), (512, 512)])
def test_points_of_several_come_back_to_the_picture(width, height):
    prepared = SEVERAL.prepare(picture(width, height), ANY_SIZE, quirks=False)
    (body,) = decode(SEVERAL, several(((0.25, 0.75), 0.9, 0.8)), prepared)
    assert body.keypoints[0].position == pytest.approx((0.25 * width, 0.75 * height))
    assert body.score == pytest.approx(0.8)


def test_one_body_is_as_sure_as_its_surest_part():
    prepared = SINGLE.prepare(picture(100, 100), LIGHTNING, quirks=False)
    scores = np.linspace(0.1, 0.9, 17)
    (body,) = decode(SINGLE, single([(0.5, 0.5)] * 17, scores), prepared)
    assert body.score == pytest.approx(0.9)
    assert [part.part for part in body.keypoints] == [
        part for part, score in zip(COCO.parts, scores, strict=True) if score > 0.3
    ]
    assert decode(SINGLE, single([(0.5, 0.5)] * 17, scores), prepared, min_confidence=0.91) == ()
    assert decode(SINGLE, single([(0.5, 0.5)] * 17, scores), prepared, limit=0) == ()


def test_several_bodies_come_best_first():
    prepared = SEVERAL.prepare(picture(256, 256), ANY_SIZE, quirks=False)
    found = several(((0.25, 0.5), 0.9, 0.5), ((0.5, 0.5), 0.9, 0.9), ((0.75, 0.5), 0.9, 0.7), ((0.1, 0.5), 0.2, 0.8))
    bodies = decode(SEVERAL, found, prepared)
    # The last is sure of itself, but of none of its parts.
    assert [(body.id, body.box[0]) for body in bodies] == [(0, 128), (1, 192), (2, 64)]
    assert [body.box[0] for body in decode(SEVERAL, found, prepared, limit=2)] == [128, 192]
    assert len(decode(SEVERAL, found, prepared, min_confidence=0.5)) == 2


def test_humans_numbers_are_those_of_the_rows():
    prepared = SEVERAL.prepare(picture(256, 256), ANY_SIZE, quirks=True)
    found = several(((0.25, 0.5), 0.9, 0.5), ((0.5, 0.5), 0.9, 0.9), ((0.75, 0.5), 0.2, 0.304), ((0.1, 0.5), 0.2, 0.8))
    bodies = decode(SEVERAL, found, prepared, quirks=True)
    # The third's score is rounded to 0.3, and that is not over 0.3; the fourth has no keypoints and yet a box.
    assert [(body.id, body.score) for body in bodies] == [(1, 0.9), (3, 0.8), (0, 0.5)]
    assert bodies[1].box == (inf, inf, -inf, -inf)
    assert bodies[1].to_human()["box"] == [None] * 4
    assert [body.id for body in decode(SEVERAL, found, prepared, quirks=True, limit=1)] == [1]


def test_human_leaves_out_lines_to_what_it_rounded_away():
    prepared = SINGLE.prepare(picture(100, 100), LIGHTNING, quirks=True)
    (body,) = decode(SINGLE, single([(0.5, 0.5)] * 17, [0.304] * 17), prepared, quirks=True)
    assert len(body.keypoints) == 17
    assert not any(body.annotations.values())


def test_human_rounds_in_the_squeezed_square():
    """src/body/movenet.ts, parseSinglePose(), and movenetfix.ts, rescaleBody(), written out for 101 x 300."""
    prepared = SINGLE.prepare(picture(101, 300), LIGHTNING, quirks=True)
    (body,) = decode(SINGLE, single([(0.6, 0.41)] * 17, [0.876] * 17), prepared, quirks=True)
    x, y, padding = floor(101 * 0.6 + 0.5), floor(300 * 0.41 + 0.5), 99
    expected = x * (101 + 2 * padding) / 101 - padding, y
    assert body.keypoints[0].position == pytest.approx(expected)
    assert body.keypoints[0].position_raw == pytest.approx((expected[0] / 101, expected[1] / 300))
    assert body.keypoints[0].score == 0.88
    assert body.score == 0.88
    # The lines are drawn before the padding is taken off.
    assert body.annotations["leftArm"][0][0] == (x, y)


@pytest.mark.parametrize("limit", [0, 1])
def test_human_always_has_a_body(limit):
    prepared = SINGLE.prepare(picture(100, 100), LIGHTNING, quirks=True)
    (body,) = decode(SINGLE, single([(0.5, 0.5)] * 17, [0.2] * 17), prepared, quirks=True, limit=limit)
    assert (body.score, body.keypoints, body.box) == (0, (), (inf, inf, -inf, -inf))
