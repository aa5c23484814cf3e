import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from object_outputs import NANODET_CARD, SIDES, nanodet_card, nanodet_objects, nanodet_outputs

from humanrt.config import ObjectConfig
from humanrt.errors import ModelFormatError
from humanrt.vision.object.detector import ObjectTask
from humanrt.vision.object.nanodet import NANODET
from humanrt.vision.stage import InputForm

TASK = ObjectTask(ObjectConfig(), nanodet_card(80), (416, 416))


def decode(*objects, **options):
    return nanodet_objects(NANODET, *objects, **options)


def test_the_input_is_normalised_as_in_training():
    """The configuration of nanodet_m_416: BGR, each channel less its mean over its deviation; channels first."""
    picture = np.full((60, 100, 3), (255, 100, 0), np.uint8)
    pixels = NANODET.prepare(
        picture, InputForm(3, 416, 416), ObjectTask(ObjectConfig(), NANODET_CARD, (100, 60))
    ).pixels
    assert pixels.shape == (1, 3, 416, 416)
    assert pixels.dtype == np.float32
    assert pixels.flags.c_contiguous
    expected = [(0 - 103.53) / 57.375, (100 - 116.28) / 57.12, (255 - 123.675) / 58.395]
    assert pixels[0].min(axis=(1, 2)) == pytest.approx(expected)
    assert pixels[0].max(axis=(1, 2)) == pytest.approx(expected)


@given(st.sampled_from(SIDES), st.integers(2, 10), st.integers(2, 10), st.integers(0, 79), st.integers(20, 2000))
def test_a_box_is_around_its_cell(side, column, row, kind, width):
    """From the middle of the cell, (c + 0.5, r + 0.5), so many cells to the left, up, to the right and down."""
    (found,) = decode((side, column, row, kind, 0.75, (1.5, 2, 0.5, 1)), size=(width, 416))
    cell = np.array([width, 416]) / side
    assert found.box == pytest.approx([*(np.array([column - 1, row - 1.5]) * cell), *(np.array([2, 3]) * cell)])
    assert (found.id, found.score, found.class_, found.label) == (0, 0.75, kind + 1, f"kind {kind}")


def test_boxes_are_clipped_to_the_image():
    (found,) = decode((13, 0, 12, 5, 0.9, (2, 3, 2, 3)))
    assert found.box == pytest.approx((0, 9.5 * 32, 2.5 * 32, 3.5 * 32))


def test_of_two_classes_in_a_cell_the_likelier_one_is_recorded():
    both = (26, 5, 5, 7, 0.6, (2, 2, 2, 2)), (26, 5, 5, 9, 0.7, (2, 2, 2, 2))
    assert [each.label for each in decode(*both)] == ["kind 9"]


def test_the_best_objects_come_first_up_to_max_detected():
    found = [(13, 2, 2, 1, 0.4, (1, 1, 1, 1)), (26, 20, 20, 2, 0.9, (1, 1, 1, 1)), (52, 20, 5, 3, 0.6, (1, 1, 1, 1))]
    assert [each.class_ for each in decode(*found)] == [3, 4, 2]
    assert [each.id for each in decode(*found)] == [0, 1, 2]
    assert [each.class_ for each in decode(*found, max_detected=1)] == [3]


def test_thresholds():
    halves = (13, 4, 4, 1, 0.9, (1, 1, 1, 1)), (13, 5, 4, 1, 0.8, (2, 1, 0, 1))  # the same box but for its right half
    assert len(decode(*halves, min_confidence=0.85)) == 1
    assert decode(*halves, min_confidence=0.95) == []
    overlapping = (13, 4, 4, 1, 0.9, (1, 1, 1, 1)), (13, 5, 4, 1, 0.8, (1, 1, 1, 1))  # a third of both together
    assert len(decode(*overlapping, iou_threshold=0.3)) == 1
    assert len(decode(*overlapping, iou_threshold=0.4)) == 2
    assert decode() == []


def test_toilets_are_recorded():
    assert [each.label for each in decode((13, 4, 4, 61, 0.9, (1, 1, 1, 1)))] == ["kind 61"]


def test_a_box_without_area_is_not_recorded():
    assert decode((13, 4, 4, 1, 0.9, (0, 1, 0, 1))) == []
    nowhere = nanodet_outputs((13, 4, 4, 1, 0.9, (1, 1, 1, 1)))
    nowhere[3][:] = np.nan
    assert NANODET.decode(nowhere, None, TASK) == []


def test_a_class_without_a_label_is_refused():
    with pytest.raises(ModelFormatError, match="nanodet returned classes 60 to 60; its model card has 60 labels"):
        decode((13, 4, 4, 60, 0.9, (1, 1, 1, 1)), labels=60)


def test_the_box_of_a_cell_is_computed_once_for_all_its_classes():
    """All pairs of cell and class count: their distributions alone, 44 steps in float64, would be 100 MB."""
    outputs = nanodet_outputs()
    for scores in outputs[:3]:
        scores[:] = 0.01
    task = TASK._replace(settings=ObjectConfig(min_confidence=0, max_detected=1))
    tracemalloc.start()
    try:
        NANODET.decode(outputs, None, task)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 90_000_000
