import numpy as np
import pytest

from humanrt.tensors import Registry


@pytest.fixture
def registry():
    """Accounts that the test must leave empty: a tensor that is still alive or was leaked fails it."""
    registry = Registry()
    yield registry
    assert registry.memory().baseline == (0, 0, 0, 0)
    registry.close()


@pytest.fixture
def four_floats():
    return np.arange(4, dtype=np.float32)
