import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from object_outputs import CENTERNET_CARD, centernet_objects

from humanrt.config import ObjectConfig
from humanrt.errors import ModelFormatError
from humanrt.vision.object.centernet import CENTERNET
from humanrt.vision.object.detector import ObjectTask
from humanrt.vision.stage import InputForm


def decode(*rows, **options):
    return centernet_objects(CENTERNET, *rows, **options)


def test_the_input_is_the_whole_image_in_gray_levels():
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[:, 50:] = 255
    task = ObjectTask(ObjectConfig(), CENTERNET_CARD, (100, 60))
    pixels = CENTERNET.prepare(picture, InputForm(512, 512, 3), task).pixels
    assert pixels.shape == (1, 512, 512, 3)
    assert pixels.dtype == np.float32
    assert (pixels[0, :, :250] == 0).all()
    assert (pixels[0, :, 262:] == 255).all()


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_boxes_are_transformed_to_the_image(width, height):
    (found,) = decode((128, 64, 384, 448, 0.875, 2), size=(width, height))
    assert found.box == pytest.approx((width / 4, height / 8, width / 2, height * 3 / 4))
    assert found.box_raw == (0.25, 0.125, 0.5, 0.75)
    assert (found.id, found.score, found.class_, found.label) == (0, 0.875, 3, "car")


def test_boxes_are_clipped_to_the_image():
    (found,) = decode((-128, 256, 256, 768, 0.9, 0), size=(100, 200))
    assert found.box == (0, 100, 50, 100)


def test_the_best_objects_come_first_up_to_max_detected():
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
def test_a_box_without_area_in_the_image_is_dropped_before_max_detected_counts(corners):
    (found,) = decode((*corners, 0.9, 0), (100, 100, 200, 200, 0.5, 1), max_detected=1)
    assert found.label == "bicycle"


def test_corners_may_be_in_any_order():
    (found,) = decode((384, 448, 128, 64, 0.875, 2))
    assert found.box_raw == (0.25, 0.125, 0.5, 0.75)


@pytest.mark.parametrize("kind", [-1, 3, np.nan])
def test_a_class_without_a_label_is_refused(kind):
    with pytest.raises(ModelFormatError, match=r"centernet returned classes .* to .*; its model card has 3 labels"):
        decode((0, 0, 100, 100, 0.9, kind))
