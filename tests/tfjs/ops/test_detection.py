"""Non-maximum suppression against the textbook loop."""

import numpy as np
import pytest

from humanrt.errors import UnsupportedOpError


def suppress(boxes, scores, most, iou_threshold, score_threshold):
    kept = []
    for index in np.argsort(-scores, kind="stable"):
        if scores[index] <= score_threshold or len(kept) == most:
            break
        if all(overlap(boxes[index], boxes[other]) <= iou_threshold for other in kept):
            kept.append(index)
    return kept


def overlap(first, second):
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    shared = np.prod(np.maximum(high - low, 0))
    return shared / (np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2]) - shared)


@pytest.fixture
def detections(rng):
    corners = rng.uniform(0, 1, (60, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(0.05, 0.4, (60, 2))], 1).astype(np.float32)
    return boxes, rng.permutation(60).astype(np.float32) / 60


@pytest.mark.parametrize(("most", "iou", "score"), [(10, 0.3, 0.2), (100, 0.5, 0.0), (100, 0.1, 0.9), (0, 0.5, 0.0)])
def test_hard_suppression(evaluate, known, detections, most, iou, score):
    boxes, scores = detections
    expected = suppress(boxes, scores, most, iou, score)
    thresholds = known(most), known(iou), known(score)
    result = evaluate("NonMaxSuppressionV3", boxes, scores, *thresholds)
    assert result.dtype == np.int32
    np.testing.assert_array_equal(result, expected)
    indices, best = evaluate("NonMaxSuppressionV5", boxes, scores, *thresholds, known(0.0), outputs=2)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(best, scores[expected])


def test_soft_nms_is_not_supported(evaluate, known, detections):
    thresholds = known(10), known(0.5), known(0.1)
    with pytest.raises(UnsupportedOpError, match="Soft-NMS is not supported"):
        evaluate("NonMaxSuppressionV5", *detections, *thresholds, known(0.5))


@pytest.mark.parametrize("most", [0, 3, 40])
@pytest.mark.parametrize("padded", [True, False])
def test_suppression_to_a_fixed_size(evaluate, known, detections, most, padded):
    expected = suppress(*detections, most, 0.3, 0.2)
    thresholds = known(most), known(0.3), known(0.2)
    indices, count = evaluate("NonMaxSuppressionV4", *detections, *thresholds, outputs=2, pad_to_max_output_size=padded)
    filling = np.zeros(most - len(expected) if padded else 0, np.int32)
    np.testing.assert_array_equal(indices, np.concatenate([expected, filling]))
    assert count == len(expected)


def test_suppression_without_a_score_threshold(evaluate, known, detections):
    boxes, scores = detections
    result = evaluate("NonMaxSuppressionV2", boxes, scores - 2, known(10), known(0.3))
    np.testing.assert_array_equal(result, suppress(boxes, scores, 10, 0.3, -np.inf))
