from math import cos, sin

import numpy as np
import pytest
from humanrt.vision.model import InputForm
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyDetectorConfig
from humanrt.vision.body import people

FORM = InputForm(224, 224, 3)


def prepare(width, height, *, quirks=False, grey=0):
    return people.prepare(np.full((height, width, 3), grey, np.uint8), FORM, quirks=quirks)


def rows(*persons):
    """The output with persons: anchor, logit, the middles of head and hips, and the top, in pixels of the input."""
    output = np.zeros((1, 2254, 13), np.float32)
    output[0, :, 0] = -10
    for anchor, logit, head, hips, top in persons:
        middle = people.anchors()[anchor]
        output[0, anchor, :9] = [logit, *(head - middle), 44.8, 44.8, *(hips - middle), *(top - middle)]
    return [output]


def person(anchor=1000, logit=3.0, head=(112, 40), hips=(112, 100), top=(112, 20)):
    return anchor, logit, np.array(head), np.array(hips), np.array(top)


def decode(outputs, prepared, *, limit=10, quirks=False, **settings):
    return people.decode(outputs, prepared, limit, BodyDetectorConfig(**settings), quirks=quirks)


def test_anchors_are_the_middles_of_three_grids():
    """The card: 28 x 28 cells with two anchors each, 14 x 14 with two, 7 x 7 with six."""
    anchors = people.anchors()
    assert anchors.shape == (28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6, 2)
    assert anchors[[0, 1, 2, 56]].tolist() == [[4, 4], [4, 4], [12, 4], [4, 12]]
    assert anchors[[1568, 1569, 1570]].tolist() == [[8, 8], [8, 8], [24, 8]]
    assert anchors[[1960, 1965, 1966, 2253]].tolist() == [[16, 16], [16, 16], [48, 16], [208, 208]]


def test_the_input_is_that_of_the_models_makers():
    pixels = prepare(100, 50, grey=255).pixels
    assert pixels.shape == (1, 224, 224, 3)
    assert (pixels[0, 56:168] == 1).all()
    assert (pixels[0, :56] == -1).all()
    humans = prepare(100, 50, grey=255, quirks=True).pixels
    assert (humans.min(), humans[0, 60:160].min(), humans.max()) == pytest.approx((0, 1, 1))


@given(st.floats(-3, 3), st.floats(20, 60))
def test_a_person_stands_upright_in_the_middle_of_a_region(angle, length):
    """MediaPipe: the circle about the hips that reaches to the top, and a quarter more."""
    hips = np.array([112.0, 100.0])
    top = hips + length * np.array([sin(angle), -cos(angle)])
    (region,) = decode(rows(person(hips=hips, top=top)), prepare(448, 448))
    left, upper, right, lower = region.box
    assert ((left + right) / 2, (upper + lower) / 2) == pytest.approx((224, 200), abs=1e-3)
    assert (right - left, lower - upper) == pytest.approx([2 * 2 * length * 1.25] * 2, rel=1e-4)
    assert region.angle == pytest.approx(angle, abs=1e-4)


def test_the_padding_is_taken_off():
    (region,) = decode(rows(person(hips=(112, 112), top=(112, 72))), prepare(448, 224))
    assert region.box == pytest.approx((224 - 100, 112 - 100, 224 + 100, 112 + 100), abs=1e-3)


def test_the_surest_come_first_and_no_more_than_asked_for():
    found = rows(
        person(10, 1.0, head=(40, 40), hips=(40, 100)),
        person(500, 3.0, head=(112, 40), hips=(112, 100)),
        person(900, 2.0, head=(190, 40), hips=(190, 100)),
        person(1200, 0.5, head=(195, 40), hips=(191, 100)),
        person(1300, -0.5, head=(40, 190), hips=(41, 200)),
    )
    prepared = prepare(224, 224)
    middles = [round((region.box[0] + region.box[2]) / 2) for region in decode(found, prepared)]
    assert middles == [112, 190, 40]  # of two heads in one place one, and none below the half
    assert len(decode(found, prepared, limit=2)) == 2
    assert len(decode(found, prepared, min_confidence=0.3)) == 4
    assert len(decode(found, prepared, iou_threshold=0.9)) == 4
    assert decode(rows(), prepared) == []


def test_human_cuts_elsewhere():
    """src/body/blazeposedetector.ts, decodeBoxes(): five times the head; blazepose.ts takes x for y."""
    found = rows(person(head=(112, 60)), person(10, 2.0, head=(20, 200), hips=(20, 220)))
    (region,) = decode(found, prepare(448, 300, quirks=True), quirks=True)
    left, upper, right, lower = (112 - 112) / 224, (60 - 112) / 224, (112 + 112) / 224, (60 + 112) / 224
    assert region.box == pytest.approx((upper * 448, left * 300, lower * 448, right * 300), abs=1e-3)
    assert region.angle == 0


@pytest.mark.parametrize("top", [(112, 100), (112, 100.5), (np.nan, 20)])
def test_nobody_is_without_extent(top):
    """And nobody's place is taken."""
    found = rows(person(1000, 4.0, top=top), person(500, 3.0, head=(40, 40), hips=(40, 100), top=(40, 40)))
    (region,) = decode(found, prepare(224, 224), limit=1)
    assert region.box == pytest.approx((40 - 75, 100 - 75, 40 + 75, 100 + 75), abs=1e-3)
