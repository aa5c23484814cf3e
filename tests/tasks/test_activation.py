import numpy as np
import pytest

from humanrt.tasks.activation import sigmoid


def test_the_sigmoid():
    logits = np.array([-2.0, 0.0, 2.0], np.float32)
    assert sigmoid(logits) == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-6)
    assert sigmoid(logits).dtype == np.float32


def test_it_does_not_overflow():
    assert sigmoid(np.array([-1e30, 1e30], np.float32)).tolist() == [0, 1]
