from math import inf

import numpy as np
import pytest
from humanrt.vision.model import InputForm
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyConfig
from humanrt.vision.body import efficientpose
from humanrt.vision.body.efficientpose import SKELETON

FORM = InputForm(368, 368, 3)
PLACES = st.tuples(st.integers(60, 300), st.integers(60, 300))


def prepare(width, height, *, quirks=False, grey=0):
    return efficientpose.prepare(np.full((height, width, 3), grey, np.uint8), FORM, quirks=quirks)


def heatmap(**parts):
    """The output with parts given as part=(x, y, score)."""
    heat = np.zeros((1, 368, 368, 16), np.float32)
    for part, (x, y, score) in parts.items():
        heat[0, y, x, SKELETON.parts.index(part)] = score
        heat[0, y, x - 1, SKELETON.parts.index(part)] = score / 2
    return [heat]


def decode(outputs, prepared, *, limit=10, quirks=False, **settings):
    return efficientpose.decode(outputs, prepared, limit, BodyConfig(**settings), quirks=quirks)


def test_the_input_is_that_of_the_models_authors():
    """helpers.preprocess() of github.com/daniegr/EfficientPose: padded to a square, and -1..1."""
    pixels = prepare(200, 100, grey=255).pixels
    assert pixels.shape == (1, 368, 368, 3)
    assert pixels.dtype == np.float32
    assert (pixels[0, 92:276] == 1).all()
    assert (pixels[0, :92] == -1).all()


def test_humans_input_is_squeezed_and_far_too_bright():
    assert (prepare(200, 100, grey=255, quirks=True).pixels == 509).all()


@given(PLACES)
def test_a_part_is_where_it_is_hottest(place):
    x, y = place
    (body,) = decode(heatmap(leftWrist=(x, y, 0.8)), prepare(736, 368))
    (part,) = body.keypoints
    assert (part.part, part.score) == ("leftWrist", pytest.approx(0.8))
    # Two pixels for each of the input's, of which 92 are padding.
    assert part.position == (2 * x, 2 * (y - 92))


def test_the_body_is_as_sure_as_its_surest_part():
    found = heatmap(leftHip=(10, 10, 0.5), leftKnee=(10, 50, 1.02), leftAnkle=(10, 90, 0.25))
    (body,) = decode(found, prepare(368, 368))
    assert body.score == 1
    assert {part.part: part.score for part in body.keypoints} == {"leftHip": 0.5, "leftKnee": 1}
    assert body.box == (10, 10, 0, 40)
    assert body.annotations["leftLeg"] == (((10, 10), (10, 50)),)
    assert decode(found, prepare(368, 368), limit=0) == ()


def test_nothing_is_no_body():
    assert decode(heatmap(head=(10, 10, 0.25)), prepare(368, 368)) == ()


def test_human_lets_rows_run_down_to_the_right():
    """src/body/efficientpose.ts, max2d(): the number of the cell over the width, not cut off."""
    (body,) = decode(heatmap(head=(300, 100, 0.456), neck=(184, 200, 0.4)), prepare(800, 400, quirks=True), quirks=True)
    head, neck = body.keypoints
    assert head.score == 0.46
    assert head.position_raw == pytest.approx((300 / 368, (100 + 300 / 368) / 368))
    assert head.position == (round(800 * 300 / 368), round(400 * (100 + 300 / 368) / 368))
    assert body.score == 0.46
    assert body.box == (neck.position[0], head.position[1], *np.abs(np.subtract(head.position, neck.position)))
    assert body.box_raw[:2] == (neck.position_raw[0], head.position_raw[1])


@pytest.mark.parametrize("limit", [0, 1])
def test_human_always_has_a_body(limit):
    (body,) = decode(heatmap(), prepare(100, 100, quirks=True), quirks=True, limit=limit)
    assert (body.score, body.keypoints, body.box, body.box_raw) == (0, (), *((inf, inf, -inf, -inf),) * 2)
