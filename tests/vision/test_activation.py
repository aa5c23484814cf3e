import numpy as np
import pytest
from humanrt.vision.activation import sigmoid, softmax


def test_the_sigmoid():
    logits = np.array([-2.0, 0.0, 2.0], np.float32)
    assert sigmoid(logits) == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-6)
    assert sigmoid(logits).dtype == np.float32


def test_it_does_not_overflow():
    assert sigmoid(np.array([-1e30, 1e30], np.float32)).tolist() == [0, 1]


def test_the_softmax_along_an_axis():
    logits = np.array([[0.0, 1.0], [2.0, 3.0]], np.float32)
    for axis in (0, 1):
        powers = np.exp(logits)
        np.testing.assert_allclose(softmax(logits, axis), powers / powers.sum(axis, keepdims=True), rtol=1e-6)
    assert softmax(np.array([1e30, -1e30], np.float32), 0).tolist() == [1, 0]
