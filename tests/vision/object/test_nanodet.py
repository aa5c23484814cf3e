import tracemalloc
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from humanrt.vision.model import InputForm
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import ObjectConfig
from humanrt.errors import ModelFormatError
from humanrt.vision.object import nanodet
from humanrt.zoo import find_card

FORM = InputForm(3, 416, 416)
CARD = find_card("nanodet.json")


def labeled(count):
    """The card with other labels."""
    labels = tuple(f"kind {i}" for i in range(count))
    return replace(CARD, outputs=MappingProxyType({"scores_2704": replace(CARD.outputs["scores_2704"], labels=labels)}))


SIDES = (13, 26, 52)
SURE = 50.0  # a logit beside which zeros count for nothing


def outputs(*found):
    """What the model gives for objects: (cells of a side, column, row, kind, score, steps to the four sides)."""
    scores = [np.zeros((1, side * side, 80), np.float32) for side in SIDES]
    logits = [np.zeros((1, side * side, 44), np.float32) for side in SIDES]
    for side, column, row, kind, score, steps in found:
        grid, cell = SIDES.index(side), row * side + column
        scores[grid][0, cell, kind] = score
        for i, step in enumerate(steps):
            low = int(step)
            # Between two whole steps, both as likely.
            logits[grid][0, cell, 11 * i + np.array([low, low + (step > low)])] = SURE
    return [*scores, *logits]


def decode(*found, size=(416, 416), labels=80, quirks=False, **settings):
    return nanodet.decode(outputs(*found), FORM, labeled(labels), size, ObjectConfig(**settings), quirks=quirks)


def test_the_input_is_as_the_model_learned_it():
    """The configuration of nanodet_m_416: BGR, each channel less its mean over its deviation; channels first."""
    picture = np.full((60, 100, 3), (255, 100, 0), np.uint8)
    pixels = nanodet.prepare(picture, FORM, quirks=False)
    assert pixels.shape == (1, 3, 416, 416)
    assert pixels.dtype == np.float32
    assert pixels.flags.c_contiguous
    expected = [(0 - 103.53) / 57.375, (100 - 116.28) / 57.12, (255 - 123.675) / 58.395]
    assert pixels[0].min(axis=(1, 2)) == pytest.approx(expected)
    assert pixels[0].max(axis=(1, 2)) == pytest.approx(expected)


def test_humans_input():
    picture = np.full((60, 100, 3), (255, 102, 0), np.uint8)
    pixels = nanodet.prepare(picture, FORM, quirks=True)
    assert pixels[0, :, 7, 7] == pytest.approx([1, 0.4, 0])


@given(st.sampled_from(SIDES), st.integers(2, 10), st.integers(2, 10), st.integers(0, 79), st.integers(20, 2000))
def test_a_box_lies_around_its_cell(side, column, row, kind, width):
    """Of the middle of the cell (c + 0.5, r + 0.5), so many cells to the left, above, to the right and below."""
    (found,) = decode((side, column, row, kind, 0.75, (1.5, 2, 0.5, 1)), size=(width, 416))
    cell = np.array([width, 416]) / side
    assert found.box == pytest.approx([*(np.array([column - 1, row - 1.5]) * cell), *(np.array([2, 3]) * cell)])
    assert (found.id, found.score, found.class_, found.label) == (0, 0.75, kind + 1, f"kind {kind}")


def test_a_box_is_cut_to_the_picture():
    (found,) = decode((13, 0, 12, 5, 0.9, (2, 3, 2, 3)))
    assert found.box == pytest.approx((0, 9.5 * 32, 2.5 * 32, 3.5 * 32))


def test_of_two_kinds_in_a_cell_the_likelier_one_is_there():
    both = (26, 5, 5, 7, 0.6, (2, 2, 2, 2)), (26, 5, 5, 9, 0.7, (2, 2, 2, 2))
    assert [each.label for each in decode(*both)] == ["kind 9"]


def test_the_best_come_first_and_no_more_than_asked_for():
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
    assert decode() == decode(quirks=True) == []


def test_toilets_are_found_but_not_by_human():
    assert [each.label for each in decode((13, 4, 4, 61, 0.9, (1, 1, 1, 1)))] == ["kind 61"]
    assert decode((13, 4, 4, 61, 0.9, (1, 1, 1, 1)), quirks=True) == []


def test_humans_record():
    """src/object/nanodet.ts, written out: 2.5 / 32 of a picture to a step, sizes and positions cut to 0..1 apart."""
    (found,) = decode((13, 0, 6, 3, 0.376, (2, 2, 2, 2)), size=(1000, 1000), quirks=True)
    x, y = 0.5 / 13 - 2 * 2.5 / 32, 6.5 / 13 - 2 * 2.5 / 32
    assert found.box_raw == pytest.approx((0, y, 4 * 2.5 / 32, 4 * 2.5 / 32))
    assert x < 0
    assert found.box == (0, 343, 312, 312)
    assert (found.id, found.score, found.class_) == (0, 0.38, 4)


@pytest.mark.parametrize(
    ("score", "least", "found"), [(0.2035, 0.2, True), (0.197, 0.2, False), (0.7035, 0.7, False), (0.7051, 0.7, True)]
)
def test_humans_threshold_is_for_rounded_scores(score, least, found):
    """0.2 is over 0.2, for it is 0.200000003 in float32; 0.7 is 0.699999988."""
    assert len(decode((13, 6, 6, 3, score, (2, 2, 2, 2)), quirks=True, min_confidence=least)) == found


def test_a_box_without_area_is_none():
    assert decode((13, 4, 4, 1, 0.9, (0, 1, 0, 1))) == []
    nowhere = outputs((13, 4, 4, 1, 0.9, (1, 1, 1, 1)))
    nowhere[3][:] = np.nan
    assert nanodet.decode(nowhere, FORM, labeled(80), (416, 416), ObjectConfig(), quirks=False) == []


@pytest.mark.parametrize("quirks", [False, True])
def test_a_kind_without_a_label_is_refused(quirks):
    with pytest.raises(ModelFormatError, match="nanodet gave kinds 60 to 60; its card has 60 labels"):
        decode((13, 4, 4, 60, 0.9, (1, 1, 1, 1)), labels=60, quirks=quirks)


def test_a_cell_is_read_once_for_all_its_kinds():
    """All pairs of cell and kind count: their distributions alone, 44 steps in float64, would be 100 MB."""
    found = outputs()
    for scores in found[:3]:
        scores[:] = 0.01
    tracemalloc.start()
    try:
        nanodet.decode(
            found, FORM, labeled(80), (416, 416), ObjectConfig(min_confidence=0, max_detected=1), quirks=False
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 90_000_000
