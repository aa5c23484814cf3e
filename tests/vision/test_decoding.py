import numpy as np
import pytest

from humanrt.vision.decoding import anchor_centers, round_half_up, sigmoid, softmax


def test_sigmoid_returns_probabilities_in_float32():
    logits = np.array([-2.0, 0.0, 2.0], np.float32)
    assert sigmoid(logits) == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-6)
    assert sigmoid(logits).dtype == np.float32


def test_sigmoid_does_not_overflow():
    assert sigmoid(np.array([-1e30, 1e30], np.float32)).tolist() == [0, 1]


def test_softmax_sums_to_one_along_an_axis_and_does_not_overflow():
    logits = np.array([[0.0, 1.0], [2.0, 3.0]], np.float32)
    for axis in (0, 1):
        powers = np.exp(logits)
        np.testing.assert_allclose(softmax(logits, axis), powers / powers.sum(axis, keepdims=True), rtol=1e-6)
    assert softmax(np.array([1e30, -1e30], np.float32), 0).tolist() == [1, 0]


def test_anchors_are_the_centres_of_the_cells_grid_by_grid():
    centers = anchor_centers(8, [(4, 2), (8, 1)])
    assert centers.tolist() == [[2, 2], [2, 2], [6, 2], [6, 2], [2, 6], [2, 6], [6, 6], [6, 6], [4, 4]]


def test_halves_are_rounded_up_as_by_math_round():
    assert round_half_up(np.array([0.5, 1.5, 2.5, -0.5, -1.5, -1.51])).tolist() == [1, 2, 3, 0, -1, -2]
