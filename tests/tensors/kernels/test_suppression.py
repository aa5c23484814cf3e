"""The expected indices are those of TF.js 4.22's nonMaxSuppressionAsync on the same numbers, or follow its rules."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from humanrt.errors import InputError
from humanrt.tensors import non_max_suppression
from humanrt.tensors.kernels.suppression import soft_non_max_suppression

BOXES = np.array(
    [[0, 0, 10, 10], [1, 1, 11, 11], [0, 0, 9.9, 10], [20, 20, 30, 30], [21, 20, 30, 30], [50, 50, 40, 40]], np.float32
)
SCORES = np.array([0.9, 0.95, 0.3, 0.5, 0.5, 0.25], np.float32)


@pytest.mark.parametrize(("iou_threshold", "expected"), [(0.1, [1, 3, 5]), (0.5, [1, 3, 5]), (0.9, [1, 0, 3, 5])])
def test_overlap(iou_threshold, expected):
    # At 0.9, box 4 overlaps box 3 by exactly 0.9 and box 2 overlaps box 0 by 0.99.
    chosen = non_max_suppression(BOXES, SCORES, 10, iou_threshold, 0.2)
    assert chosen.tolist() == expected
    assert chosen.dtype == np.int32


def test_limits():
    assert non_max_suppression(BOXES, SCORES, 1, 0.5, 0.2).tolist() == [1]
    assert non_max_suppression(BOXES, SCORES, 10, 0.5, 0.95).tolist() == []
    assert non_max_suppression(BOXES[:0], SCORES[:0], 10, 0.5, 0.2).tolist() == []


def test_a_score_at_the_threshold_is_ignored():
    assert non_max_suppression(BOXES, np.float32([0.5, 0, 0, 0, 0, 0]), 10, 0.5, 0.5).tolist() == []
    chosen, scores = soft_non_max_suppression(BOXES, SCORES, 10, 0.5, 0.5, 0.0)
    assert (chosen.tolist(), scores.tolist()) == ([1], [np.float32(0.95)])


def test_boxes_without_area_overlap_nothing():
    boxes = np.array([[5, 5, 5, 9], [5, 5, 5, 9]], np.float32)
    assert non_max_suppression(boxes, np.array([0.5, 0.6], np.float32), 10, 0.1, 0).tolist() == [1, 0]


def overlap(one, other):
    (ax, ay), (bx, by) = np.minimum(one[:2], one[2:]), np.maximum(one[:2], one[2:])
    (cx, cy), (dx, dy) = np.minimum(other[:2], other[2:]), np.maximum(other[:2], other[2:])
    inside = max(min(bx, dx) - max(ax, cx), 0) * max(min(by, dy) - max(ay, cy), 0)
    areas = (bx - ax) * (by - ay) + (dx - cx) * (dy - cy)
    return inside / (areas - inside) if inside else 0.0


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(0, 12), st.just(4)), elements=st.integers(0, 8)),
    st.integers(1, 12),
    st.sampled_from([0.05, 0.3, 0.55, 0.95]),
    st.data(),
)
def test_against_the_definition(boxes, limit, iou_threshold, data):
    scores = data.draw(hnp.arrays(np.float32, len(boxes), elements=st.sampled_from([0, 0.25, 0.5, 0.75, 1])))
    expected = []
    for index in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        clear = all(overlap(boxes[index], boxes[other]) < iou_threshold for other in expected)
        if clear and len(expected) < limit and scores[index] > 0.25:
            expected.append(index)
    assert non_max_suppression(boxes, scores, limit, iou_threshold, 0.25).tolist() == expected


def test_soft_suppression_of_the_paper(values):
    """Equal boxes overlap by 1: exp(-1 / (2 * 0.5)) of the second's score, and its square of the third's, is left."""
    boxes, scores = np.float32([[0, 0, 1, 1]] * 3), np.float32([0.9, 0.8, 0.7])
    chosen, final = values("image.non_max_suppression_with_score", boxes, scores, 3, 1.0, 0.0, 0.5)
    assert chosen.tolist() == [0]  # an overlap of iou_threshold suppresses
    boxes[1:, 2] = 0.99
    chosen, final = soft_non_max_suppression(boxes, scores, 3, 1.0, 0.0, 0.5)
    assert chosen.tolist() == [0, 1]
    assert final == pytest.approx([0.9, 0.8 * np.exp(-(0.99**2))])


def test_padding(values):
    for form in ("padded", "padded_async"):
        chosen, count = values(f"image.non_max_suppression_{form}", BOXES, SCORES, 5, 0.5, 0.2, True)
        assert (chosen.tolist(), count.tolist()) == ([1, 3, 5, 0, 0], 3)
        chosen, count = values(f"image.non_max_suppression_{form}", BOXES, SCORES, 2, 0.5, 0.2, True)
        assert (chosen.tolist(), count.tolist()) == ([1, 3], 2)


def test_what_does_not_fit(values):
    for form in ("with_score", "with_score_async"):
        with pytest.raises(InputError, match=r"soft_nms_sigma is -0\.5; accepted: 0 to 1"):
            values(f"image.non_max_suppression_{form}", BOXES, SCORES, 5, 0.5, 0.2, -0.5)
    for form in ("with_score", "padded"):
        with pytest.raises(InputError, match="iou_threshold is 2"):
            values(f"image.non_max_suppression_{form}", BOXES, SCORES, 5, 2)
