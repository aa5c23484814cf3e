from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from humanrt.vision.model import InputForm
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import ObjectConfig
from humanrt.errors import ModelFormatError
from humanrt.vision.object import centernet
from humanrt.zoo import find_card

FORM = InputForm(512, 512, 3)
CARD = find_card("centernet.json")
CARD = replace(
    CARD, outputs=MappingProxyType({"heatmap": replace(CARD.outputs["heatmap"], labels=("person", "bicycle", "car"))})
)


def decode(*rows, size=(512, 512), quirks=False, **settings):
    """Rows are (left, top, right, bottom, score, kind), in pixels of the input."""
    detections = np.zeros((1, 100, 6), np.float32)
    detections[0, : len(rows)] = rows
    return centernet.decode([detections], FORM, CARD, size, ObjectConfig(**settings), quirks=quirks)


@pytest.mark.parametrize("quirks", [False, True])
def test_the_input_is_the_whole_picture_in_levels(quirks):
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[:, 50:] = 255
    pixels = centernet.prepare(picture, FORM, quirks=quirks)
    assert pixels.shape == (1, 512, 512, 3)
    assert pixels.dtype == np.float32
    assert (pixels[0, :, :250] == 0).all()
    assert (pixels[0, :, 262:] == 255).all()


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_a_box_comes_back_to_the_picture(width, height):
    (found,) = decode((128, 64, 384, 448, 0.875, 2), size=(width, height))
    assert found.box == pytest.approx((width / 4, height / 8, width / 2, height * 3 / 4))
    assert found.box_raw == (0.25, 0.125, 0.5, 0.75)
    assert (found.id, found.score, found.class_, found.label) == (0, 0.875, 3, "car")


def test_a_box_is_cut_to_the_picture():
    (found,) = decode((-128, 256, 256, 768, 0.9, 0), size=(100, 200))
    assert found.box == (0, 100, 50, 100)


def test_humans_record():
    """src/object/centernet.ts: pixels and hundredths cut off, kinds from 0, boxes as they come."""
    (found,) = decode((-130, 256, 256, 768, 0.379, 0), size=(101, 203), quirks=True)
    assert found.box == (-25, 101, 76, 203)
    assert found.box_raw == (-130 / 512, 0.5, 386 / 512, 1)
    assert (found.score, found.class_, found.label) == (0.37, 0, "person")


def test_the_best_come_first_and_no_more_than_asked_for():
    rows = [(0, 0, 100, 100, 0.4, 0), (200, 200, 300, 300, 0.9, 1), (400, 400, 500, 500, 0.6, 2)]
    assert [each.label for each in decode(*rows)] == ["bicycle", "car", "person"]
    assert [each.id for each in decode(*rows)] == [0, 1, 2]
    assert [each.label for each in decode(*rows, max_detected=1)] == ["bicycle"]


def test_thresholds():
    rows = [(0, 0, 100, 100, 0.9, 0), (0, 0, 100, 50, 0.8, 1)]  # the second is half of the first
    assert len(decode(*rows, iou_threshold=0.4)) == 1
    assert len(decode(*rows, iou_threshold=0.6)) == 2
    assert len(decode(*rows, iou_threshold=0.6, min_confidence=0.85)) == 1
    assert decode(*rows, min_confidence=0.95) == []


@pytest.mark.parametrize(
    "corners", [(-90, 10, -20, 90), (10, 520, 90, 600), (10, 10, 10, 90), (10, np.nan, 90, 90), (-9, 10, 0, 90)]
)
def test_a_box_without_area_in_the_picture_is_none(corners):
    """And takes nobody's place."""
    (found,) = decode((*corners, 0.9, 0), (100, 100, 200, 200, 0.5, 1), max_detected=1)
    assert found.label == "bicycle"


def test_corners_may_come_in_any_order():
    (found,) = decode((384, 448, 128, 64, 0.875, 2))
    assert found.box_raw == (0.25, 0.125, 0.5, 0.75)


@pytest.mark.parametrize("quirks", [False, True])
@pytest.mark.parametrize("kind", [-1, 3, np.nan])
def test_a_kind_without_a_label_is_refused(kind, quirks):
    with pytest.raises(ModelFormatError, match=r"centernet gave kinds .* to .*; its card has 3 labels"):
        decode((0, 0, 100, 100, 0.9, kind), quirks=quirks)
