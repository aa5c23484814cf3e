from math import cos, sin

import numpy as np
import pytest
from body_outputs import image, person, region_outputs
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyDetectorConfig
from humanrt.vision.body.people import REGION_DETECTOR, RegionTask, anchors
from humanrt.vision.stage import InputForm

FORM = InputForm(224, 224, 3)


def prepare(width, height, level=0):
    return REGION_DETECTOR.prepare(image(width, height, level), FORM, RegionTask(BodyDetectorConfig(), 1))


def decode(outputs, prepared, *, limit=10, **settings):
    return REGION_DETECTOR.decode(outputs, prepared, RegionTask(BodyDetectorConfig(**settings), limit))


def test_anchors_are_the_centres_of_three_grids():
    """The model card: 28 x 28 cells with two anchors each, 14 x 14 with two, 7 x 7 with six."""
    centers = anchors()
    assert centers.shape == (28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6, 2)
    assert centers[[0, 1, 2, 56]].tolist() == [[4, 4], [4, 4], [12, 4], [4, 12]]
    assert centers[[1568, 1569, 1570]].tolist() == [[8, 8], [8, 8], [24, 8]]
    assert centers[[1960, 1965, 1966, 2253]].tolist() == [[16, 16], [16, 16], [48, 16], [208, 208]]


def test_the_input_is_that_of_the_models_authors():
    pixels = prepare(100, 50, 255).pixels
    assert pixels.shape == (1, 224, 224, 3)
    assert (pixels[0, 56:168] == 1).all()
    assert (pixels[0, :56] == -1).all()


@given(st.floats(-3, 3), st.floats(20, 60))
def test_a_person_is_upright_in_the_centre_of_a_region(angle, length):
    """MediaPipe: the circle about the hips that reaches to the top, and a quarter more."""
    hips = np.array([112.0, 100.0])
    top = hips + length * np.array([sin(angle), -cos(angle)])
    (region,) = decode(region_outputs(person(hips=hips, top=top)), prepare(448, 448))
    left, upper, right, lower = region.box
    assert ((left + right) / 2, (upper + lower) / 2) == pytest.approx((224, 200), abs=1e-3)
    assert (right - left, lower - upper) == pytest.approx([2 * 2 * length * 1.25] * 2, rel=1e-4)
    assert region.angle == pytest.approx(angle, abs=1e-4)


def test_the_padding_is_subtracted():
    (region,) = decode(region_outputs(person(hips=(112, 112), top=(112, 72))), prepare(448, 224))
    assert region.box == pytest.approx((224 - 100, 112 - 100, 224 + 100, 112 + 100), abs=1e-3)


def test_the_best_regions_come_first_up_to_the_limit():
    outputs = region_outputs(
        person(10, 1.0, head=(40, 40), hips=(40, 100)),
        person(500, 3.0, head=(112, 40), hips=(112, 100)),
        person(900, 2.0, head=(190, 40), hips=(190, 100)),
        person(1200, 0.5, head=(195, 40), hips=(191, 100)),
        person(1300, -0.5, head=(40, 190), hips=(41, 200)),
    )
    prepared = prepare(224, 224)
    middles = [round((region.box[0] + region.box[2]) / 2) for region in decode(outputs, prepared)]
    assert middles == [112, 190, 40]  # of two heads in one place one, and none below the half
    assert len(decode(outputs, prepared, limit=2)) == 2
    assert len(decode(outputs, prepared, min_confidence=0.3)) == 4
    assert len(decode(outputs, prepared, iou_threshold=0.9)) == 4
    assert decode(region_outputs(), prepared) == []


@pytest.mark.parametrize("top", [(112, 100), (112, 100.5), (np.nan, 20)])
def test_a_person_without_extent_is_dropped_before_the_limit_counts(top):
    outputs = region_outputs(person(1000, 4.0, top=top), person(500, 3.0, head=(40, 40), hips=(40, 100), top=(40, 40)))
    (region,) = decode(outputs, prepare(224, 224), limit=1)
    assert region.box == pytest.approx((40 - 75, 100 - 75, 40 + 75, 100 + 75), abs=1e-3)
